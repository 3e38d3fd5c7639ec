import type { Refund } from '../../domain/refund/refund.ts';
import { markWorkflowStarted } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';
import { planArrivalOf } from './arrival.ts';

/**
 * What begins a run, or another try of one, takes the refund up: from now on a workflow carries it, so that the scheduler need not start
 * one, and it has a date after which somebody looks, before anything is asked or sent.
 */
export async function takeUp(deps: ActivityDeps, refund: Refund): Promise<void> {
  await markWorkflowStarted(deps.pool, refund.id, deps.clock.now());
  await planArrivalOf(deps, refund);
}
