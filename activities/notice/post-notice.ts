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
  return (notice: NoticeRef): Promise<NoticeEnd> =>
    atBoundary(async () => {
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
    });
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
