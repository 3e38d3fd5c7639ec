import type { Refund } from '../../domain/refund/refund.ts';
import { answerMissing } from '../../store/breaks.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund, standing } from './refund-ref.ts';

/** Looks at all the evidence again and draws what follows from it. */
export function recordVerdict(deps: ActivityDeps) {
  return (ref: RefundRef): Promise<RefundStanding> =>
    atBoundary(async () => verdictOn(deps, await loadRefund(deps, ref)));
}

/**
 * What follows from the evidence: the arrival window, and breaks that it answers. The state itself was computed in the
 * transaction that stored the evidence.
 */
export async function verdictOn(deps: ActivityDeps, refund: Refund): Promise<RefundStanding> {
  await planArrivalOf(deps, refund);
  await answerMissing(deps.pool, { refundId: refund.id }, deps.clock.now());
  return standing(refund);
}
