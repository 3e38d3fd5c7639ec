/**
 * A refund's state as a pure, order-free function of its observations. Any order and any repetition of the same
 * evidence gives the same state; no clock is read here, so no deadline can ever change a money state.
 */
import { factsOf } from './facts.ts';
import type { HoldReason, Observation } from './observation.ts';
import { observationKey } from './observation.ts';

export type RefundState =
  | 'requested'
  | 'unknown'
  | 'processing'
  | 'succeeded'
  | 'settled'
  | 'needs_action'
  | 'failed'
  | 'returned';

/** Why a person must act, or why the channel said no. Null where the state says it all. */
export type StateReason =
  | HoldReason
  | 'abnormal'
  | 'amount_mismatch'
  | 'conflict_of_evidence'
  | 'payment_mismatch'
  | 'closed'
  | 'refused'
  /** Two people decided, on proof from outside, that it was never paid. */
  | 'decided_not_paid'
  /** Over a limit of the merchant's: two people release it. */
  | 'over_limit'
  /** The payer is to be paid another way, and is not yet. */
  | 'fallback_approved'
  /** The payer was paid another way. */
  | 'paid_otherwise'
  | null;

export interface RefundStatus {
  readonly state: RefundState;
  readonly reason: StateReason;
}

/** Every state, in the order in which a refund meets them. */
export const REFUND_STATES = [
  'requested',
  'unknown',
  'processing',
  'succeeded',
  'settled',
  'needs_action',
  'failed',
  'returned',
] as const satisfies readonly RefundState[];

/** The channel has had its final word; the refund's workflow may end. */
export function isFinal(state: RefundState): boolean {
  return state === 'succeeded' || state === 'settled' || state === 'failed' || state === 'returned';
}

/**
 * Whether the amount counts against what is left of the payment: everything that has not failed in plain words, and what
 * failed and is paid another way.
 */
export function reservesAmount({ state, reason }: RefundStatus): boolean {
  return state !== 'failed' || isPaidOtherwise(reason);
}

/** The payer is paid, or to be paid, outside of the channel. */
function isPaidOtherwise(reason: StateReason): boolean {
  return isOwedOtherwise(reason) || reason === 'paid_otherwise';
}

/** Two people let the payer be paid outside of the channel, and nobody has said that it was done. */
export function isOwedOtherwise(reason: StateReason): boolean {
  return reason === 'fallback_approved';
}

/**
 * Adds one observation and says where the refund stands.
 * `advance(advance(s, a), b)` equals `advance(advance(s, b), a)`; adding the same evidence again changes nothing.
 */
export function advance(known: readonly Observation[], observation: Observation): readonly Observation[] {
  const key = observationKey(observation);
  return known.some((one) => observationKey(one) === key) ? known : [...known, observation];
}

/**
 * Where a refund of `amountMinor` stands, given everything that was ever observed about it.
 * The rules are read from the top; the first that holds decides.
 */
export function statusOf(amountMinor: bigint, observations: readonly Observation[]): RefundStatus {
  const facts = factsOf(amountMinor, observations);

  // Evidence that contradicts itself is a person's business, whatever else is known.
  if (facts.amountDiffers) return { state: 'needs_action', reason: 'amount_mismatch' };
  if (facts.orderDiffers && !facts.decidedNotPaid)
    return { state: 'needs_action', reason: 'payment_mismatch' };
  if (facts.success && (facts.closed || facts.refusedForGood || facts.decidedNotPaid)) {
    return { state: 'needs_action', reason: 'conflict_of_evidence' };
  }
  if (facts.returned) return { state: 'returned', reason: facts.fallback };
  if (facts.fallback !== null) {
    return facts.success || facts.movedSince
      ? { state: 'needs_action', reason: 'conflict_of_evidence' }
      : { state: 'failed', reason: facts.fallback };
  }
  if (facts.success) return { state: facts.lineSeen ? 'settled' : 'succeeded', reason: null };

  if (facts.decidedNotPaid) {
    return facts.movedSince
      ? { state: 'needs_action', reason: 'conflict_of_evidence' }
      : { state: 'failed', reason: 'decided_not_paid' };
  }

  // The channel's plain words about a refund that it knows.
  if (facts.closed) return { state: 'failed', reason: 'closed' };
  if (facts.abnormal) return { state: 'needs_action', reason: 'abnormal' };
  if (facts.known && facts.refusedForGood) return { state: 'needs_action', reason: 'conflict_of_evidence' };
  // Taken before, and turned away for now: the channel's documents say to send the same number again later.
  if (facts.undone) return { state: 'needs_action', reason: 'try_later' };
  if (facts.known) return { state: 'processing', reason: null };

  // Nothing certain from the channel: an attempt without a trustworthy answer keeps every other question open.
  if (facts.openAttempt) return { state: 'unknown', reason: null };
  if (facts.refusedForGood) return { state: 'failed', reason: 'refused' };
  if (facts.overLimit) return { state: 'needs_action', reason: 'over_limit' };
  if (facts.paymentMismatch) return { state: 'needs_action', reason: 'payment_mismatch' };
  if (facts.silent) return { state: 'needs_action', reason: 'channel_silent' };
  if (facts.held !== undefined && facts.held.reason !== 'rate_limited') {
    return { state: 'needs_action', reason: facts.held.reason };
  }
  return { state: 'requested', reason: null };
}
