import type { Channel, SubmitAnswer } from '../../channels/channel.ts';
import { assertNever } from '../../domain/errors.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import type { RefundStatus } from '../../domain/refund/state.ts';
import type { SubmissionStep } from '../../domain/refund/submission.ts';
import { newestAttemptAt } from '../../domain/refund/attempts.ts';
import {
  mayBeSent,
  stepAfterAsking,
  submissionStep,
  waitAfterHold,
  waitBeforeAsking,
} from '../../domain/refund/submission.ts';
import { orderOf } from '../../domain/refund/refund-order.ts';
import { nextAttempt, observationsOf, observe } from '../../store/observations.ts';
import { claimSpacing } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary, comeBack } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';
import { askAboutRefund } from './ask-about-refund.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund, standing } from './refund-ref.ts';

/**
 * Puts the refund to the channel and ends only when its outcome is known. An attempt without a trustworthy answer is
 * followed by questions under the same number; only after the channel plainly does not know the refund is the same
 * number sent again with the same content. Each attempt is committed before its first byte leaves.
 */
export function submitRefund(deps: ActivityDeps) {
  return (ref: RefundRef): Promise<RefundStanding> =>
    atBoundary(async () => {
      const refund = await loadRefund(deps, ref);
      const channel = deps.channels.get(refund.accountId);
      const step = await nextStep(deps, refund);
      if (step === 'none') return standing(refund);
      if (step === 'ask') {
        const found = await findOut(deps, channel, refund);
        if (found.step === 'none') return standing(found.refund);
      }

      await keepSpacing(deps, channel, refund);
      const { attempt } = await nextAttempt(deps.pool, refund.id, deps.clock.now());
      const answer = await channel.submitRefund(orderOf(refund));
      const now = deps.clock.now();
      const after = await observe(deps.pool, refund.id, [toObservation(answer, attempt, now)]);
      await planArrivalOf(deps, after);
      return afterAnswer(deps, after, answer);
    });
}

/** Nothing is known of most refunds that come here, so the evidence is read only where it can matter. */
async function nextStep(deps: ActivityDeps, refund: Refund): Promise<SubmissionStep> {
  if (!mayBeSent(statusIn(refund))) return 'none';
  return submissionStep(statusIn(refund), await observationsOf(deps.pool, refund.id));
}

function statusIn(refund: Refund): RefundStatus {
  return { state: refund.state, reason: refund.stateReason };
}

interface Found {
  readonly refund: Refund;
  readonly step: Exclude<SubmissionStep, 'ask'>;
}

/** Asks about an attempt that is still open. Comes back later while the question itself has no answer. */
async function findOut(deps: ActivityDeps, channel: Channel, refund: Refund): Promise<Found> {
  const after = await askAboutRefund(deps, channel, refund);
  const known = await observationsOf(deps.pool, after.id);
  const step = stepAfterAsking(statusIn(after), known);
  if (step === 'ask') {
    const now = deps.clock.now();
    throw comeBack('channel_unreachable', {
      afterMs: waitBeforeAsking(newestAttemptAt(known) ?? now, now, channel.limits),
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: 'the outcome of an earlier attempt is still unknown',
    });
  }
  return { refund: after, step };
}

/** Two refunds of one payment keep the channel's distance, over all replicas. */
async function keepSpacing(deps: ActivityDeps, channel: Channel, refund: Refund): Promise<void> {
  const { spacingPerPaymentMs } = channel.limits;
  const claim = await claimSpacing(deps.pool, refund.payment.id, deps.clock.now(), spacingPerPaymentMs);
  if (claim.granted) return;
  throw comeBack('channel_busy', {
    afterMs: claim.waitMs,
    clock: deps.clock,
    floorMs: 50,
    why: 'another refund of this payment was sent a moment ago',
  });
}

function toObservation(answer: SubmitAnswer, attempt: number, now: Date): Observation {
  const base = { source: 'submit', ref: `attempt-${String(attempt)}`, at: now.toISOString() } as const;
  switch (answer.outcome) {
    case 'reported':
      return { ...reportFacts(answer.report), ...base };
    case 'held':
      return {
        ...base,
        kind: 'attempt_held',
        attempt,
        reason: answer.reason,
        channelCode: answer.channelCode,
      };
    case 'refused':
      return { ...base, kind: 'attempt_refused', attempt, channelCode: answer.channelCode };
    case 'unknown':
      return { ...base, kind: 'attempt_unknown', attempt, why: answer.why };
    default:
      return assertNever(answer);
  }
}

/** Known outcomes return; unknown ones and those that mend themselves come back later under the same number. */
function afterAnswer(deps: ActivityDeps, refund: Refund, answer: SubmitAnswer): RefundStanding {
  if (answer.outcome === 'unknown') {
    const now = deps.clock.now();
    throw comeBack('channel_unreachable', {
      afterMs: waitBeforeAsking(now, now, deps.channels.get(refund.accountId).limits),
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: `no trustworthy answer: ${answer.why}`,
    });
  }
  const waitMs = answer.outcome === 'held' ? waitAfterHold(answer.reason, answer.retryAfterMs) : null;
  if (answer.outcome === 'held' && waitMs !== null && mayBeSent(statusIn(refund))) {
    throw comeBack('channel_busy', {
      afterMs: waitMs,
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: `${answer.channelCode}: ${answer.message}`,
    });
  }
  return standing(refund);
}
