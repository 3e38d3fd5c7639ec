/**
 * Plans when the money should be there. The clock of a window starts when the channel accepts; until that is known the
 * request's own instant stands in, so that no refund is ever without a date after which somebody looks.
 */
import type { Refund } from '../../domain/refund/refund.ts';
import { planArrival } from '../../domain/time/arrival-window.ts';
import { planWindow } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';

export async function planArrivalOf(deps: ActivityDeps, refund: Refund): Promise<void> {
  const plan = planArrival({
    channel: refund.channel,
    fundingSource: refund.payment.fundingSource,
    acceptedAt: refund.acceptedAt ?? refund.requestedAt,
    calendar: deps.calendar,
  });
  if (refund.promiseAt?.getTime() === plan.promiseAt.getTime() && refund.windowVersion === plan.windowVersion)
    return;
  await planWindow(deps.pool, refund.id, plan);
}
