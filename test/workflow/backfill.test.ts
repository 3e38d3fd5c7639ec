/** Statements of a range of days on a real Temporal server, with scripted activities. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { backfillWorkflowId, statementWorkflowId } from '../../domain/ids.ts';
import { addDays } from '../../domain/time/plain-date.ts';
import type { backfill } from '../../workflows/backfill.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import type { ScriptedWorld } from './scripted-world.ts';
import { scriptedWorld } from './scripted-world.ts';
import { until } from './temporal.ts';

let world: ScriptedWorld;
let accounts = 0;

beforeAll(async () => {
  world = await scriptedWorld('backfill');
});

afterAll(async () => {
  await world.close();
});

function daysFrom(from: string, count: number): string[] {
  return Array.from({ length: count }, (_one, index) => addDays(from, index));
}

interface Range {
  readonly accountId: string;
  readonly dates: readonly string[];
}

/** A range of an account of its own, so that no two tests share a day. */
function rangeOf(count: number): Range {
  accounts += 1;
  return { accountId: `wx-${String(accounts)}`, dates: daysFrom('2026-09-01', count) };
}

async function start(
  range: Range,
  activities: Partial<Activities>,
): Promise<WorkflowHandle<typeof backfill>> {
  const { accountId, dates } = range;
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  world.use({
    listBillDates: () => Promise.resolve(dates),
    recordEmptyDay: () => Promise.resolve({ outcome: 'empty' }),
    ...activities,
  });
  return world.client.workflow.start<typeof backfill>('backfill', {
    taskQueue: REFUND_QUEUE,
    workflowId: backfillWorkflowId(accountId, 'trade', from, to),
    args: [{ accountId, kind: 'trade', from, to }],
  });
}

function dayHandle(range: Range, date: string): WorkflowHandle<typeof statementDay> {
  return world.client.workflow.getHandle<typeof statementDay>(
    statementWorkflowId(range.accountId, 'trade', date),
  );
}

test('runs each day once, at most four at a time, and names the days that failed', async () => {
  let inFlight = 0;
  let most = 0;
  const ran: string[] = [];
  const range = rangeOf(6);
  const handle = await start(range, {
    fetchStatement: async (day) => {
      ran.push(day.billDate);
      inFlight += 1;
      most = Math.max(most, inFlight);
      await sleep(100);
      inFlight -= 1;
      if (day.billDate === '2026-09-04')
        throw ApplicationFailure.nonRetryable('an error page', 'statement_unrecognised');
      return { outcome: 'empty' };
    },
  });

  expect(await handle.result()).toEqual({
    ...{ loaded: 0, same: 0, empty: 5, alreadyRun: 0 },
    failed: ['2026-09-04'],
  });
  expect(most).toBeLessThanOrEqual(4);
  expect(ran.toSorted()).toEqual(range.dates);
  await keepHistory(handle, 'backfill/range');
});

test('counts loaded, known and empty days apart', async () => {
  const handle = await start(rangeOf(3), {
    fetchStatement: (day) =>
      Promise.resolve(
        day.billDate === '2026-09-03'
          ? { outcome: 'empty' }
          : { outcome: 'fetched', uri: 'file:a', bytes: 1, hash: null },
      ),
    loadStatement: (day) =>
      Promise.resolve({ outcome: day.billDate === '2026-09-01' ? 'loaded' : 'same', fileId: '1', lines: 1 }),
    matchStatement: () => Promise.resolve({ decisive: { fileId: '3', refunds: 0 } } as never),
    reportMatches: () => Promise.resolve(0),
  });

  expect(await handle.result()).toEqual({ loaded: 1, same: 1, empty: 1, alreadyRun: 0, failed: [] });
});

test('F81: leaves days alone that ran before, and runs those again that had failed', async () => {
  const range = rangeOf(3);
  const failing = await start(range, {
    fetchStatement: (day) =>
      day.billDate === '2026-09-02'
        ? Promise.reject(ApplicationFailure.nonRetryable('an error page', 'statement_unrecognised'))
        : Promise.resolve({ outcome: 'empty' }),
  });
  const before = await failing.result();
  const fetched: string[] = [];

  const again = await start(range, {
    fetchStatement: (day) => {
      fetched.push(day.billDate);
      return Promise.resolve({ outcome: 'empty' });
    },
  });

  expect(before).toMatchObject({ empty: 2, failed: ['2026-09-02'] });
  expect(await again.result()).toEqual({ loaded: 0, same: 0, empty: 1, alreadyRun: 2, failed: [] });
  expect(fetched).toEqual(['2026-09-02']);
  await keepHistory(again, 'backfill/again');
});

test('of a range that makes no sense fails with its code and starts no day', async () => {
  const range = rangeOf(1);
  const handle = await start(range, {
    listBillDates: () => Promise.reject(ApplicationFailure.nonRetryable('no', 'request_invalid')),
  });

  await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: 'request_invalid' } } });
  await expect(dayHandle(range, '2026-09-01').describe()).rejects.toThrow(/not found/i);
});

test('days that have begun go on when the backfill is called off', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const range = rangeOf(1);
  const handle = await start(range, {
    fetchStatement: async () => {
      await released;
      return { outcome: 'empty' };
    },
  });
  const day = dayHandle(range, '2026-09-01');
  await until(() =>
    day.describe().then(
      () => true,
      () => false,
    ),
  );

  await handle.terminate('called off');
  release();

  expect(await day.result()).toEqual({ outcome: 'empty' });
});

test('that is cancelled ends as cancelled, begins no other day, and can be asked for again', async () => {
  const began: string[] = [];
  const range = rangeOf(6);
  const handle = await start(range, {
    fetchStatement: (day) => {
      began.push(day.billDate);
      const context = Context.current();
      const beat = setInterval(() => {
        context.heartbeat();
      }, 100);
      return context.cancelled.finally(() => {
        clearInterval(beat);
      });
    },
  });
  await until(() => Promise.resolve(began.length === 4));

  await handle.cancel();

  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(began.toSorted()).toEqual(range.dates.slice(0, 4));
  const again = await start(range, { fetchStatement: () => Promise.resolve({ outcome: 'empty' }) });
  await expect(again.result()).resolves.toMatchObject({ empty: 6, failed: [] });
});
