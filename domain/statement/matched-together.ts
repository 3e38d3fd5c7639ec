/**
 * One line for several refunds, or several lines for one: matched by two people where no number says so. The sums agree to the fen,
 * or what is over is explained by a reason, within the limit that the reason has for differences that are left as they are.
 */
import type { BreakRules, WriteOffCode } from './break-work.ts';

/** Why lines and refunds may differ: a part of the reasons of a write-off, with the same limits. */
export const REMAINDER_CODES = [
  ...(['rounding', 'fee', 'not_worth_pursuing', 'channel_error'] as const),
] satisfies readonly WriteOffCode[];
export type RemainderCode = (typeof REMAINDER_CODES)[number];

export interface TogetherSums {
  /** Amounts of the lines and of the refunds, minor units. */
  readonly lines: readonly bigint[];
  readonly refunds: readonly bigint[];
}

/** How much more the lines say than the refunds; below zero: less. Minor units. */
export function remainderMinor({ lines, refunds }: TogetherSums): bigint {
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, one) => total + one, 0n);
  return sum(lines) - sum(refunds);
}

/** In words, why these amounts are no match of several; null when they are one. */
export function togetherRefused(
  sums: TogetherSums,
  code: RemainderCode | undefined,
  rules: BreakRules,
): string | null {
  const { lines, refunds } = sums;
  const isOneToMany = lines.length === 1 && refunds.length > 1;
  const isManyToOne = lines.length > 1 && refunds.length === 1;
  if (!isOneToMany && !isManyToOne) return 'it is neither one line for several refunds nor several for one';
  const over = remainderMinor(sums);
  if (over === 0n) return code === undefined ? null : 'the sums agree, and nothing is over to be explained';
  if (code === undefined) return `the lines are ${over.toString()} minor units more than the refunds`;
  const max = rules.writeOffMaxMinor[code];
  const size = over < 0n ? -over : over;
  return max === null || size <= max ? null : `more is over than ${code} explains: ${over.toString()}`;
}
