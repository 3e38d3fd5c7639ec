/** What to do about a break, and why: a suggestion of rules, for people to follow or not. Nothing is done by it. */
import { assertNever } from '../errors.ts';
import type { RefundState } from '../refund/state.ts';
import type { PlainDate } from '../time/plain-date.ts';
import { beijingDateOf } from '../time/plain-date.ts';
import type { BreakKind } from './break.ts';
import type { BreakRules, ForceMatchCode, ResolveCode, WriteOffCode } from './break-work.ts';
import { BREAK_RULES, atStakeMinor, mayWriteOff } from './break-work.ts';
import type { KeyAgreements } from './sides.ts';
import { couldBeOne } from './sides.ts';

/** The other side that a break could have: a refund for a line, a line (a break of its own) for a refund. */
export interface Candidate {
  readonly refundNo: string;
  /** The break that is about the line: the one at hand, or the other one where this one is about the refund. */
  readonly breakId: string;
  readonly keys: KeyAgreements;
  /** Whether a line of a statement has this refund already. */
  readonly taken: boolean;
}

export interface BreakFacts {
  readonly kind: BreakKind;
  readonly amountMinor: bigint | null;
  readonly expectedMinor: bigint | null;
  /** Of the refund that it names; null where it names none. */
  readonly refund: { readonly state: RefundState; readonly promiseAt: Date | null } | null;
  readonly candidates: readonly Candidate[];
  /** The refund that a line names and contradicts in a number (`number_differs`); it is not among the candidates. */
  readonly named?: Candidate | null;
  /** Whether it is about a movement of the account or a correction: such a line can be given to no refund. */
  readonly movement?: boolean;
  readonly now: Date;
}

export type Suggestion = { readonly why: string } & (
  | {
      readonly act: 'force_match';
      readonly breakId: string;
      readonly refundNo: string;
      readonly code: ForceMatchCode;
    }
  | { readonly act: 'write_off'; readonly code: WriteOffCode }
  | { readonly act: 'resolve'; readonly code: ResolveCode }
  | { readonly act: 'wait'; readonly until: PlainDate }
  | { readonly act: 'ask_channel' }
  /** No rule knows better than a person. */
  | { readonly act: 'look' }
);

export const SUGGESTED_ACTS = ['force_match', 'write_off', 'resolve', 'wait', 'ask_channel', 'look'] as const;

export function suggestionFor(facts: BreakFacts, rules: BreakRules = BREAK_RULES): Suggestion {
  if (facts.movement === true) return MOVEMENT;
  switch (facts.kind) {
    case 'missing_in_books':
      return onlyFit(facts, CONSOLE);
    case 'ambiguous':
      return onlyFit(facts, { act: 'look', why: 'More than one refund of ours could be this line.' });
    case 'duplicate_line':
      return onlyFit(facts, {
        act: 'resolve',
        code: 'printed_twice',
        why: 'The line prints again what another line has, and no other refund of ours fits it.',
      });
    case 'missing_at_channel':
      return onlyFit(facts, missingLine(facts));
    case 'amount_differs':
      return difference(facts, 'rounding', rules);
    case 'number_differs':
      return contradiction(facts);
    case 'fee_differs':
      return difference(facts, 'fee', rules);
    case 'state_conflict':
      return conflict(facts);
    case 'returned':
      return returned(facts);
    case 'missing_in_fund_flow':
      return {
        act: 'ask_channel',
        why: 'The statement says that it was refunded, and days later no money has left the account for it.',
      };
    case 'missing_in_trade':
      return {
        act: 'ask_channel',
        why: 'Money has left the account for a refund that the statement does not show: ask for the statement again, and for this movement.',
      };
    case 'late':
      return { act: 'resolve', code: 'reviewed', why: 'The money moved, only later than it should.' };
    default:
      return assertNever(facts.kind);
  }
}

const CONSOLE: Suggestion = {
  act: 'look',
  why: "No refund of ours fits: look in the channel's console who made it; two people may write it off as made_in_console.",
};

const MOVEMENT: Suggestion = {
  act: 'look',
  why: 'It is a movement of the account or a correction: it follows the refund line of the statement and can be given to no refund. Look who moved the money; two people may write it off.',
};

/** Where exactly one other side fits, it is this one; where several do, nobody guesses. */
function onlyFit(facts: BreakFacts, otherwise: Suggestion): Suggestion {
  const fits = facts.candidates.filter((one) => !one.taken && couldBeOne(one.keys));
  const [only, ...others] = fits;
  if (only === undefined) return otherwise;
  if (others.length > 0)
    return { act: 'look', why: `${String(fits.length)} fit equally: people know which it is.` };
  const { breakId, refundNo, keys } = only;
  return { act: 'force_match', breakId, refundNo, ...fitReason(keys, facts.kind) };
}

function fitReason(keys: KeyAgreements, kind: BreakKind): { code: ForceMatchCode; why: string } {
  const slip = (['channel_refund_no', 'refund_no', 'transaction_id'] as const).find(
    (key) => keys[key] === 'close',
  );
  if (slip !== undefined)
    return {
      code: 'number_mistyped',
      why: `The amount is the same, and the ${slip} differs by one slip of the hand.`,
    };
  if (kind === 'ambiguous')
    return {
      code: 'candidate_chosen',
      why: 'Of the refunds that could be it, one is left that no line has.',
    };
  return { code: 'number_missing', why: 'Transaction and amount fit exactly one refund.' };
}

function missingLine({ refund, now }: BreakFacts): Suggestion {
  const until = refund?.promiseAt ?? null;
  if (until !== null && until > now)
    return {
      act: 'wait',
      until: beijingDateOf(until),
      why: 'The window in which the money arrives is still open.',
    };
  return {
    act: 'ask_channel',
    why: 'The window is over, and no statement has it: ask the channel by its numbers.',
  };
}

function difference(facts: BreakFacts, code: 'rounding' | 'fee', rules: BreakRules): Suggestion {
  if (atStakeMinor(facts) > 0n && mayWriteOff(facts, code, rules))
    return { act: 'write_off', code, why: `The difference is within what may be written off as ${code}.` };
  return { act: 'ask_channel', why: 'The amounts differ by more than a rule explains.' };
}

/** Numbers in which a line can contradict the refund that another number names. */
const CONTRADICTING = ['channel_refund_no', 'transaction_id', 'payment_no'] as const;

/** Whose line it is, people say; the channel knows where no slip explains the difference. */
function contradiction({ named = null, candidates }: BreakFacts): Suggestion {
  if (named === null) return { act: 'look', why: 'A number of the line contradicts our refund.' };
  const { keys, breakId, refundNo, taken } = named;
  const off = CONTRADICTING.filter((key) => keys[key] === 'differs' || keys[key] === 'close');
  const said = off.join(' and ');
  const other = candidates.find((one) => one.keys.channel_refund_no === 'agrees');
  if (other !== undefined)
    return {
      act: 'look',
      why: `By ${said} the line is our refund ${other.refundNo}: people know which of the two it is.`,
    };
  const fits = !taken && keys.amount === 'agrees' && keys.time !== 'differs';
  if (fits && off.length > 0 && off.every((key) => keys[key] === 'close'))
    return {
      ...{ act: 'force_match', breakId, refundNo, code: 'number_mistyped' },
      why: `It is the refund by its other numbers and its amount, and ${said} differs by one slip of the hand.`,
    };
  const channelAgrees = keys.channel_refund_no === 'agrees' || keys.transaction_id === 'agrees';
  if (fits && channelAgrees && said === 'payment_no')
    return {
      ...{ act: 'force_match', breakId, refundNo, code: 'number_mistyped' },
      why: "The channel's own numbers agree, and only our number of the payment does not.",
    };
  return {
    act: 'ask_channel',
    why: `The line has a number of the refund and another ${said}: ask the channel which payment it gave back. Until then it proves nothing.`,
  };
}

function conflict({ refund }: BreakFacts): Suggestion {
  if (refund?.state === 'succeeded' || refund?.state === 'settled')
    return {
      act: 'resolve',
      code: 'reviewed',
      why: `The evidence has moved the refund on since: it is ${refund.state}.`,
    };
  return { act: 'look', why: 'Line and books still contradict each other about what happened.' };
}

function returned({ refund }: BreakFacts): Suggestion {
  if (refund?.state === 'returned')
    return {
      act: 'look',
      why: 'The payer does not have the money: pay them another way (approvals fallback).',
    };
  return { act: 'look', why: 'A correction names the refund, and nothing says yet that it came back.' };
}
