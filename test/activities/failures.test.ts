/** The activity boundary: what Temporal is told when an attempt does not end well. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { atBoundary, comeBack } from '../../activities/failures.ts';
import { listBillDates } from '../../activities/statement/list-bill-dates.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { AppError } from '../../domain/errors.ts';
import { attemptOf } from './workbench.ts';

async function failureOf(error: unknown): Promise<unknown> {
  return atBoundary(() => Promise.reject(error instanceof Error ? error : new Error(String(error)))).catch(
    (failure: unknown) => failure,
  );
}

function clockAtRate(rate: number): Clock {
  const at = new Date('2026-11-24T02:00:00Z');
  return { now: () => at, wallNow: () => at, toWallMs: (businessMs) => businessMs / rate };
}

describe('a fault of the catalogue', () => {
  test('keeps its code as the type, its message and its cause', async () => {
    const error = new AppError('database_unavailable');

    const failure = await failureOf(error);

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'database_unavailable', message: error.message, cause: error });
  });

  test.each<ErrorCode>([
    'refund_conflict',
    'refund_exceeds_payment',
    'statement_totals_differ',
    'statement_host_refused',
  ])('%s is final: the same request can never succeed', async (code) => {
    expect(await failureOf(new AppError(code))).toMatchObject({ nonRetryable: true });
  });

  test.each<ErrorCode>([
    'database_unavailable',
    'file_store_unavailable',
    'channel_unreachable',
    'statement_truncated',
  ])('%s is tried again: it passes', async (code) => {
    expect(await failureOf(new AppError(code))).toMatchObject({ nonRetryable: false });
  });

  // A workflow that ends over one of these could not be started again under its id, and nobody would carry the refund.
  test.each<ErrorCode>([
    'channel_config',
    'account_unknown',
    'config_invalid',
    'file_missing',
    'schema_outdated',
    'invariant_broken',
  ])('I17: %s is tried again: a person mends it outside the refund', async (code) => {
    expect(await failureOf(new AppError(code))).toMatchObject({ nonRetryable: false });
  });
});

test('an error that the catalogue does not know passes as it is', async () => {
  const error = new TypeError('a bug');

  expect(await failureOf(error)).toBe(error);
});

test('a result passes as it is', async () => {
  expect(await atBoundary(() => Promise.resolve(7))).toBe(7);
});

describe('"come back later"', () => {
  const wait = (o: { afterMs: number; rate: number; floorMs: number }): unknown => {
    const { afterMs, floorMs } = o;
    return comeBack('channel_waiting', { afterMs, floorMs, clock: clockAtRate(o.rate), why: 'not yet' })
      .nextRetryDelay;
  };

  test('waits as long as asked for at rate 1', () => {
    expect(wait({ afterMs: 90_000, rate: 1, floorMs: 40 })).toBe(90_000);
  });

  test('waits in business time, rounded up to whole milliseconds', () => {
    expect(wait({ afterMs: 90_001, rate: 1000, floorMs: 40 })).toBe(91);
  });

  test('never waits less than the floor', () => {
    expect(wait({ afterMs: 60_000, rate: 43_200, floorMs: 40 })).toBe(40);
  });

  test('is no error in the logs, and is never final', () => {
    const failure = comeBack('channel_busy', { afterMs: 1, floorMs: 0, clock: clockAtRate(1), why: 'busy' });

    expect(failure).toMatchObject({ type: 'channel_busy', category: 'BENIGN', nonRetryable: false });
  });
});

describe('the days of a backfill', () => {
  const range = (from: string, to: string) => ({ accountId: 'wx', kind: 'trade' as const, from, to });

  test('are all days from the first to the last, over the end of a leap February', async () => {
    const ended = await attemptOf(listBillDates(), [range('2024-02-28', '2024-03-01')]);

    expect(ended).toEqual({ how: 'result', result: ['2024-02-28', '2024-02-29', '2024-03-01'] });
  });

  test('of a single day are that day', async () => {
    expect(await attemptOf(listBillDates(), [range('2026-11-24', '2026-11-24')])).toMatchObject({
      result: ['2026-11-24'],
    });
  });

  test.each([
    ['ends before it begins', '2026-11-24', '2026-11-23', 'request_invalid'],
    ['is longer than 400 days', '2024-01-01', '2025-02-04', 'request_invalid'],
    ['names a day that does not exist', '2026-02-30', '2026-03-01', 'date_invalid'],
    ['is not written as a day', 'yesterday', '2026-03-01', 'date_invalid'],
  ])('are refused for good when the range %s', async (_what, from, to, code) => {
    expect(await attemptOf(listBillDates(), [range(from, to)])).toMatchObject({ code, forGood: true });
  });

  test('may be 400', async () => {
    const ended = await attemptOf(listBillDates(), [range('2024-01-01', '2025-02-03')]);

    expect(ended.how === 'result' ? ended.result.length : 0).toBe(400);
  });
});
