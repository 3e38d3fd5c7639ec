/**
 * The states searched, not sampled: every set of up to four pieces of evidence out of a small vocabulary that has every
 * kind of evidence in it. What is claimed of all sets is looked at in all of them.
 */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import { REFUND_STATES, advance, reservesAmount, statusOf } from '../../domain/refund/state.ts';
import {
  AMOUNT,
  absent,
  bounced,
  held,
  line,
  lost,
  paymentConfirmed,
  paymentMismatch,
  refused,
  report,
  started,
  toMerchant,
} from './observations.ts';

/** One of each kind of evidence, and a second where two may disagree. What people decide, and limits: see `ELSEWHERE`. */
const WORDS: readonly Observation[] = [
  started(1),
  started(2, 20),
  lost(1),
  held(1, 'short_balance'),
  held(2, 'rate_limited', 21),
  refused(1),
  refused(2, 21),
  absent(10),
  absent(40),
  absent(41, 5, 1),
  report('processing', 11),
  report('success', 12),
  report('closed', 13),
  report('abnormal', 14),
  report('success', 15, AMOUNT - 1n),
  toMerchant(),
  line('acceptance', 1),
  line('completion', 2),
  bounced(),
  paymentMismatch(1),
  paymentConfirmed(2),
];

const DEPTH = 4;

/** Every set of at most `DEPTH` words, with the state it has. */
function* sets(from = 0, chosen: readonly Observation[] = []): Generator<readonly Observation[]> {
  yield chosen;
  if (chosen.length === DEPTH) return;
  for (let index = from; index < WORDS.length; index += 1) {
    const word = WORDS[index];
    if (word !== undefined) yield* sets(index + 1, [...chosen, word]);
  }
}

function keysOf(set: readonly Observation[]): string {
  return set.map(observationKey).toSorted().join(' ');
}

const STATES = new Map([...sets()].map((set) => [keysOf(set), statusOf(AMOUNT, set)]));

function stateOf(set: readonly Observation[]): RefundState {
  const found = STATES.get(keysOf(set));
  if (found === undefined) throw new Error(`not searched: ${keysOf(set)}`);
  return found.state;
}

interface Step {
  readonly before: RefundState;
  readonly word: Observation;
  readonly after: RefundState;
  /** What was known before the word. */
  readonly set: readonly Observation[];
}

/** Every step from one set to a set with one more piece of evidence. */
function* steps(): Generator<Step> {
  for (const set of sets()) {
    if (set.length === DEPTH) continue;
    for (const word of WORDS) {
      const grown = advance(set, word);
      if (grown !== set) yield { before: stateOf(set), word, after: stateOf(grown), set };
    }
  }
}

/** All steps for which the claim does not hold, in a form that says what happened. */
function counterexamples(holds: (step: Step) => boolean): string[] {
  const found: string[] = [];
  for (const step of steps()) {
    if (holds(step)) continue;
    const { before, word, after, set } = step;
    found.push(`${before} + ${observationKey(word)} -> ${after} after ${keysOf(set)}`);
  }
  return found;
}

/** Evidence that carries a word of the channel about the refund itself, or of its statement. */
function tellsOfMoney(word: Observation): boolean {
  return word.kind === 'channel_report' || word.kind === 'statement_line' || word.kind === 'bounced';
}

describe('the search', () => {
  test('meets every state', () => {
    const met = new Set([...STATES.values()].map((status) => status.state));

    expect([...met].toSorted()).toEqual([...REFUND_STATES].toSorted());
  });

  test('has looked at all sets of up to four out of twenty-one', () => {
    expect(WORDS).toHaveLength(21);
    expect(STATES.size).toBe(1 + 21 + 210 + 1330 + 5985);
  });
});

describe('I4 I7: in every set of evidence', () => {
  const MONEY_LEFT: readonly RefundState[] = ['succeeded', 'settled', 'returned'];

  test('success appears only with a word of success, a line that proves it, or money that came back', () => {
    const unproven = [...sets()].filter((set) => {
      const proven = set.some(
        (one) =>
          (one.kind === 'channel_report' && one.status === 'success') ||
          (one.kind === 'statement_line' && one.proves !== 'acceptance') ||
          one.kind === 'bounced',
      );
      return !proven && MONEY_LEFT.includes(stateOf(set));
    });

    expect(unproven.map(keysOf)).toEqual([]);
  });

  test('failure appears only with a plain no, and never with an attempt that is open', () => {
    const unproven = [...sets()].filter((set) => {
      const no = set.some(
        (one) => one.kind === 'attempt_refused' || (one.kind === 'channel_report' && one.status === 'closed'),
      );
      return !no && stateOf(set) === 'failed';
    });

    expect(unproven.map(keysOf)).toEqual([]);
  });

  test('a contradiction is for a person: success with a closure, or another amount than asked for', () => {
    const overlooked = [...sets()].filter((set) => {
      const success = set.some((one) => one.kind === 'channel_report' && one.status === 'success');
      const closed = set.some((one) => one.kind === 'channel_report' && one.status === 'closed');
      const other = set.some((one) => 'amountMinor' in one && one.amountMinor !== AMOUNT.toString());
      return ((success && closed) || other) && stateOf(set) !== 'needs_action';
    });

    expect(overlooked.map(keysOf)).toEqual([]);
  });

  test('I2 the amount is free only with a plain no, and never together with a word that money left', () => {
    const freed = [...sets()].filter((set) => {
      const moved = set.some(
        (one) => tellsOfMoney(one) && !(one.kind === 'channel_report' && one.status === 'closed'),
      );
      const closed = set.some((one) => one.kind === 'channel_report' && one.status === 'closed');
      // A closure answers what was taken before: processing and abnormal end with it, success contradicts it.
      const answered =
        closed && !set.some((one) => one.kind === 'channel_report' && one.status === 'success');
      return moved && !answered && !reservesAmount(statusOf(AMOUNT, set));
    });

    expect(freed.map(keysOf)).toEqual([]);
  });
});

describe('I4: in every step from one piece of evidence to the next', () => {
  test('success is left only for settled, returned, or a contradiction', () => {
    const out = counterexamples(({ before, after }) =>
      before === 'succeeded' ? ['succeeded', 'settled', 'returned', 'needs_action'].includes(after) : true,
    );

    expect(out).toEqual([]);
  });

  test('settled is left only for returned or a contradiction', () => {
    const out = counterexamples(({ before, after }) =>
      before === 'settled' ? ['settled', 'returned', 'needs_action'].includes(after) : true,
    );

    expect(out).toEqual([]);
  });

  test('a failure is left only by a word about money, or a further attempt', () => {
    const out = counterexamples(
      ({ before, word, after }) =>
        before !== 'failed' || after === 'failed' || tellsOfMoney(word) || 'attempt' in word,
    );

    expect(out).toEqual([]);
  });

  test('processing is left by a word about money, or for a person when a plain no contradicts it', () => {
    const out = counterexamples(
      ({ before, word, after }) =>
        before !== 'processing' || after === 'processing' || after === 'needs_action' || tellsOfMoney(word),
    );

    expect(out).toEqual([]);
  });

  test('unknown becomes success or failure only by a plain word', () => {
    const out = counterexamples(
      ({ before, word, after }) =>
        before !== 'unknown' ||
        !['succeeded', 'settled', 'failed', 'returned'].includes(after) ||
        tellsOfMoney(word) ||
        word.kind === 'attempt_refused' ||
        word.kind === 'attempt_held' ||
        word.kind === 'channel_absent',
    );

    expect(out).toEqual([]);
  });
});

describe('I10: no deadline has a way in', () => {
  // By type: `statusOf` and `advance` take evidence and an amount. There is no kind of evidence for a time that passed.
  type Kinds = Observation['kind'];
  const KINDS: Readonly<
    Record<
      Kinds,
      'said by the channel' | 'done by us' | 'seen in a statement' | 'money moved' | 'decided by two people'
    >
  > = {
    attempt_started: 'done by us',
    attempt_unknown: 'done by us',
    attempt_held: 'said by the channel',
    attempt_refused: 'said by the channel',
    channel_report: 'said by the channel',
    channel_absent: 'said by the channel',
    statement_line: 'seen in a statement',
    bounced: 'money moved',
    payment_mismatch: 'said by the channel',
    payment_confirmed: 'said by the channel',
    resolved: 'decided by two people',
    released: 'decided by two people',
    redirect_started: 'decided by two people',
    fallback_approved: 'decided by two people',
    fallback_paid: 'decided by two people',
    redirect_ended: 'said by the channel',
    over_limit: 'done by us',
  };

  /** Searched in refund-decisions.test.ts and refund-ways-out.test.ts. */
  const ELSEWHERE: readonly Kinds[] = [
    ...(['resolved', 'released', 'redirect_started', 'redirect_ended'] as const),
    ...(['fallback_approved', 'fallback_paid', 'over_limit'] as const),
  ];

  test('there is no evidence that consists of time alone, and the search has all kinds there are', () => {
    const searched = new Set([...WORDS.map((word) => word.kind), ...ELSEWHERE]);

    expect([...searched].toSorted()).toEqual(Object.keys(KINDS).toSorted());
    expect(inputsOf(statusOf)).toBe(2);
    expect(inputsOf(advance)).toBe(2);
  });

  test('the state of a set never depends on when it is asked for, only on distances inside the evidence', () => {
    const year = 365 * 86_400_000;
    const changed = [...sets()].filter((set) => {
      const later = set.map((one) => ({ ...one, at: new Date(Date.parse(one.at) + year).toISOString() }));
      return statusOf(AMOUNT, later).state !== stateOf(set);
    });

    expect(changed.map(keysOf)).toEqual([]);
  });

  /** Learned late: the channel's word that it knows of no attempt is there already, and it is one too many. */
  const silentAlready = (set: readonly Observation[]): boolean =>
    set.some((one) => one.kind === 'channel_absent' && one.silentAttemptsMax !== undefined);

  test('what we did ourselves makes a refund unknown, or one attempt too many without a word, and nothing else', () => {
    const out = counterexamples(
      ({ before, word, after, set }) =>
        KINDS[word.kind] !== 'done by us' ||
        set.some(tellsOfMoney) ||
        before === after ||
        after === 'unknown' ||
        (after === 'needs_action' && silentAlready(set)),
    );

    expect(out).toEqual([]);
  });

  test('what we did ourselves never makes a refund fail', () => {
    const out = counterexamples(
      ({ before, word, after }) =>
        KINDS[word.kind] !== 'done by us' || before === after || after !== 'failed',
    );

    expect(out).toEqual([]);
  });
});

function inputsOf(rule: (...args: never[]) => unknown): number {
  return rule.length;
}
