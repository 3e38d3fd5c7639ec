import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Attempt, DeliveryRound } from '../../store/webhook-outbox.ts';
import { giveUp, noteAttempt, noteDelivered, noteGone, pendingDelivery } from '../../store/webhook-outbox.ts';
import type { ActivityDeps, NoticeAnswer } from '../deps.ts';
import { atBoundary } from '../failures.ts';

export type NoticeRef = DeliveryRound;

/** `ended`: this round was over already. */
export type NoticeEnd = 'delivered' | 'gone' | 'disabled' | 'exhausted' | 'ended';

const GONE = 410;

/**
 * Sends one event to its endpoint, once. Only a 2xx has taken it; a 410 says that nobody will ever, and disables the
 * endpoint. Anything else is noted and thrown, to be tried again: time-outs, redirects, and every other status. A receiver
 * may have taken what looks untaken here, so it may come twice, always under the same id.
 */
export function postNotice(deps: ActivityDeps) {
  const lanes = new Map<string, number>();
  return (notice: NoticeRef): Promise<NoticeEnd> =>
    atBoundary(() => inLane(lanes, notice.endpointId, () => postOnce(deps, notice)));
}

/**
 * An endpoint that is slow takes so many of a worker's places at most: the others are for everybody else. What finds its
 * lane full comes back, later each time; that is no try.
 */
const PER_ENDPOINT_MAX = 8;
const LANE_WAIT_MS = 1_000;
const LANE_WAIT_MAX_MS = 60_000;

async function inLane<T>(lanes: Map<string, number>, lane: string, work: () => Promise<T>): Promise<T> {
  const taken = lanes.get(lane) ?? 0;
  if (taken >= PER_ENDPOINT_MAX) {
    const { attempt } = activityInfo();
    throw notTaken({
      ...{ status: null, text: 'other events are on their way to the endpoint' },
      retryAfterMs: Math.min(LANE_WAIT_MS * 2 ** Math.min(attempt - 1, 6), LANE_WAIT_MAX_MS),
    });
  }
  lanes.set(lane, taken + 1);
  try {
    return await work();
  } finally {
    const left = (lanes.get(lane) ?? 1) - 1;
    if (left > 0) lanes.set(lane, left);
    else lanes.delete(lane);
  }
}

async function postOnce(deps: ActivityDeps, notice: NoticeRef): Promise<NoticeEnd> {
  const { pool, clock, courier } = deps;
  const delivery = await pendingDelivery(pool, notice, clock.wallNow());
  if (delivery === null) return 'ended';
  if (delivery.isDisabled) {
    await giveUp(pool, notice, 'disabled', clock.wallNow());
    return 'disabled';
  }
  const answer = await courier.deliver(delivery, clock.wallNow());
  const attempt: Attempt = { at: clock.wallNow(), status: answer.status, answer: answer.text };
  if (isTaken(answer)) {
    await noteDelivered(pool, notice, attempt);
    return 'delivered';
  }
  if (answer.status === GONE) {
    await noteGone(pool, notice, { merchantId: delivery.merchantId, attempt, now: clock.wallNow() });
    return 'gone';
  }
  await noteAttempt(pool, notice, attempt);
  throw notTaken(answer);
}

function isTaken({ status }: NoticeAnswer): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** An expected end of a try, kept out of error logs; the endpoint's own wish when to come back counts. */
function notTaken({ status, text, retryAfterMs }: NoticeAnswer): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'webhook_undelivered',
    // The answer itself stays in our own table: it is somebody else's text, and histories are kept elsewhere.
    message: status === null ? text : `the endpoint answered ${String(status)}`,
    category: ApplicationFailureCategory.BENIGN,
    ...(retryAfterMs === null ? {} : { nextRetryDelay: Math.max(retryAfterMs, 1_000) }),
  });
}
