/**
 * Rules by which breaks end by themselves: a kind, up to an amount, after an age, for a reason. There are none unless some are
 * imported, and none may do more than one person may alone.
 */
import type { BusinessCalendar } from '../time/china-calendar.ts';
import type { PlainDate } from '../time/plain-date.ts';
import { addDays, beijingInstant } from '../time/plain-date.ts';
import type { BreakKind } from './break.ts';
import type { BreakRules, ResolveCode, WriteOffCode } from './break-work.ts';
import { WRITE_OFF_CODES } from './break-work.ts';

/**
 * What may end by itself, and for which reasons. The kinds that are not here ask a question that only people can answer, whatever
 * the amount: whose line it is, and whether the payer has the money.
 */
export const ENDING_BY_THEMSELVES = {
  amount_differs: ['rounding', 'fee', 'not_worth_pursuing'],
  fee_differs: ['rounding', 'fee', 'not_worth_pursuing'],
  duplicate_line: ['printed_twice'],
  late: ['reviewed'],
  missing_in_books: ['not_worth_pursuing'],
  missing_at_channel: ['not_worth_pursuing'],
  missing_in_fund_flow: ['not_worth_pursuing'],
  missing_in_trade: ['not_worth_pursuing'],
} as const satisfies Partial<Record<BreakKind, readonly (ResolveCode | WriteOffCode)[]>>;

export type EndingKind = keyof typeof ENDING_BY_THEMSELVES;
export const ENDING_KINDS = Object.keys(ENDING_BY_THEMSELVES) as readonly EndingKind[];

export type EndingCode = (typeof ENDING_BY_THEMSELVES)[EndingKind][number];
export const ENDING_CODES: readonly EndingCode[] = [
  ...(['rounding', 'fee', 'not_worth_pursuing', 'printed_twice', 'reviewed'] as const),
];

export interface ResolvingRule {
  /** Its name within the revision; it stands in the history of what it ended. */
  readonly rule: string;
  readonly kind: EndingKind;
  /** With this much at stake at most, minor units. */
  readonly maxMinor: bigint;
  /** Business days since the break was opened; 0: at once. */
  readonly afterBusinessDays: number;
  readonly code: EndingCode;
}

export const RESOLVING_RULES_MAX = 50;

/** What is wrong with the rules among the others of their revision, a sentence each. */
export function faultsOfResolving(rules: BreakRules): readonly string[] {
  const seen = new Set<string>();
  return rules.resolveByItself.flatMap((one) => {
    const faults: string[] = [];
    if (seen.has(one.rule)) faults.push('is named twice');
    seen.add(one.rule);
    const codes: readonly string[] = ENDING_BY_THEMSELVES[one.kind];
    if (!codes.includes(one.code)) faults.push(`${one.kind} ends by itself as ${codes.join(' or ')} only`);
    if (one.maxMinor > rules.resolveAloneMaxMinor)
      faults.push(`max_minor is above resolve_alone_max_minor ${rules.resolveAloneMaxMinor.toString()}`);
    const writeOff = WRITE_OFF_CODES.find((code) => code === one.code);
    const max = writeOff === undefined ? null : rules.writeOffMaxMinor[writeOff];
    if (max !== null && one.maxMinor > max)
      faults.push(`max_minor is above write_off_max_minor.${one.code} ${max.toString()}`);
    return faults.map((fault) => `resolve_by_itself ${one.rule}: ${fault}`);
  });
}

/** Breaks that were opened before this instant are old enough. */
export function openedBefore(
  { afterBusinessDays }: Pick<ResolvingRule, 'afterBusinessDays'>,
  today: PlainDate,
  calendar: BusinessCalendar,
): Date {
  let opened = today;
  // A holiday is over within two weeks, so this ends.
  while (calendar.businessDaysBetween(opened, today) < afterBusinessDays) opened = addDays(opened, -1);
  return beijingInstant(addDays(opened, 1));
}
