/**
 * What people do with a break. One person takes it, puts it off, says something of it, or ends it where little is at stake;
 * two people give a line to a refund, write a difference off, or open again what people have ended. None of it changes what is
 * known of a refund: that takes evidence.
 */
import type { PlainDate } from '../time/plain-date.ts';
import { addDays } from '../time/plain-date.ts';
import type { BreakKind } from './break.ts';
import type { ResolvingRule } from './resolving-rule.ts';

/**
 * What happened to a break. The last five are nobody's deeds: `resolved_by_rule` of the rules file; `closed` by evidence;
 * `answered`, the line came after all, when people had ended it; `carried` to a newer delivery of the day with its line; `lapsed`,
 * what people decided about a line that the newer delivery does not have.
 */
export const BREAK_EVENTS = [
  'assigned',
  'released',
  'parked',
  'unparked',
  'commented',
  'resolved',
  'written_off',
  'force_matched',
  'matched_together',
  'reopened',
  'resolved_by_rule',
  'closed',
  'answered',
  'carried',
  'lapsed',
] as const;
export type BreakEventKind = (typeof BREAK_EVENTS)[number];

/** How people, and the rules that they imported, end a break, as its `closed_reason`: evidence alone would have left it open. */
export const ENDED_BY_DECISION = [
  'resolved',
  'written_off',
  'force_matched',
  'matched_together',
  'resolved_by_rule',
] as const;

/** Why a break is put off. */
export const PARK_CODES = [
  'asked_the_channel',
  'asked_the_bank',
  'awaiting_statement',
  'awaiting_merchant',
] as const;
export type ParkCode = (typeof PARK_CODES)[number];

/** How a break ended that needed nothing more. */
export const RESOLVE_CODES = [
  /** Looked into: the evidence says what happened, and nothing is missing. */
  'reviewed',
  /** The channel prints one refund twice; its money moved once. */
  'printed_twice',
  'put_right_at_channel',
  'put_right_in_books',
  /** What came back has reached the payer another way. */
  'paid_otherwise',
] as const;
export type ResolveCode = (typeof RESOLVE_CODES)[number];

/** Why a line belongs to a refund that no number of its names. */
export const FORCE_MATCH_CODES = [
  'number_mistyped',
  'number_missing',
  /** Several refunds could be the line's; people know which one is. */
  'candidate_chosen',
] as const;
export type ForceMatchCode = (typeof FORCE_MATCH_CODES)[number];

/** Why a difference is left as it is. */
export const WRITE_OFF_CODES = [
  'rounding',
  'fee',
  'not_worth_pursuing',
  'channel_error',
  /** Made by hand in the channel's console: the money is explained, and no refund of ours. */
  'made_in_console',
] as const;
export type WriteOffCode = (typeof WRITE_OFF_CODES)[number];

export interface BreakRules {
  /** Which they are; 0 for those that the version brings along. */
  readonly revision: number;
  /** Who said so. */
  readonly source: string;
  /** One person may end a break alone with this much at stake, minor units. */
  readonly resolveAloneMaxMinor: bigint;
  /** Two people may write this much off, minor units; null: any amount, since the reason explains it. */
  readonly writeOffMaxMinor: Readonly<Record<WriteOffCode, bigint | null>>;
  /** How far ahead a break may be put off, calendar days. */
  readonly parkDaysMax: number;
  /** How far line and refund may be apart where only transaction and amount name the refund. */
  readonly matchWindowHours: number;
  /** A line dated longer than this before its refund was asked for contradicts the books. */
  readonly datedBeforeMaxHours: number;
  /** Which breaks end without a person. */
  readonly resolveByItself: readonly ResolvingRule[];
}

/** Limits by reason from their texts, minor units; a reason that has none is left open. */
export function writeOffLimits(
  texts: Readonly<Record<string, string | null>>,
): BreakRules['writeOffMaxMinor'] {
  const limits = WRITE_OFF_CODES.map((code) => {
    const max = texts[code] ?? null;
    return [code, max === null ? null : BigInt(max)];
  });
  return Object.fromEntries(limits) as Record<WriteOffCode, bigint | null>;
}

/** Those that count where none were imported. */
export const BREAK_RULES: BreakRules = {
  revision: 0,
  source: 'as this version brings them along',
  resolveAloneMaxMinor: 20_000n,
  writeOffMaxMinor: {
    rounding: 100n,
    fee: 100_000n,
    not_worth_pursuing: 50_000n,
    channel_error: 500_000n,
    made_in_console: null,
  },
  parkDaysMax: 60,
  // A bill is compared with the days beside it, and a held refund may be accepted a day later.
  matchWindowHours: 72,
  datedBeforeMaxHours: 24,
  resolveByItself: [],
};

/** What the amounts of a break say. */
export interface Sums {
  readonly kind: BreakKind;
  readonly amountMinor: bigint | null;
  readonly expectedMinor: bigint | null;
}

/** Kinds that ask a question about money which is accounted for. */
const QUESTIONS: ReadonlySet<BreakKind> = new Set(['state_conflict', 'returned', 'late']);

/** How much money a break leaves unexplained, minor units: the difference where there is one, else all of it. */
export function atStakeMinor({ kind, amountMinor, expectedMinor }: Sums): bigint {
  if (QUESTIONS.has(kind)) return 0n;
  const [line, books] = [amountMinor ?? 0n, expectedMinor ?? 0n];
  if (kind !== 'amount_differs' && kind !== 'fee_differs') return line > books ? line : books;
  return line > books ? line - books : books - line;
}

/** Whether one person may end it, or it takes two. */
export function mayResolveAlone(one: Sums, rules: BreakRules = BREAK_RULES): boolean {
  return atStakeMinor(one) <= rules.resolveAloneMaxMinor;
}

/** Whether two people may write it off for this reason. */
export function mayWriteOff(one: Sums, code: WriteOffCode, rules: BreakRules = BREAK_RULES): boolean {
  const max = rules.writeOffMaxMinor[code];
  return max === null || atStakeMinor(one) <= max;
}

/** Whether a break may be put off until this day: a later one than today, and not out of sight. */
export function mayParkUntil(until: PlainDate, today: PlainDate, rules: BreakRules = BREAK_RULES): boolean {
  return until > today && until <= addDays(today, rules.parkDaysMax);
}

/** Whether nobody needs to look at it today. */
export function isParked(parkedUntil: PlainDate | null, today: PlainDate): boolean {
  return parkedUntil !== null && parkedUntil > today;
}

/** Kinds whose line belongs to nobody yet: only these can be given to a refund. */
export const LOOSE_KINDS: readonly BreakKind[] = [
  'missing_in_books',
  'ambiguous',
  'duplicate_line',
  'number_differs',
];
