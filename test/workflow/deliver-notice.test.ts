/** The way of one webhook on a real Temporal server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import type { deliverNotice } from '../../workflows/deliver-notice.ts';
import { NOTICE_QUEUE, REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import type { ScriptedWorld } from './scripted-world.ts';
import { scriptedWorld } from './scripted-world.ts';
import { scheduledIn } from './temporal.ts';

const NOTICE = { deliveryId: '7', eventId: 'evt_1', endpointId: '3', round: 1 };

let world: ScriptedWorld;

beforeAll(async () => {
  world = await scriptedWorld('notice');
});

afterAll(async () => {
  await world.close();
});

async function deliver(activities: Partial<Activities>): Promise<WorkflowHandle<typeof deliverNotice>> {
  world.use(activities);
  return world.client.workflow.start<typeof deliverNotice>('deliverNotice', {
    taskQueue: REFUND_QUEUE,
    workflowId: randomUUID(),
    args: [NOTICE],
  });
}

test('is tried until the endpoint takes it, in one activity, however often that is', async () => {
  let tries = 0;
  const handle = await deliver({
    postNotice: (notice) => {
      expect(notice).toEqual(NOTICE);
      tries += 1;
      if (tries < 4) throw ApplicationFailure.create({ type: 'webhook_undelivered', nextRetryDelay: 20 });
      return Promise.resolve('delivered');
    },
  });

  expect(await handle.result()).toBe('delivered');
  expect(tries).toBe(4);
  expect(scheduledIn((await handle.fetchHistory()).events ?? [])).toEqual(['postNotice']);
  await keepHistory(handle, 'notice/delivered');
});

test('is given up when no try is left, and that is kept', async () => {
  const handle = await deliver({
    postNotice: () => {
      throw ApplicationFailure.nonRetryable('as after three days', 'webhook_undelivered');
    },
    giveUpNotice: () => Promise.resolve('exhausted'),
  });

  expect(await handle.result()).toBe('exhausted');
  expect(scheduledIn((await handle.fetchHistory()).events ?? [])).toEqual(['postNotice', 'giveUpNotice']);
  await keepHistory(handle, 'notice/given-up');
});

test('waits on a queue of its own, for three days, with pauses of ten seconds up to an hour', async () => {
  const handle = await deliver({ postNotice: () => Promise.resolve('delivered') });
  await handle.result();

  const { events } = await handle.fetchHistory();
  const [step] = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) => one ?? []);
  expect(step?.taskQueue?.name).toBe(NOTICE_QUEUE);
  expect(Number(step?.scheduleToCloseTimeout?.seconds)).toBe(3 * 86_400);
  expect(Number(step?.startToCloseTimeout?.seconds)).toBe(30);
  expect(Number(step?.retryPolicy?.initialInterval?.seconds)).toBe(10);
  expect(Number(step?.retryPolicy?.maximumInterval?.seconds)).toBe(3_600);
  expect(step?.retryPolicy?.maximumAttempts ?? 0).toBe(0);
});
