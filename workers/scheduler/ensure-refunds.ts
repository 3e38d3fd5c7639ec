/** Refund rows and callbacks that lost their way to Temporal: found in the database and sent on. */
import type { Clock } from '../../domain/clock.ts';
import { applyCallback, unappliedCallbacks } from '../../store/callbacks.ts';
import type { Pool } from '../../store/pool.ts';
import { markWorkflowStarted, refundsWithoutWorkflow } from '../../store/refunds.ts';
import type { TemporalRefundEngine } from '../refund-engine.ts';
import { startEach } from './start-each.ts';

/** A row younger than this may still be on its way from the API to Temporal (wall time). */
const GRACE_MS = 5_000;

/**
 * A refund about which nobody has asked for so long (wall time) may have lost its workflow: with a Temporal that was set
 * back to a backup, or because somebody ended it. Twice the longest pause of a channel's own poll ladder.
 */
const STALE_MS = 12 * 3_600_000;

/** The same of a refund that only the payer's bank has not posted: twice the wait between two questions about that. */
const BANK_STALE_MS = 48 * 3_600_000;

/** Refunds, and callbacks, of one look. */
const BATCH = 200;

export interface EnsureRefundsDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly engine: Pick<TemporalRefundEngine, 'startAgain' | 'channelReported'>;
  /** Hears of what could not be done while the rest went on. */
  readonly failed: (what: string, error: unknown) => void;
}

/**
 * Starts the workflow of every open refund that has none, or may have none any more. Returns how many were started or
 * found running.
 * @throws AppError `temporal_unavailable`, `database_unavailable`
 */
export async function ensureRefunds(deps: EnsureRefundsDeps): Promise<number> {
  const { pool, clock, engine } = deps;
  const before = (wallMs: number): Date => new Date(clock.now().getTime() - wallMs / clock.toWallMs(1));
  const refunds = await refundsWithoutWorkflow(pool, {
    olderThan: before(GRACE_MS),
    staleSince: before(STALE_MS),
    bankStaleSince: before(BANK_STALE_MS),
    limit: BATCH,
  });
  return startEach(refunds, {
    start: async (refund) => {
      await engine.startAgain(refund);
      await markWorkflowStarted(pool, refund.id, clock.now());
      return true;
    },
    failed: (refund, error) => {
      deps.failed(`refund ${refund.refundNo}`, error);
    },
  });
}

/**
 * Applies callbacks that came before their refund was known, and tells the refund's workflow. Returns how many.
 * @throws AppError `temporal_unavailable`, `database_unavailable`
 */
export async function ensureCallbacks(deps: EnsureRefundsDeps): Promise<number> {
  const { pool, engine } = deps;
  const waiting = await unappliedCallbacks(pool, { limit: BATCH });
  return startEach(waiting, {
    start: async (callbackId) => {
      const { refund } = await applyCallback(pool, callbackId);
      if (refund === null) return false;
      await engine.channelReported(refund, callbackId);
      return true;
    },
    failed: (callbackId, error) => {
      deps.failed(`callback ${callbackId}`, error);
    },
  });
}
