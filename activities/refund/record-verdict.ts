import { closeBreaksOfRefund } from '../../store/breaks.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund, standing } from './refund-ref.ts';

/**
 * Looks at all the evidence again and draws what follows from it: the arrival window, and breaks that the evidence
 * answers. The state itself was computed in the transaction that stored the evidence.
 */
export function recordVerdict(deps: ActivityDeps) {
  return (ref: RefundRef): Promise<RefundStanding> =>
    atBoundary(async () => {
      const refund = await loadRefund(deps, ref);
      await planArrivalOf(deps, refund);
      await closeBreaksOfRefund(deps.pool, refund.id, deps.clock.now());
      return standing(refund);
    });
}
