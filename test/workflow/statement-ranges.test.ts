/** A large statement on a real Temporal server, with scripted activities: one splits, several load, one joins, one clears. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Activities, StatementDay } from '../../activities/index.ts';
import { rangeWorkflowId, statementWorkflowId } from '../../domain/ids.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { ERRORS } from '../../domain/errors.ts';
import { noBreaks } from '../../store/match.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import type { ScriptedWorld } from './scripted-world.ts';
import { scriptedWorld } from './scripted-world.ts';
import { scheduledIn, until } from './temporal.ts';

const DAY: StatementDay = { accountId: 'wx', kind: 'trade', billDate: '2026-09-04', recheck: 0 };
const RANGES = 12;
const FILE_ID = '5';

let world: ScriptedWorld;
let steps: string[] = [];

beforeAll(async () => {
  world = await scriptedWorld('ranges');
});

beforeEach(() => {
  steps = [];
});

afterAll(async () => {
  await world.close();
});

/** A day whose file is large, and goes through; except where a test says otherwise. */
function usual(o: Partial<Activities> = {}): Partial<Activities> {
  let downloads = 0;
  const say = <T>(step: string, answer: T): Promise<T> => {
    steps.push(step);
    return Promise.resolve(answer);
  };
  return {
    fetchStatement: () => {
      downloads += 1;
      const uri = `file:${String(downloads)}`;
      return say('fetch', { outcome: 'fetched', uri, bytes: 10, hash: null, inRanges: true });
    },
    splitStatement: () => say('split', { outcome: 'cut', fileId: FILE_ID, ranges: RANGES }),
    loadRange: ({ rangeNo }) => say(`range ${String(rangeNo)}`, { outcome: 'loaded', lines: 10 }),
    joinStatement: (_day, file) =>
      say(`join ${file.uri}`, { outcome: 'loaded', fileId: FILE_ID, lines: 120 }),
    loadStatement: () => say('load', { outcome: 'loaded', fileId: '6', lines: 120 }),
    clearSplit: () => say('clear', undefined),
    matchStatement: (fileId) =>
      say(`match ${fileId}`, {
        ...{ refundNo: 1, channelRefundNo: 0, transactionAmount: 0, byPeople: 0 },
        ...{ breaks: noBreaks(), decisive: { fileId, refunds: 0 } },
      }),
    reportMatches: () => say('report', 0),
    recordEmptyDay: () => say('empty', { outcome: 'empty' }),
    ...o,
  };
}

async function run(activities: Partial<Activities>): Promise<WorkflowHandle<typeof statementDay>> {
  world.use(activities);
  return world.client.workflow.start<typeof statementDay>('statementDay', {
    taskQueue: REFUND_QUEUE,
    workflowId: randomUUID(),
    args: [DAY],
  });
}

function fault(code: ErrorCode): ApplicationFailure {
  const nonRetryable = !ERRORS[code].retryable;
  return ApplicationFailure.create({ type: code, message: code, nonRetryable, nextRetryDelay: 50 });
}

/** Runs until it is called off, as a load does that hears of it with its heartbeat. */
async function untilCalledOff(step: string): Promise<never> {
  steps.push(step);
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat();
  }, 50);
  try {
    return await context.cancelled;
  } catch (error) {
    steps.push(`${step} stopped`);
    throw error;
  } finally {
    clearInterval(beat);
  }
}

const childOf = (rangeNo: number): WorkflowHandle =>
  world.client.workflow.getHandle(
    rangeWorkflowId(statementWorkflowId(DAY.accountId, DAY.kind, DAY.billDate), FILE_ID, rangeNo),
  );

describe('a file in ranges', () => {
  test('is split, each range loaded by a workflow of its own, joined, cleared, and matched like any other', async () => {
    const handle = await run(usual());

    expect(await handle.result()).toEqual({ outcome: 'loaded', fileId: FILE_ID, lines: 120 });
    expect(steps.slice(0, 2)).toEqual(['fetch', 'split']);
    expect(steps.slice(2, -3).toSorted()).toEqual(
      Array.from({ length: RANGES }, (_, n) => `range ${String(n + 1)}`).toSorted(),
    );
    expect(steps.slice(-3)).toEqual(['join file:1', 'clear', `match ${FILE_ID}`]);
    expect(scheduledIn((await childOf(1).fetchHistory()).events ?? [])).toEqual(['loadRange']);
    await keepHistory(handle, 'statement/in-ranges');
    await keepHistory(childOf(1), 'statement/range');
  });

  test('that is not one for several workers after all is loaded by one', async () => {
    const handle = await run(
      usual({
        splitStatement: () => {
          steps.push('split');
          return Promise.resolve({ outcome: 'whole' });
        },
      }),
    );

    expect(await handle.result()).toMatchObject({ outcome: 'loaded', fileId: '6' });
    expect(steps).toEqual(['fetch', 'split', 'load', 'match 6']);
    await keepHistory(handle, 'statement/in-ranges-after-all-not');
  });

  test('F45 that was loaded before is not matched again', async () => {
    const handle = await run(
      usual({ joinStatement: () => Promise.resolve({ outcome: 'same', fileId: '3', lines: 120 }) }),
    );

    expect(await handle.result()).toEqual({ outcome: 'same', fileId: '3', lines: 120 });
    expect(steps.at(-1)).toBe('clear');
  });

  test('has at most eight ranges under way at once', async () => {
    let underWay = 0;
    let most = 0;
    const goOn: (() => void)[] = [];
    const handle = await run(
      usual({
        loadRange: async () => {
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise<void>((resolve) => goOn.push(resolve));
          underWay -= 1;
          return { outcome: 'loaded', lines: 10 };
        },
      }),
    );
    await until(() => underWay === 8);
    for (let released = 0; released < RANGES; released += 1) {
      await until(() => goOn.length > 0);
      goOn.shift()?.();
    }

    await handle.result();

    expect(most).toBe(8);
  });

  test('F57 whose worker dies in a range loads that range again, and no other', async () => {
    let tries = 0;
    const { loadRange } = usual();
    const handle = await run(
      usual({
        loadRange: (range) => {
          if (range.rangeNo === 3 && ++tries < 3) return Promise.reject(fault('database_unavailable'));
          if (loadRange === undefined) throw new Error('no script');
          return loadRange(range);
        },
      }),
    );

    await handle.result();

    expect(tries).toBe(3);
    expect(steps.filter((step) => step.startsWith('range'))).toHaveLength(RANGES);
  });
});

describe('a file in ranges that cannot be used', () => {
  test.each<ErrorCode>(['statement_totals_differ', 'statement_account_differs', 'statement_unrecognised'])(
    'I9: because of %s at the join ends the run with that code, cleared, nothing matched',
    async (code) => {
      const handle = await run(usual({ joinStatement: () => Promise.reject(fault(code)) }));

      await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: code } } });
      expect(steps.at(-1)).toBe('clear');
      if (code === 'statement_totals_differ') await keepHistory(handle, 'statement/in-ranges-refused');
    },
  );

  test('because of one of its ranges ends with the code of that range, and the others are stopped before it is cleared', async () => {
    const handle = await run(
      usual({
        loadRange: async ({ rangeNo }) => {
          if (rangeNo !== 2) return untilCalledOff(`range ${String(rangeNo)}`);
          await until(() => steps.filter((step) => step.startsWith('range')).length === 7);
          throw fault('statement_encoding_invalid');
        },
      }),
    );

    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'statement_encoding_invalid' } },
    });
    expect(steps.at(-1)).toBe('clear');
    expect(steps.filter((step) => step.endsWith('stopped'))).toHaveLength(7);
  });

  test.each<ErrorCode>([
    'statement_truncated',
    'statement_corrupt',
    'statement_summary_missing',
    'statement_hash_differs',
  ])('F42 F43 F44: because of %s is downloaded again, before a range was loaded', async (code) => {
    let splits = 0;
    const { splitStatement } = usual();
    const handle = await run(
      usual({
        splitStatement: (day, file) => {
          splits += 1;
          if (splits === 1 || splitStatement === undefined) return Promise.reject(fault(code));
          return splitStatement(day, file);
        },
      }),
    );

    expect(await handle.result()).toMatchObject({ outcome: 'loaded' });
    expect(steps.slice(0, 3)).toEqual(['fetch', 'fetch', 'split']);
    expect(steps).toContain('join file:2');
    if (code === 'statement_truncated') await keepHistory(handle, 'statement/in-ranges-downloaded-again');
  });
});

test('a run that is called off stops its ranges, clears what they left, and ends as called off', async () => {
  const handle = await run(usual({ loadRange: ({ rangeNo }) => untilCalledOff(`range ${String(rangeNo)}`) }));
  await until(() => steps.filter((step) => step.startsWith('range')).length === 8);

  await handle.cancel();

  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  expect(steps.filter((step) => step.endsWith('stopped'))).toHaveLength(8);
  expect(steps.at(-1)).toBe('clear');
  expect(steps).not.toContain('join file:1');
});
