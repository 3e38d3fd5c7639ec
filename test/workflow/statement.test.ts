/** The statement, overdue and backfill workflows on a real Temporal server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities, StatementDay } from '../../activities/index.ts';
import type { backfill } from '../../workflows/backfill.ts';
import type { overdueSweep } from '../../workflows/overdue-sweep.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { CHANNEL_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import { required } from '../support/required.ts';
import { fakeActivities } from './fake-activities.ts';

let connection: Connection;
let native: NativeConnection;
let bundle: string;

beforeAll(async () => {
  const address = required('YUANLU_TEST_TEMPORAL_ADDRESS');
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  bundle = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');
});

afterAll(async () => {
  await connection.close();
  await native.close();
});

const DAY: StatementDay = { accountId: 'wx', kind: 'trade', billDate: '2026-09-03', recheck: 0 };

/** Queues are fixed names, so each test's workflows run under a task queue of the default namespace in turn. */
async function withWorkers<T>(
  activities: Partial<Activities>,
  work: (client: Client, id: string) => Promise<T>,
): Promise<T> {
  const namespace = `statement-${randomUUID().slice(0, 8)}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await namespaceIsUsable(namespace);
  const options = {
    connection: native,
    namespace,
    activities: { ...fakeActivities().activities, ...activities },
  };
  const workers = await Promise.all([
    Worker.create({ ...options, taskQueue: REFUND_QUEUE, workflowBundle: { code: bundle } }),
    Worker.create({ ...options, taskQueue: CHANNEL_QUEUE }),
    Worker.create({ ...options, taskQueue: STATEMENT_QUEUE }),
  ]);
  const runs = workers.map((worker) => worker.run());
  try {
    return await work(new Client({ connection, namespace }), randomUUID());
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  }
}

async function namespaceIsUsable(namespace: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    try {
      await new Client({ connection, namespace }).workflow.count();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`namespace ${namespace} did not appear`);
}

describe('statementDay', () => {
  test('fetches, loads, matches and tells the refunds for which a line is news', async () => {
    const told: unknown[] = [];
    const news = [{ refundId: '7', merchantId: 'shop', refundNo: 'RF7' }];
    await withWorkers(
      {
        fetchStatement: () => Promise.resolve({ outcome: 'fetched', uri: 'file:a', bytes: 10, hash: null }),
        loadStatement: () => Promise.resolve({ outcome: 'loaded', fileId: '3', lines: 45 }),
        matchStatement: () =>
          Promise.resolve({
            refundNo: 14,
            channelRefundNo: 0,
            transactionAmount: 0,
            breaks: {},
            decisive: news,
          } as never),
        reportMatches: (decisive) => {
          told.push(...decisive);
          return Promise.resolve(decisive.length);
        },
      },
      async (client, workflowId) => {
        const handle = await client.workflow.start<typeof statementDay>('statementDay', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [DAY],
        });

        expect(await handle.result()).toEqual({ outcome: 'loaded', fileId: '3', lines: 45 });
        expect(told).toEqual(news);
        await keepHistory(handle, 'statement/loaded');
      },
    );
  });

  test('F41: asks until the channel has made the file, and records a day without movements as empty', async () => {
    let asked = 0;
    await withWorkers(
      {
        fetchStatement: () => {
          asked += 1;
          if (asked < 4)
            throw ApplicationFailure.create({
              type: 'statement_not_ready',
              message: 'creating',
              nextRetryDelay: 50,
            });
          return Promise.resolve({ outcome: 'empty' });
        },
        recordEmptyDay: () => Promise.resolve({ outcome: 'empty' }),
      },
      async (client, workflowId) => {
        const handle = await client.workflow.start<typeof statementDay>('statementDay', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [DAY],
        });

        expect(await handle.result()).toEqual({ outcome: 'empty' });
        expect(asked).toBe(4);
        await keepHistory(handle, 'statement/empty');
      },
    );
  });

  test('F45: a file that was loaded before is not matched again', async () => {
    await withWorkers(
      {
        fetchStatement: () => Promise.resolve({ outcome: 'fetched', uri: 'file:a', bytes: 10, hash: null }),
        loadStatement: () => Promise.resolve({ outcome: 'same', fileId: '3', lines: 45 }),
      },
      async (client, workflowId) => {
        const handle = await client.workflow.start<typeof statementDay>('statementDay', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [DAY],
        });

        expect(await handle.result()).toEqual({ outcome: 'same', fileId: '3', lines: 45 });
        await keepHistory(handle, 'statement/same');
      },
    );
  });

  test('I8: a file that does not add up ends the run with its code; nothing is matched', async () => {
    await withWorkers(
      {
        fetchStatement: () => Promise.resolve({ outcome: 'fetched', uri: 'file:a', bytes: 10, hash: null }),
        loadStatement: () =>
          Promise.reject(
            ApplicationFailure.create({
              type: 'statement_totals_differ',
              message: 'declared 45, computed 44',
            }),
          ),
      },
      async (client, workflowId) => {
        const handle = await client.workflow.start<typeof statementDay>('statementDay', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [DAY],
        });

        await expect(handle.result()).rejects.toMatchObject({
          cause: { cause: { type: 'statement_totals_differ' } },
        });
      },
    );
  });
});

describe('overdueSweep', () => {
  test('I10: asks the channel about every page of due refunds before it raises any flag', async () => {
    const steps: string[] = [];
    const ref = (id: string) => ({ refundId: id, merchantId: 'shop', refundNo: `RF${id}` });
    await withWorkers(
      {
        findDue: ({ after }) => {
          steps.push(`find after ${after ?? 'the start'}`);
          return Promise.resolve(
            after === null
              ? { refunds: [ref('1'), ref('2')], next: '2' }
              : { refunds: [ref('3')], next: null },
          );
        },
        askChannel: (refunds) => {
          steps.push(`ask about ${String(refunds.length)}`);
          return Promise.resolve(refunds.length);
        },
        flagOverdue: () => {
          steps.push('flag');
          return Promise.resolve({ raised: 2, lifted: 1 });
        },
      },
      async (client, workflowId) => {
        const slot = '2026-09-10T02:00:00.000Z';
        const handle = await client.workflow.start<typeof overdueSweep>('overdueSweep', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [slot],
        });

        expect(await handle.result()).toEqual({ asked: 3, raised: 2, lifted: 1 });
        expect(steps).toEqual(['find after the start', 'ask about 2', 'find after 2', 'ask about 1', 'flag']);
        await keepHistory(handle, 'overdue/flagged');
      },
    );
  });
});

describe('backfill', () => {
  test('runs each day once, at most four at a time, and names the days that failed', async () => {
    let inFlight = 0;
    let most = 0;
    await withWorkers(
      {
        listBillDates: () =>
          Promise.resolve([
            '2026-09-01',
            '2026-09-02',
            '2026-09-03',
            '2026-09-04',
            '2026-09-05',
            '2026-09-06',
          ]),
        fetchStatement: async (day) => {
          inFlight += 1;
          most = Math.max(most, inFlight);
          await new Promise((resolve) => setTimeout(resolve, 100));
          inFlight -= 1;
          if (day.billDate === '2026-09-04')
            throw ApplicationFailure.nonRetryable('an error page', 'statement_unrecognised');
          return { outcome: 'empty' };
        },
        recordEmptyDay: () => Promise.resolve({ outcome: 'empty' }),
      },
      async (client, workflowId) => {
        const handle = await client.workflow.start<typeof backfill>('backfill', {
          taskQueue: REFUND_QUEUE,
          workflowId,
          args: [{ accountId: 'wx', kind: 'trade', from: '2026-09-01', to: '2026-09-06' }],
        });

        expect(await handle.result()).toEqual({
          loaded: 0,
          same: 0,
          empty: 5,
          alreadyRun: 0,
          failed: ['2026-09-04'],
        });
        expect(most).toBeLessThanOrEqual(4);
        await keepHistory(handle, 'backfill/range');
      },
    );
  });
});
