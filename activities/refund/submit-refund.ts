import type { Channel, HeldAnswer, SubmitAnswer } from '../../channels/channel.ts';
import { assertNever } from '../../domain/errors.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import { hasOpenAttempt } from '../../domain/refund/state.ts';
import { nextAttempt, observationsOf, observe } from '../../store/observations.ts';
import { claimSpacing } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary, comeBack } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';
import { askAboutRefund } from './ask-about-refund.ts';
import { orderOf } from './refund-order.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund, standing } from './refund-ref.ts';

/** Waits in business time between tries that the channel turned down for a while. */
const SHORT_BALANCE_WAIT_MS = 30 * 60_000;
const RATE_LIMIT_WAIT_MS = 60_000;
const TRY_LATER_WAIT_MS = 30 * 60_000;

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
      if (!mayBeSent(refund)) return standing(refund);

      if (hasOpenAttempt(await observationsOf(deps.pool, refund.id))) {
        const found = await findOut(deps, channel, refund);
        if (!mayBeSent(found)) return standing(found);
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

/** Anything the channel or a statement has said about the refund ends the sending; so does a payment that differs. */
function mayBeSent(refund: Refund): boolean {
  switch (refund.state) {
    case 'requested':
    case 'unknown':
      return true;
    case 'needs_action':
      return refund.stateReason !== null && RESENDABLE.has(refund.stateReason);
    case 'processing':
    case 'succeeded':
    case 'settled':
    case 'failed':
    case 'returned':
      return false;
    default:
      return assertNever(refund.state);
  }
}

const RESENDABLE: ReadonlySet<string> = new Set([
  'short_balance',
  'payer_account_closed',
  'account_config',
  'blocked',
]);

/** Asks about an attempt that is still open. Comes back later while the question itself has no answer. */
async function findOut(deps: ActivityDeps, channel: Channel, refund: Refund): Promise<Refund> {
  const after = await askAboutRefund(deps, channel, refund);
  const open = hasOpenAttempt(await observationsOf(deps.pool, refund.id));
  if (after.state === 'unknown' && open) {
    throw comeBack('channel_unreachable', {
      afterMs: channel.limits.absenceGraceMs,
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: 'the outcome of an earlier attempt is still unknown',
    });
  }
  return after;
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
    throw comeBack('channel_unreachable', {
      afterMs: deps.channels.get(refund.accountId).limits.absenceGraceMs,
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: `no trustworthy answer: ${answer.why}`,
    });
  }
  const waitMs = answer.outcome === 'held' ? selfMendingWait(answer) : null;
  if (answer.outcome === 'held' && waitMs !== null && mayBeSent(refund)) {
    throw comeBack('channel_busy', {
      afterMs: waitMs,
      clock: deps.clock,
      floorMs: deps.pollFloorMs,
      why: `${answer.channelCode}: ${answer.message}`,
    });
  }
  return standing(refund);
}

/** How long to wait when time alone may mend it; null when a person must act. */
function selfMendingWait(answer: HeldAnswer): number | null {
  if (answer.reason === 'rate_limited') return answer.retryAfterMs ?? RATE_LIMIT_WAIT_MS;
  if (answer.reason === 'try_later') return answer.retryAfterMs ?? TRY_LATER_WAIT_MS;
  if (answer.reason === 'short_balance') return SHORT_BALANCE_WAIT_MS;
  return null;
}
