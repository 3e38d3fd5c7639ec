/** The sweep for overdue refunds on a real Temporal server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import type { overdueSweep } from '../../workflows/overdue-sweep.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import type { ScriptedWorld } from './scripted-world.ts';
import { scriptedWorld } from './scripted-world.ts';
import { scheduledIn } from './temporal.ts';

const SLOT = '2026-09-10T02:00:00.000Z';

let world: ScriptedWorld;

beforeAll(async () => {
  world = await scriptedWorld('sweep');
});

afterAll(async () => {
  await world.close();
});

function ref(id: string) {
  return { refundId: id, merchantId: 'shop', refundNo: `RF${id}` };
}

async function sweep(activities: Partial<Activities>): Promise<WorkflowHandle<typeof overdueSweep>> {
  world.use(activities);
  return world.client.workflow.start<typeof overdueSweep>('overdueSweep', {
    taskQueue: REFUND_QUEUE,
    workflowId: randomUUID(),
    args: [SLOT],
  });
}

test('I10: the channel is asked about every page of due refunds before any flag is raised', async () => {
  const steps: string[] = [];
  const handle = await sweep({
    findDue: ({ slot, after }) => {
      steps.push(`find at ${slot} after ${after ?? 'the start'}`);
      return Promise.resolve(
        after === null ? { refunds: [ref('1'), ref('2')], next: '2' } : { refunds: [ref('3')], next: null },
      );
    },
    askChannel: (refunds) => {
      steps.push(`ask about ${String(refunds.length)}`);
      return Promise.resolve(refunds.length);
    },
    flagOverdue: (slot) => {
      steps.push(`flag at ${slot}`);
      return Promise.resolve({ raised: 2, lifted: 1 });
    },
  });

  expect(await handle.result()).toEqual({ asked: 3, raised: 2, lifted: 1 });
  expect(steps).toEqual([
    `find at ${SLOT} after the start`,
    'ask about 2',
    `find at ${SLOT} after 2`,
    'ask about 1',
    `flag at ${SLOT}`,
  ]);
  await keepHistory(handle, 'overdue/flagged');
});

test('with nothing due nobody is asked, and flags that evidence has answered are lifted', async () => {
  const handle = await sweep({
    findDue: () => Promise.resolve({ refunds: [], next: null }),
    flagOverdue: () => Promise.resolve({ raised: 0, lifted: 4 }),
  });

  expect(await handle.result()).toEqual({ asked: 0, raised: 0, lifted: 4 });
  expect(scheduledIn((await handle.fetchHistory()).events ?? [])).toEqual(['findDue', 'flagOverdue']);
  await keepHistory(handle, 'overdue/nothing-due');
});

test('I10: flags are raised although no question got an answer', async () => {
  const handle = await sweep({
    findDue: () => Promise.resolve({ refunds: [ref('1')], next: null }),
    askChannel: () => Promise.resolve(0),
    flagOverdue: () => Promise.resolve({ raised: 1, lifted: 0 }),
  });

  expect(await handle.result()).toEqual({ asked: 0, raised: 1, lifted: 0 });
});

test('a sweep whose worker is away for a moment goes on where it was', async () => {
  let asked = 0;
  const handle = await sweep({
    findDue: () => Promise.resolve({ refunds: [ref('1')], next: null }),
    askChannel: () => {
      asked += 1;
      if (asked === 1) throw ApplicationFailure.create({ type: 'database_unavailable', nextRetryDelay: 50 });
      return Promise.resolve(1);
    },
    flagOverdue: () => Promise.resolve({ raised: 1, lifted: 0 }),
  });

  expect(await handle.result()).toEqual({ asked: 1, raised: 1, lifted: 0 });
});

test('a worker that is killed in any step is noticed within a minute', async () => {
  const handle = await sweep({
    findDue: () => Promise.resolve({ refunds: [ref('1')], next: null }),
    askChannel: () => Promise.resolve(1),
    flagOverdue: () => Promise.resolve({ raised: 1, lifted: 0 }),
  });
  await handle.result();

  const { events } = await handle.fetchHistory();
  const steps = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: step }) =>
    step === undefined || step === null ? [] : [step],
  );
  expect(steps).toHaveLength(3);
  for (const step of steps) expect(Number(step.heartbeatTimeout?.seconds)).toBe(60);
});

test('I16: a sweep has an end, however many refunds are due: the next slot goes on', async () => {
  let pages = 0;
  let flagged = 0;
  const handle = await sweep({
    findDue: () => {
      pages += 1;
      return Promise.resolve({ refunds: [], next: String(pages) });
    },
    flagOverdue: () => {
      flagged += 1;
      return Promise.resolve({ raised: 5_000, lifted: 0 });
    },
  });

  expect(await handle.result()).toMatchObject({ raised: 5_000 });
  expect(pages).toBe(50);
  expect(flagged).toBe(1);
});
