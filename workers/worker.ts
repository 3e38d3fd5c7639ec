/** The worker process: runs the workflows and activities of all four queues. */
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { CHANNEL_QUEUE, NOTICE_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../workflows/task-queues.ts';
import { bundleWorkflows } from './bundle.ts';
import { INGEST_CONNECTIONS } from './config.ts';
import type { Context } from './context.ts';
import { noticeCourier } from './notice-courier.ts';
import { refundEngine } from './refund-engine.ts';
import { connectWorker, mustHaveNamespace } from './temporal.ts';

/** Running activities get this long to end before a stop cancels them; the container's stop period is longer still. */
const SHUTDOWN_GRACE = '25 seconds';
const SHUTDOWN_FORCE = '40 seconds';

/** WeChat Pay takes 150 refunds a second per merchant; all replicas together stay under it. */
const CHANNEL_CALLS_PER_SECOND = 140;

/** Webhooks on their way at once: they wait for somebody else's server, and hold a connection of the pool for moments. */
const NOTICES_IN_FLIGHT = 32;

export interface RunningWorker {
  /** Settles when the worker has stopped; rejects when it failed. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Resolves when the worker polls.
 * @throws AppError `temporal_unavailable`, `config_invalid` when there is no such namespace
 */
export async function startWorker(context: Context, o: { bundle?: string } = {}): Promise<RunningWorker> {
  const { temporal, config } = context;
  const connection = await connectWorker(config);
  try {
    // Asked first: a worker in a namespace that does not exist would wait for work for ever.
    await mustHaveNamespace(temporal.client, config.temporalNamespace);
    const code = o.bundle ?? (await bundleWorkflows());
    return runTogether(await createAll(workerOptions(context, connection, code)), connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** All or none: one that was made and never ran would keep the connection, and with it the process. */
async function createAll(options: readonly WorkerOptions[]): Promise<readonly Worker[]> {
  const made = await Promise.allSettled(options.map((one) => Worker.create(one)));
  const workers = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = made.find((one) => one.status === 'rejected');
  if (failed === undefined) return workers;
  await Promise.allSettled(workers.map((worker) => worker.runUntil(Promise.resolve())));
  throw failed.reason;
}

/**
 * How many activities of each queue run at once, given the connections of the process. Those that write refunds hold one
 * all the time: there are no more of them than connections, so none fails for waiting. Calls to a channel wait for the
 * channel and hold one for moments, for which two are left. Statements have connections of their own.
 */
export function activitySlots(databasePool: number): { refunds: number; calls: number; statements: number } {
  const forRefunds = databasePool - INGEST_CONNECTIONS;
  return {
    refunds: Math.max(1, forRefunds - 2),
    calls: databasePool * 2,
    statements: INGEST_CONNECTIONS - 1,
  };
}

/** Four queues, one life: when one of them cannot go on, the others end in order, and the process with them. */
function runTogether(workers: readonly Worker[], connection: NativeConnection): RunningWorker {
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      shutdown();
      throw error;
    }),
  );
  const done = Promise.allSettled(runs).then(async (ends) => {
    await connection.close();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  });
  // Whoever waits hears of a failure; nobody waiting yet must not end the process before it could be stopped in order.
  done.catch(() => undefined);
  return {
    done,
    stop: async () => {
      shutdown();
      await done;
    },
  };
}

function workerOptions(context: Context, connection: NativeConnection, code: string): WorkerOptions[] {
  const shared = {
    connection,
    namespace: context.config.temporalNamespace,
    activities: createActivities({
      pool: context.pool,
      ingest: context.ingest,
      channels: context.channels,
      clock: context.clock,
      calendar: context.calendar,
      files: context.files,
      courier: noticeCourier(context.config),
      teller: refundEngine(context.temporal.client, context.clock),
      pollFloorMs: context.config.pollFloorMs,
      releaseLimits: context.config.releaseLimits,
      splitting: context.config.splitting,
    }),
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  } as const;
  const { refunds, calls, statements } = activitySlots(context.config.databasePool);
  return [
    {
      ...shared,
      taskQueue: REFUND_QUEUE,
      workflowBundle: { code },
      maxConcurrentActivityTaskExecutions: refunds,
      // Eager dispatch stays on: database activities follow their workflow task without another round trip.
    },
    {
      ...shared,
      taskQueue: CHANNEL_QUEUE,
      maxConcurrentActivityTaskExecutions: calls,
      maxTaskQueueActivitiesPerSecond: CHANNEL_CALLS_PER_SECOND,
    },
    { ...shared, taskQueue: STATEMENT_QUEUE, maxConcurrentActivityTaskExecutions: statements },
    { ...shared, taskQueue: NOTICE_QUEUE, maxConcurrentActivityTaskExecutions: NOTICES_IN_FLIGHT },
  ];
}
