import { AppError } from '../../domain/errors.ts';
import type { RefundRequest } from '../../domain/refund/refund.ts';
import type { RefundStart } from '../../workflows/refund-messages.ts';
import { recordRefund as recordRow } from '../../store/record-refund.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { RefundStanding } from './refund-ref.ts';
import { standing } from './refund-ref.ts';
import { takeUp } from './take-up.ts';

/**
 * Makes sure that the refund's row is there: the database is the authority on whether it is new, the same again, or a
 * conflict. A backend's Temporal client brings the request along; who starts a refund that is on its way finds where it stands.
 */
export function recordRefund(deps: ActivityDeps) {
  return (start: RefundStart): Promise<RefundStanding> =>
    atBoundary(async () => {
      if (start.request !== undefined) await recordRequest(deps, start.request);
      const refund = await getRefund(deps.pool, start.merchantId, start.refundNo);
      if (refund === null) throw new AppError('refund_unknown', { refund_no: start.refundNo });
      await takeUp(deps, refund);
      return standing(refund);
    });
}

async function recordRequest(deps: ActivityDeps, request: RefundRequest): Promise<void> {
  const { releaseLimits, channels } = deps;
  await recordRow(deps.pool, request, {
    ...{ now: deps.clock.now(), idempotencyKey: null, releaseLimits },
    limitsOf: (accountId) => channels.get(accountId).limits,
  });
}
