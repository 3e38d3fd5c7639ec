/**
 * A worker process like those of a deployment, on the Temporal server of the test run, which a test starts, holds and kills. It
 * does one thing with statements at a time, so that what one has in hand another cannot have.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { CHANNEL_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../../workflows/task-queues.ts';
import { connectServer } from '../workflow/temporal.ts';
import type { Delivery } from './range-world.ts';
import { rangeWorld } from './range-world.ts';

const SELF = fileURLToPath(import.meta.url);

export interface RangeWorkerPlan {
  /** How its tasks are signed in histories. */
  readonly identity: string;
  readonly namespace: string;
  readonly url: string;
  readonly filesDir: string;
  readonly delivery: Delivery;
  readonly rangeBytes: number;
}

export interface RangeWorker {
  readonly process: ChildProcess;
  /** Resolves when it has its first range in hand, which it holds until it is told to go on. */
  readonly holding: Promise<void>;
  goOn(): void;
}

/** Resolves when it polls. */
export async function startRangeWorker(plan: RangeWorkerPlan): Promise<RangeWorker> {
  const child = fork(SELF, [JSON.stringify(plan)], { execArgv: ['--import', 'tsx'] });
  const said = (word: string): Promise<void> =>
    new Promise((resolve) => {
      child.on('message', (message) => {
        if (message === word) resolve();
      });
    });
  const holding = said('holding');
  await Promise.race([
    said('polling'),
    once(child, 'exit').then(() => Promise.reject(new Error('the worker ended'))),
  ]);
  return {
    process: child,
    holding,
    goOn: () => {
      child.send('go on');
    },
  };
}

async function main(plan: RangeWorkerPlan): Promise<void> {
  const world = rangeWorld(plan.url, plan.filesDir, plan.rangeBytes);
  world.deliver(plan.delivery);
  const toldToGoOn = new Promise<void>((resolve) => {
    process.on('message', () => {
      resolve();
    });
  });
  const activities: Activities = {
    ...world.activities,
    loadRange: async (range) => {
      process.send?.('holding');
      await toldToGoOn;
      return world.activities.loadRange(range);
    },
  };
  const server = await connectServer();
  const { identity, namespace } = plan;
  const shared = { connection: server.native, namespace, identity, activities };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: REFUND_QUEUE, workflowBundle: { code: server.bundle } }),
    Worker.create({ ...shared, taskQueue: CHANNEL_QUEUE }),
    Worker.create({ ...shared, taskQueue: STATEMENT_QUEUE, maxConcurrentActivityTaskExecutions: 1 }),
  ]);
  process.on('disconnect', () => process.exit());
  process.send?.('polling');
  await Promise.all(workers.map((worker) => worker.run()));
}

if (process.argv[1] === SELF) await main(JSON.parse(process.argv[2] ?? '') as RangeWorkerPlan);
