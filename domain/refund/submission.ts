/**
 * Whether a refund may be put to its channel, and what has to happen first. Pure: the submit activity follows it on the
 * books, the simulator (test/simulation) follows it in memory.
 */
import { assertNever } from '../errors.ts';
import { hasOpenAttempt } from './attempts.ts';
import type { HoldReason, Observation } from './observation.ts';
import type { RefundStatus } from './state.ts';

/** `ask`: an attempt may still be on its way, so the channel is asked about it before anything is sent. */
export type SubmissionStep = 'send' | 'ask' | 'none';

const MINUTE_MS = 60_000;

/**
 * Every reason to be held, and how long to wait before the channel is tried again by itself (business time); null where
 * only a person's retry sends it again.
 */
const TRIED_AGAIN_AFTER_MS: Readonly<Record<HoldReason, number | null>> = {
  rate_limited: MINUTE_MS,
  try_later: 30 * MINUTE_MS,
  short_balance: 30 * MINUTE_MS,
  payer_account_closed: null,
  account_config: null,
  blocked: null,
  channel_silent: null,
};

/** The next step of a submission, by where the refund stands and all that is known of it. */
export function submissionStep(status: RefundStatus, known: readonly Observation[]): SubmissionStep {
  if (!mayBeSent(status)) return 'none';
  return hasOpenAttempt(known) ? 'ask' : 'send';
}

/**
 * The next step when the channel has just been asked. One that has stayed silent for too many attempts is tried again only
 * when a person asks for it, and then once: `none` here, where {@link submissionStep} at that request says `send`.
 */
export function stepAfterAsking(status: RefundStatus, known: readonly Observation[]): SubmissionStep {
  return status.reason === 'channel_silent' ? 'none' : submissionStep(status, known);
}

/**
 * Anything the channel or a statement has said about the refund ends the sending, unless the channel says later that it did
 * nothing under its number (`try_later`); so does a payment that differs.
 */
export function mayBeSent(status: RefundStatus): boolean {
  switch (status.state) {
    case 'requested':
    case 'unknown':
      return true;
    case 'needs_action':
      return status.reason !== null && Object.hasOwn(TRIED_AGAIN_AFTER_MS, status.reason);
    case 'processing':
    case 'succeeded':
    case 'settled':
    case 'failed':
    case 'returned':
      return false;
    default:
      return assertNever(status.state);
  }
}

/**
 * How long to wait, in business milliseconds, before the channel is asked again about an attempt that ended at `since`
 * without an answer: along the channel's own ladder, and in any case when its word "no such refund" begins to count.
 */
export function waitBeforeAsking(
  since: Date,
  now: Date,
  limits: { readonly pollLadderMs: readonly number[]; readonly absenceGraceMs: number },
): number {
  const passedMs = now.getTime() - since.getTime();
  const { pollLadderMs, absenceGraceMs } = limits;
  let soFarMs = 0;
  const rungsMs = pollLadderMs.map((waitMs) => (soFarMs += waitMs));
  const aheadMs = [...rungsMs, absenceGraceMs].filter((rungMs) => rungMs > passedMs);
  if (aheadMs.length > 0) return Math.min(...aheadMs) - passedMs;
  return pollLadderMs.at(-1) ?? absenceGraceMs;
}

/**
 * How long to wait when time alone may end the hold, in business milliseconds; null when a person must act. The channel's
 * own word goes first where it gives one, but a top-up takes as long as it takes.
 */
export function waitAfterHold(reason: HoldReason, channelSaysMs: number | null): number | null {
  const usual = TRIED_AGAIN_AFTER_MS[reason];
  if (usual === null || reason === 'short_balance') return usual;
  return channelSaysMs ?? usual;
}
