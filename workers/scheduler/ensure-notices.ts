/** Webhooks that wait in the outbox: each is started under an id of its own, so that whoever starts it starts the same. */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Clock } from '../../domain/clock.ts';
import { noticeWorkflowId } from '../../domain/ids.ts';
import type { Pool } from '../../store/pool.ts';
import type { DeliveryRound } from '../../store/webhook-outbox.ts';
import { deliveriesToStart, markDeliveriesStarted } from '../../store/webhook-outbox.ts';
import type { deliverNotice } from '../../workflows/deliver-notice.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { within } from '../refund-engine.ts';
import { startEach } from './start-each.ts';

/** Deliveries of one look. The next look is a second later. */
const BATCH = 500;

/** Three times the longest pause between two tries: what was not tried for so long may have lost its workflow. */
const STALE_MS = 3 * 3_600_000;

export interface EnsureNoticesDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly client: Client;
  /** Hears of what could not be started while the rest went on. */
  readonly failed: (what: string, error: unknown) => void;
}

/**
 * Starts the workflow of every delivery that has none, or may have none any more. Returns how many were started or found
 * running.
 * @throws AppError `temporal_unavailable`, `database_unavailable`
 */
export function ensureNotices(deps: EnsureNoticesDeps): Promise<number> {
  return startAll(deps, new Date(deps.clock.wallNow().getTime() - STALE_MS));
}

/** As {@link ensureNotices}, of those only that were never started: cheap enough for every second. */
export function promptNotices(deps: EnsureNoticesDeps): Promise<number> {
  return startAll(deps, null);
}

async function startAll(deps: EnsureNoticesDeps, staleSince: Date | null): Promise<number> {
  const { pool, client, clock, failed } = deps;
  const waiting = await deliveriesToStart(pool, { staleSince, limit: BATCH });
  const started: DeliveryRound[] = [];
  try {
    return await startEach(waiting, {
      start: async (round) => {
        await startNotice(client, round);
        started.push(round);
        return true;
      },
      failed: (round, error) => {
        failed(`webhook delivery ${round.deliveryId}`, error);
      },
    });
  } finally {
    await markDeliveriesStarted(pool, started, clock.wallNow());
  }
}

async function startNotice(client: Client, notice: DeliveryRound): Promise<void> {
  const { eventId, endpointId, round } = notice;
  try {
    await within(client, () =>
      client.workflow.start<typeof deliverNotice>('deliverNotice', {
        workflowId: noticeWorkflowId(eventId, endpointId, round),
        taskQueue: REFUND_QUEUE,
        // A run that has ended while its delivery still waits has lost it.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [notice],
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
