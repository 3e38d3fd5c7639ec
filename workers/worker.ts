/** The worker process: runs the workflows and activities of all three queues. */
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import { CHANNEL_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../workflows/task-queues.ts';
import { bundleWorkflows } from './bundle.ts';
import type { Context } from './context.ts';
import { refundEngine } from './refund-engine.ts';
import { connectWorker } from './temporal.ts';

/** Running activities get this long to end before a stop cancels them; the container's stop period is longer still. */
const SHUTDOWN_GRACE = '25 seconds';
const SHUTDOWN_FORCE = '40 seconds';

/** WeChat Pay takes 150 refunds a second per merchant; all replicas together stay under it. */
const CHANNEL_CALLS_PER_SECOND = 140;

export interface RunningWorker {
  /** Settles when the worker has stopped; rejects when it failed. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export async function startWorker(context: Context, o: { bundle?: string } = {}): Promise<RunningWorker> {
  const connection = await connectWorker(context.config);
  const code = o.bundle ?? (await bundleWorkflows());
  const workers = await Promise.all(
    workerOptions(context, connection, code).map((options) => Worker.create(options)),
  );
  const runs = Promise.all(workers.map((worker) => worker.run()));
  const done = runs.then(() => connection.close());
  return {
    done,
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
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
      calendar: chinaCalendar,
      files: context.files,
      teller: refundEngine(context.temporal.client, context.clock),
      pollFloorMs: context.config.pollFloorMs,
    }),
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
  } as const;
  const poolSize = context.config.databasePool;
  return [
    {
      ...shared,
      taskQueue: REFUND_QUEUE,
      workflowBundle: { code },
      maxConcurrentActivityTaskExecutions: poolSize,
      // Eager dispatch stays on: database activities follow their workflow task without another round trip.
    },
    {
      ...shared,
      taskQueue: CHANNEL_QUEUE,
      maxConcurrentActivityTaskExecutions: poolSize * 2,
      maxTaskQueueActivitiesPerSecond: CHANNEL_CALLS_PER_SECOND,
    },
    { ...shared, taskQueue: STATEMENT_QUEUE, maxConcurrentActivityTaskExecutions: 3 },
  ];
}

/** Sends the SDK's own log lines to stderr at the given level; once per process, before anything else of the SDK. */
export function quietTemporalLogs(level: 'ERROR' | 'WARN' | 'INFO'): void {
  Runtime.install({ logger: new DefaultLogger(level), shutdownSignals: [] });
}
