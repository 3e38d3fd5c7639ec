/** The run of one statement on a real Temporal server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Activities, StatementDay } from '../../activities/index.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { MatchResult } from '../../store/match.ts';
import { noBreaks } from '../../store/match.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import type { ScriptedWorld } from './scripted-world.ts';
import { scriptedWorld } from './scripted-world.ts';
import { scheduledIn } from './temporal.ts';

const DAY: StatementDay = { accountId: 'wx', kind: 'trade', billDate: '2026-09-03', recheck: 0 };
const NEWS: MatchResult['decisive'] = { fileId: '3', refunds: 1 };

let world: ScriptedWorld;
let steps: string[] = [];

beforeAll(async () => {
  world = await scriptedWorld('statement');
});

beforeEach(() => {
  steps = [];
});

afterAll(async () => {
  await world.close();
});

function matched(decisive: MatchResult['decisive']): MatchResult {
  return {
    refundNo: 14,
    channelRefundNo: 0,
    transactionAmount: 0,
    byPeople: 0,
    breaks: noBreaks(),
    decisive,
  };
}

/** A day whose file comes, is loaded and matched, except where a test says otherwise. */
function usual(o: Partial<Activities> = {}): Partial<Activities> {
  let downloads = 0;
  return {
    fetchStatement: () => {
      downloads += 1;
      steps.push(`fetch ${String(downloads)}`);
      return Promise.resolve({ outcome: 'fetched', uri: `file:${String(downloads)}`, bytes: 10, hash: null });
    },
    loadStatement: (_day, file) => {
      steps.push(`load ${file.uri}`);
      return Promise.resolve({ outcome: 'loaded', fileId: '3', lines: 45 });
    },
    matchStatement: (fileId) => {
      steps.push(`match ${fileId}`);
      return Promise.resolve(matched(NEWS));
    },
    reportMatches: (decisive) => {
      steps.push(`report ${JSON.stringify(decisive)}`);
      return Promise.resolve(1);
    },
    recordEmptyDay: () => {
      steps.push('empty');
      return Promise.resolve({ outcome: 'empty' });
    },
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

/** A fault as the activities give it: retryable as its catalogue says. */
function fault(code: ErrorCode): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: code,
    nonRetryable: !ERRORS[code].retryable,
    nextRetryDelay: 50,
  });
}

describe('a day with a file', () => {
  test('is fetched, loaded, matched, and the refunds for which a line is news are told', async () => {
    const handle = await run(usual());

    expect(await handle.result()).toEqual({ outcome: 'loaded', fileId: '3', lines: 45 });
    expect(steps).toEqual(['fetch 1', 'load file:1', 'match 3', 'report {"fileId":"3","refunds":1}']);
    await keepHistory(handle, 'statement/news-in-rows');
  });

  test('ends with its match where no line is news', async () => {
    const nothing: MatchResult['decisive'] = { fileId: '3', refunds: 0 };

    const handle = await run(usual({ matchStatement: () => Promise.resolve(matched(nothing)) }));

    expect(await handle.result()).toEqual({ outcome: 'loaded', fileId: '3', lines: 45 });
    expect(steps).toEqual(['fetch 1', 'load file:1']);
    await keepHistory(handle, 'statement/without-news');
  });

  test('hands on the names of the refunds where a worker of an older version has matched', async () => {
    const named = [{ refundId: '7', merchantId: 'shop', refundNo: 'RF7' }];
    const older = (): Promise<MatchResult> => Promise.resolve(matched(named as never));

    const handle = await run(usual({ matchStatement: older }));

    expect(await handle.result()).toMatchObject({ outcome: 'loaded' });
    expect(steps.at(-1)).toBe(`report ${JSON.stringify(named)}`);
  });

  test('has half an hour for each step, and a worker that is killed in any of them is noticed within a minute', async () => {
    const handle = await run(usual());
    await handle.result();

    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: step }) =>
      step === undefined || step === null ? [] : [step],
    );
    expect(scheduled).toHaveLength(4);
    for (const step of scheduled) {
      expect(Number(step.heartbeatTimeout?.seconds)).toBe(60);
      expect(Number(step.startToCloseTimeout?.seconds)).toBe(1_800);
    }
  });

  test('F45: that was loaded before is not matched again', async () => {
    const handle = await run(
      usual({ loadStatement: () => Promise.resolve({ outcome: 'same', fileId: '3', lines: 45 }) }),
    );

    expect(await handle.result()).toEqual({ outcome: 'same', fileId: '3', lines: 45 });
    expect(steps).toEqual(['fetch 1']);
    await keepHistory(handle, 'statement/same');
  });

  test('F45: that is there, with nothing left to do, ends with its fetch', async () => {
    const known = { fileId: '3', lines: 45 };
    const handle = await run(
      usual({
        fetchStatement: () =>
          Promise.resolve({ outcome: 'fetched', uri: 'file:1', bytes: 0, hash: null, known }),
      }),
    );

    expect(await handle.result()).toEqual({ outcome: 'same', ...known });
    expect(steps).toEqual([]);
    await keepHistory(handle, 'statement/known');
  });

  test('F97: whose match fails half way is matched again; an error never counts as unmatched', async () => {
    let tries = 0;
    const handle = await run(
      usual({
        matchStatement: () => {
          tries += 1;
          return tries < 3 ? Promise.reject(fault('database_unavailable')) : Promise.resolve(matched(NEWS));
        },
      }),
    );

    expect(await handle.result()).toMatchObject({ outcome: 'loaded' });
    expect(tries).toBe(3);
  });
});

describe('a day without a file', () => {
  test('F41: is asked for until the channel has made it; one without movements is recorded as empty', async () => {
    let asked = 0;
    const handle = await run(
      usual({
        fetchStatement: () => {
          asked += 1;
          return asked < 4
            ? Promise.reject(fault('statement_not_ready'))
            : Promise.resolve({ outcome: 'empty' });
        },
      }),
    );

    expect(await handle.result()).toEqual({ outcome: 'empty' });
    expect(asked).toBe(4);
    expect(scheduledIn((await handle.fetchHistory()).events ?? [])).toEqual([
      'fetchStatement',
      'recordEmptyDay',
    ]);
    await keepHistory(handle, 'statement/empty');
  });
});

describe('a file that cannot be used', () => {
  test.each<ErrorCode>([
    'statement_totals_differ',
    'statement_account_differs',
    'statement_unrecognised',
    'statement_encoding_invalid',
    'statement_too_large',
  ])('I8 I9: because of %s ends the run with that code; nothing is matched', async (code) => {
    const handle = await run(usual({ loadStatement: () => Promise.reject(fault(code)) }));

    await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: code } } });
    expect(steps).toEqual(['fetch 1']);
  });

  test('F56: because its host is not allowed ends the run without a download', async () => {
    const handle = await run(
      usual({ fetchStatement: () => Promise.reject(fault('statement_host_refused')) }),
    );

    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'statement_host_refused' } },
    });
    expect(steps).toEqual([]);
  });
});

describe('F42 F43 F44: a file that did not come whole', () => {
  test.each<ErrorCode>([
    'statement_truncated',
    'statement_corrupt',
    'statement_summary_missing',
    'statement_hash_differs',
  ])('because of %s is downloaded again, not read again', async (code) => {
    let loads = 0;
    const { loadStatement } = usual();
    const handle = await run(
      usual({
        loadStatement: (day, file) => {
          loads += 1;
          if (loads === 1) return Promise.reject(fault(code));
          return loadStatement === undefined
            ? Promise.reject(new Error('no script'))
            : loadStatement(day, file);
        },
      }),
    );

    expect(await handle.result()).toMatchObject({ outcome: 'loaded' });
    expect(steps).toEqual([
      'fetch 1',
      'fetch 2',
      'load file:2',
      'match 3',
      'report {"fileId":"3","refunds":1}',
    ]);
    if (code === 'statement_truncated') await keepHistory(handle, 'statement/downloaded-again');
  });

  test('tells the download how many files before it were not whole, so that it can wait', async () => {
    const told: unknown[] = [];
    let loads = 0;
    const handle = await run(
      usual({
        fetchStatement: (_day, brokenBefore) => {
          told.push(brokenBefore);
          return Promise.resolve({ outcome: 'fetched', uri: 'file:a', bytes: 10, hash: null });
        },
        loadStatement: () => {
          loads += 1;
          return loads < 4
            ? Promise.reject(fault('statement_truncated'))
            : Promise.resolve({ outcome: 'same', fileId: '3', lines: 1 });
        },
      }),
    );

    await handle.result();

    expect(told).toEqual([0, 1, 2, 3]);
  });

  test('whatever is tried ends the run with its code after a bounded number of downloads', async () => {
    const handle = await run(usual({ loadStatement: () => Promise.reject(fault('statement_truncated')) }));

    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'statement_truncated' } },
    });
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.length).toBeLessThanOrEqual(48);
  });

  test('and turns out to be an empty day at the next look is recorded as empty', async () => {
    let fetches = 0;
    const handle = await run(
      usual({
        fetchStatement: () => {
          fetches += 1;
          if (fetches === 2) return Promise.resolve({ outcome: 'empty' });
          return Promise.resolve({ outcome: 'fetched', uri: 'file:a', bytes: 10, hash: null });
        },
        loadStatement: () => Promise.reject(fault('statement_corrupt')),
      }),
    );

    expect(await handle.result()).toEqual({ outcome: 'empty' });
  });
});
