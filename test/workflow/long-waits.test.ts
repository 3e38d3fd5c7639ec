/**
 * Days that pass: Temporal's time-skipping test server runs the same workflows with the channel's real waits. One clock
 * for the whole server, so these tests run one after the other.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import type { RefundStanding } from '../../activities/refund/refund-ref.ts';
import { WECHAT_LIMITS } from '../../channels/wechat/limits.ts';
import { findTestServer } from '../../workers/engines/temporal-binary.ts';
import type { refund } from '../../workflows/refund.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { CHANNEL_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../../workflows/task-queues.ts';
import { fakeActivities } from './fake-activities.ts';
import { startOptions } from './refund-world.ts';
import type { HistoryEvent } from './temporal.ts';
import { SEARCH_ATTRIBUTES, connectServer, scheduledIn, workflowTasks } from './temporal.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let environment: TestWorkflowEnvironment;
let bundle: string;

beforeAll(async () => {
  const path = await findTestServer(() => undefined);
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  const server = await connectServer();
  bundle = server.bundle;
  await server.close();
});

afterAll(async () => {
  await environment.teardown();
});

async function withWorkers<T>(activities: Activities, work: () => Promise<T>): Promise<T> {
  const shared = { connection: environment.nativeConnection, activities };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: REFUND_QUEUE, workflowBundle: { code: bundle } }),
    Worker.create({ ...shared, taskQueue: CHANNEL_QUEUE }),
    Worker.create({ ...shared, taskQueue: STATEMENT_QUEUE }),
  ]);
  const runs = Promise.all(workers.map((worker) => worker.run()));
  try {
    return await work();
  } finally {
    for (const worker of workers) worker.shutdown();
    await runs;
  }
}

function comeBackIn(ms: number): ApplicationFailure {
  return ApplicationFailure.create({ type: 'channel_waiting', message: 'not yet', nextRetryDelay: ms });
}

interface Journey {
  readonly state: string;
  readonly days: number;
  readonly events: readonly HistoryEvent[];
}

async function travel(activities: Activities, refundNo: string): Promise<Journey> {
  return withWorkers(activities, async () => {
    const startedAt = await environment.currentTimeMs();
    const handle = await environment.client.workflow.start<typeof refund>('refund', startOptions(refundNo));
    const { state } = await handle.result();
    const days = ((await environment.currentTimeMs()) - startedAt) / DAY_MS;
    return { state, days, events: (await handle.fetchHistory()).events ?? [] };
  });
}

/** Activities of a refund about which the channel is asked so many times, with its own waits in between. */
function askedSoOften(polls: number, refundNo: string): Activities {
  const { activities } = fakeActivities({}, refundNo);
  let asked = 0;
  const { pollLadderMs } = WECHAT_LIMITS;
  return {
    ...activities,
    awaitVerdict: (ref): Promise<RefundStanding> => {
      asked += 1;
      if (asked < polls) throw comeBackIn(pollLadderMs[Math.min(asked, pollLadderMs.length) - 1] ?? HOUR_MS);
      return Promise.resolve({ ...ref, state: 'succeeded', reason: null });
    },
  };
}

describe('P12: the history of a refund', () => {
  test.each([
    [3, 0],
    [30, 3],
  ])(
    'has at most four workflow tasks after %d questions, which take %d days and more',
    async (polls, daysAtLeast) => {
      const refundNo = `POLLS-${String(polls)}`;

      const { state, days, events } = await travel(askedSoOften(polls, refundNo), refundNo);

      expect(state).toBe('succeeded');
      expect(days).toBeGreaterThan(daysAtLeast);
      expect(workflowTasks(events)).toBeLessThanOrEqual(4);
      expect(scheduledIn(events)).toEqual(['confirmPayment', 'submitRefund', 'awaitVerdict']);
    },
  );

  test('is as long after thirty questions as after three', async () => {
    const few = await travel(askedSoOften(3, 'LENGTH-3'), 'LENGTH-3');
    const many = await travel(askedSoOften(30, 'LENGTH-30'), 'LENGTH-30');

    expect(many.events.length).toBe(few.events.length);
  });

  test('F12: does not grow with the days for which the balance is short', async () => {
    const { activities } = fakeActivities({}, 'SHORT');
    let tries = 0;
    const { state, days, events } = await travel(
      {
        ...activities,
        submitRefund: (ref) => {
          tries += 1;
          if (tries <= 100) throw comeBackIn(HOUR_MS / 2);
          return Promise.resolve({ ...ref, state: 'processing', reason: null });
        },
      },
      'SHORT',
    );

    expect(state).toBe('succeeded');
    expect(days).toBeGreaterThan(2);
    expect(workflowTasks(events)).toBeLessThanOrEqual(5);
  });
});

describe('I7 I10: no deadline', () => {
  test('ends a refund that the channel keeps for two months', async () => {
    const refundNo = 'TWO-MONTHS';
    const { activities } = fakeActivities({}, refundNo);
    let asked = 0;
    const { state, days } = await travel(
      {
        ...activities,
        awaitVerdict: (ref) => {
          asked += 1;
          if (asked <= 60) throw comeBackIn(DAY_MS);
          return Promise.resolve({ ...ref, state: 'succeeded', reason: null });
        },
      },
      refundNo,
    );

    expect(state).toBe('succeeded');
    expect(days).toBeGreaterThanOrEqual(60);
  });

  test('ends a refund that waits for a person for ninety days: evidence does', async () => {
    const refundNo = 'HELD';
    const { activities } = fakeActivities({ submitRefund: ['needs_action/blocked'] }, refundNo);

    const end = await withWorkers(activities, async () => {
      const handle = await environment.client.workflow.start<typeof refund>('refund', startOptions(refundNo));
      await environment.sleep(90 * DAY_MS);
      const meanwhile = await handle.query<{ step: string; state: string }>('progress');
      await handle.signal('statementMatched', 'f00d:3');
      return { meanwhile, state: (await handle.result()).state };
    });

    expect(end).toEqual({
      meanwhile: { step: 'held', state: 'needs_action', reason: 'blocked' },
      state: 'succeeded',
    });
  });
});

test('F41: a statement that is asked for on its own day waits for the next morning', async () => {
  const { activities } = fakeActivities();
  let asked = 0;
  const end = await withWorkers(
    {
      ...activities,
      fetchStatement: () => {
        asked += 1;
        if (asked === 1) throw comeBackIn(22 * HOUR_MS);
        if (asked <= 5) throw comeBackIn(HOUR_MS / 2);
        return Promise.resolve({ outcome: 'empty' });
      },
      recordEmptyDay: () => Promise.resolve({ outcome: 'empty' }),
    },
    async () => {
      const startedAt = await environment.currentTimeMs();
      const handle = await environment.client.workflow.start<typeof statementDay>('statementDay', {
        taskQueue: REFUND_QUEUE,
        workflowId: 'statement/wx/trade/2026-11-24',
        args: [{ accountId: 'wx', kind: 'trade', billDate: '2026-11-24', recheck: 0 }],
      });
      const result = await handle.result();
      return { result, hours: ((await environment.currentTimeMs()) - startedAt) / HOUR_MS };
    },
  );

  expect(end.result).toEqual({ outcome: 'empty' });
  expect(end.hours).toBeGreaterThanOrEqual(24);
});
