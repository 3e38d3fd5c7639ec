/**
 * A refund's state as a pure, order-free function of its observations. Any order and any repetition of the same
 * evidence gives the same state; no clock is read here, so no deadline can ever change a money state.
 */
import { hasOpenAttempt, lastHold, silentForTooLong } from './attempts.ts';
import type { AttemptHeld, HoldReason, Observation } from './observation.ts';
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

/** Whether the amount counts against what is left of the payment: everything that has not failed in plain words. */
export function reservesAmount(state: RefundState): boolean {
  return state !== 'failed';
}

/**
 * Adds one observation and says where the refund stands.
 * `advance(advance(s, a), b)` equals `advance(advance(s, b), a)`; adding the same evidence again changes nothing.
 */
export function advance(known: readonly Observation[], observation: Observation): readonly Observation[] {
  const key = observationKey(observation);
  return known.some((one) => observationKey(one) === key) ? known : [...known, observation];
}

/** The facts that decide, gathered without regard to order. */
interface Facts {
  readonly success: boolean;
  readonly closed: boolean;
  readonly abnormal: boolean;
  readonly known: boolean;
  /** The channel said that it did nothing under a number that it had taken before. */
  readonly undone: boolean;
  readonly lineSeen: boolean;
  readonly bounced: boolean;
  readonly amountDiffers: boolean;
  /** Refused in plain words, and no other attempt that the channel could have taken: the refund had failed. */
  readonly refusedForGood: boolean;
  readonly openAttempt: boolean;
  /** As many attempts as the channel's limit allows have ended without a word, and it knows of none of them. */
  readonly silent: boolean;
  readonly held: AttemptHeld | undefined;
  readonly paymentMismatch: boolean;
  /** A notice about this refund names another order than the books. */
  readonly orderDiffers: boolean;
  readonly decidedNotPaid: boolean;
  /** It was sent, or the channel spoke of it, after that was decided. */
  readonly movedSince: boolean;
}

/**
 * Where a refund of `amountMinor` stands, given everything that was ever observed about it.
 * The rules are read from the top; the first that holds decides.
 */
export function statusOf(amountMinor: bigint, observations: readonly Observation[]): RefundStatus {
  const facts = withDecisions(amountMinor, observations);

  // Evidence that contradicts itself is a person's business, whatever else is known.
  if (facts.amountDiffers) return { state: 'needs_action', reason: 'amount_mismatch' };
  if (facts.orderDiffers && !facts.decidedNotPaid)
    return { state: 'needs_action', reason: 'payment_mismatch' };
  if (facts.success && (facts.closed || facts.refusedForGood || facts.decidedNotPaid)) {
    return { state: 'needs_action', reason: 'conflict_of_evidence' };
  }
  if (facts.bounced) return { state: 'returned', reason: null };
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
  if (facts.paymentMismatch) return { state: 'needs_action', reason: 'payment_mismatch' };
  if (facts.silent) return { state: 'needs_action', reason: 'channel_silent' };
  if (facts.held !== undefined && facts.held.reason !== 'rate_limited') {
    return { state: 'needs_action', reason: facts.held.reason };
  }
  return { state: 'requested', reason: null };
}

/**
 * The facts, with what two people decided about them. `paid` answers all that they had before them: contradictions, other
 * amounts, earlier decisions. `not_paid` answers questions only: it is a contradiction where anything says that it was
 * paid, an earlier decision included, so success never becomes failure (I4).
 */
function withDecisions(amountMinor: bigint, observations: readonly Observation[]): Facts {
  const decisions = observations.filter((one) => one.kind === 'resolved');
  const paid = decisions.filter(({ as }) => as === 'paid');
  const answered = new Set(paid.flatMap(({ knew }) => knew));
  const open = observations.filter((one) => !answered.has(observationKey(one)));
  const facts = gather(amountMinor, open);
  const notPaid = decisions.filter((one) => one.as === 'not_paid' && open.includes(one));
  const weighed = new Set(notPaid.flatMap(({ knew }) => knew));
  const agreeing = observations.some(
    (one) => one.kind === 'statement_line' && BigInt(one.amountMinor) === amountMinor,
  );
  return {
    ...facts,
    success: facts.success || paid.length > 0,
    lineSeen: facts.lineSeen || agreeing,
    decidedNotPaid: notPaid.length > 0,
    movedSince: open.some((one) => isMovement(one) && !weighed.has(observationKey(one))),
  };
}

function isMovement(one: Observation): boolean {
  if (one.kind === 'channel_report') return one.status !== 'closed';
  return one.kind === 'attempt_started' || one.kind === 'statement_line';
}

function gather(amountMinor: bigint, observations: readonly Observation[]): Facts {
  const reports = observations.filter((one) => one.kind === 'channel_report');
  const lines = observations.filter((one) => one.kind === 'statement_line');
  const openAttempt = hasOpenAttempt(observations);
  const contradicted = observations.flatMap((one) =>
    one.kind === 'payment_mismatch' && one.code !== undefined ? one.fields : [],
  );
  const stated = [...reports.map((one) => one.amountMinor), ...lines.map((one) => one.amountMinor)];
  return {
    success:
      reports.some((one) => one.status === 'success') || lines.some((one) => one.proves !== 'acceptance'),
    closed: reports.some((one) => one.status === 'closed'),
    abnormal: reports.some((one) => one.status === 'abnormal'),
    known: reports.length > 0 || lines.length > 0,
    undone: lines.length === 0 && reports.length > 0 && notDoneAt(observations) > latest(reports),
    lineSeen: lines.length > 0,
    bounced: observations.some((one) => one.kind === 'bounced'),
    amountDiffers:
      contradicted.some((field) => field.endsWith('_minor')) ||
      reports.some((one) => one.bankAmountMinor !== undefined && BigInt(one.bankAmountMinor) > amountMinor) ||
      stated.some((minor) => minor !== undefined && BigInt(minor) !== amountMinor) ||
      reports.some(
        (one) => one.refundedSoFarMinor !== undefined && BigInt(one.refundedSoFarMinor) < amountMinor,
      ),
    refusedForGood: !openAttempt && observations.some((one) => one.kind === 'attempt_refused'),
    openAttempt,
    silent: !openAttempt && silentForTooLong(observations),
    held: lastHold(observations),
    orderDiffers: contradicted.length > 0,
    paymentMismatch: latestPaymentWord(observations) === 'payment_mismatch',
    decidedNotPaid: false,
    movedSince: false,
  };
}

/** When the channel last said that it did nothing under this number; never, where it did not say so. */
function notDoneAt(observations: readonly Observation[]): number {
  return latest(observations.filter((one) => one.kind === 'channel_absent' && one.notDone !== undefined));
}

function latest(observations: readonly Observation[]): number {
  return Math.max(...observations.map(({ at }) => Date.parse(at)));
}

/** The newest word of the channel about the payment itself; at equal times the mismatch wins (nothing is sent). */
function latestPaymentWord(observations: readonly Observation[]): Observation['kind'] | undefined {
  let newest: Observation | undefined;
  for (const one of observations) {
    if (one.kind !== 'payment_mismatch' && one.kind !== 'payment_confirmed') continue;
    const later = newest === undefined ? 1 : Date.parse(one.at) - Date.parse(newest.at);
    if (later > 0 || (later === 0 && one.kind === 'payment_mismatch')) newest = one;
  }
  return newest?.kind;
}
