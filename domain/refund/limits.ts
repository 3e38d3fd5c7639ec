/** Limits of the merchant's own, above which a refund waits for two people: a slip of a digit, a stolen key, a storm. */
import type { RefundLimit } from './observation.ts';

/** Null: no such limit. Each merchant has these for itself. */
export interface ReleaseLimits {
  /** Most that one refund may give back without two people, minor units. */
  readonly refundMinor: bigint | null;
  /** Most refunds in any hour, and their sum in minor units. */
  readonly hourlyRefunds: number | null;
  readonly hourlyMinor: bigint | null;
}

export const NO_LIMITS: ReleaseLimits = { refundMinor: null, hourlyRefunds: null, hourlyMinor: null };

/** What a merchant asked for in the hour that ends now, this refund included. */
export interface HourSoFar {
  readonly refunds: number;
  readonly minor: bigint;
}

export const HOUR_MS = 3_600_000;

/** Whether the hour has to be looked at. */
export function countsHours(limits: ReleaseLimits): boolean {
  return limits.hourlyRefunds !== null || limits.hourlyMinor !== null;
}

/** The limits that a refund of `amountMinor` is over. */
export function limitsExceeded(limits: ReleaseLimits, amountMinor: bigint, hour: HourSoFar): RefundLimit[] {
  const over: RefundLimit[] = [];
  if (limits.refundMinor !== null && amountMinor > limits.refundMinor) over.push('refund_minor');
  if (limits.hourlyRefunds !== null && hour.refunds > limits.hourlyRefunds) over.push('hourly_refunds');
  if (limits.hourlyMinor !== null && hour.minor > limits.hourlyMinor) over.push('hourly_minor');
  return over;
}
