/** The Temporal server of the test run: namespaces of one's own, workers in them, and questions to histories. */
import '../support/quiet-temporal.ts';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { CHANNEL_QUEUE, NOTICE_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../../workflows/task-queues.ts';
import { required } from '../support/required.ts';

export interface Server {
  readonly connection: Connection;
  readonly native: NativeConnection;
  readonly bundle: string;
  close(): Promise<void>;
}

export async function connectServer(address = required('YUANLU_TEST_TEMPORAL_ADDRESS')): Promise<Server> {
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const bundle = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');
  return {
    connection,
    native,
    bundle,
    close: async () => {
      await connection.close();
      await native.close();
    },
  };
}

/** Value types of the operator API: 2 is Keyword, 5 is Bool. */
export const SEARCH_ATTRIBUTES = { Channel: 2, RefundState: 2, BusinessDate: 2, NeedsReview: 5 } as const;

/** A namespace of one's own, usable when this resolves: the queues have fixed names, so this is what keeps tests apart. */
export async function openNamespace(server: Server, prefix: string): Promise<Client> {
  const { connection } = server;
  const namespace = `${prefix}-${randomUUID().slice(0, 8)}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await until(async () => {
    try {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: SEARCH_ATTRIBUTES,
      });
      return true;
    } catch {
      return false; // not known everywhere yet
    }
  });
  return new Client({ connection, namespace });
}

export interface RunningWorkers {
  /** Stops them; activities under way may end first. */
  stop(): Promise<void>;
}

/** Workers on all queues, as one worker process has them. */
export async function runWorkers(
  server: Server,
  client: Client,
  activities: Activities,
): Promise<RunningWorkers> {
  const shared = {
    connection: server.native,
    namespace: client.options.namespace,
    activities,
    // An activity hears with its heartbeat that it was called off; as a rule that takes most of its time-out.
    maxHeartbeatThrottleInterval: 100,
  };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: REFUND_QUEUE, workflowBundle: { code: server.bundle } }),
    Worker.create({ ...shared, taskQueue: CHANNEL_QUEUE }),
    Worker.create({ ...shared, taskQueue: STATEMENT_QUEUE }),
    Worker.create({ ...shared, taskQueue: NOTICE_QUEUE }),
  ]);
  const runs = Promise.all(workers.map((worker) => worker.run()));
  return {
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await runs;
    },
  };
}

const LOOK_EVERY_MS = 25;
const WAIT_AT_MOST_MS = 20_000;

/** Waits for the thing itself. @throws Error when it does not come true within twenty seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > WAIT_AT_MOST_MS) throw new Error('waited in vain');
    await sleep(LOOK_EVERY_MS);
  }
}

/** An event as the server gives it or as it was stored: what matters here has the same names in both. */
export interface HistoryEvent {
  readonly workflowTaskCompletedEventAttributes?: object | null;
  readonly workflowExecutionSignaledEventAttributes?: object | null;
  readonly workflowExecutionUpdateAcceptedEventAttributes?: object | null;
  readonly activityTaskCompletedEventAttributes?: object | null;
  readonly activityTaskCancelRequestedEventAttributes?: object | null;
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType?: { readonly name?: string | null } | null;
  } | null;
}

export function workflowTasks(events: readonly HistoryEvent[]): number {
  return events.filter((event) => isThere(event.workflowTaskCompletedEventAttributes)).length;
}

export function signalsIn(events: readonly HistoryEvent[]): number {
  return events.filter((event) => isThere(event.workflowExecutionSignaledEventAttributes)).length;
}

export function updatesIn(events: readonly HistoryEvent[]): number {
  return events.filter((event) => isThere(event.workflowExecutionUpdateAcceptedEventAttributes)).length;
}

/** The activities in the order in which the workflow asked for them. */
export function scheduledIn(events: readonly HistoryEvent[]): string[] {
  return events.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

/** Activities that have given their answer. */
export function completedIn(events: readonly HistoryEvent[]): number {
  return events.filter((event) => isThere(event.activityTaskCompletedEventAttributes)).length;
}

/** Activities that the workflow called off. */
export function callOffsIn(events: readonly HistoryEvent[]): number {
  return events.filter((event) => isThere(event.activityTaskCancelRequestedEventAttributes)).length;
}

function isThere(attributes: object | null | undefined): boolean {
  return attributes !== null && attributes !== undefined;
}
