/** Refund rows and callbacks that lost their way to Temporal: found in the database and sent on. */
import type { Clock } from '../../domain/clock.ts';
import type { RefundEngine } from '../../api/refund-engine.ts';
import { applyCallback, unappliedCallbacks } from '../../store/callbacks.ts';
import type { Pool } from '../../store/pool.ts';
import { markWorkflowStarted, refundsWithoutWorkflow } from '../../store/refunds.ts';
import { countStarted } from './ensure.ts';

/** A row younger than this may still be on its way from the API to Temporal (wall time). */
const GRACE_MS = 5_000;
const BATCH = 200;

export interface EnsureRefundsDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly engine: RefundEngine;
}

/** Starts the workflow of every open refund that has none. Returns how many were started. */
export async function ensureRefunds(deps: EnsureRefundsDeps): Promise<number> {
  const graceMs = GRACE_MS / deps.clock.toWallMs(1);
  const olderThan = new Date(deps.clock.now().getTime() - graceMs);
  const refunds = await refundsWithoutWorkflow(deps.pool, { olderThan, limit: BATCH });
  return countStarted(refunds, async (refund) => {
    await deps.engine.start(refund);
    await markWorkflowStarted(deps.pool, refund.id, deps.clock.now());
    return true;
  });
}

/** Applies callbacks that came before their refund was known, and tells the refund's workflow. */
export async function ensureCallbacks(deps: EnsureRefundsDeps): Promise<number> {
  const waiting = await unappliedCallbacks(deps.pool, { limit: BATCH });
  return countStarted(waiting, async (callbackId) => {
    const { refund } = await applyCallback(deps.pool, callbackId);
    if (refund === null) return false;
    await deps.engine.channelReported(refund, callbackId);
    return true;
  });
}
