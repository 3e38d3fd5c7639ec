/** Small rules of composing a process: who waits for whom, how many at once, and what is said of servers that are not there. */
import '../support/quiet-temporal.ts';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import { INGEST_CONNECTIONS } from '../../workers/config.ts';
import { sleepUntil, virtualClock } from '../../workers/clock.ts';
import { aboutDatabase, aboutNamespace } from '../../workers/not-there.ts';
import { startEach } from '../../workers/scheduler/start-each.ts';
import { activitySlots } from '../../workers/worker.ts';
import { downloadThroughSdk } from '../../workers/engines/sdk-download.ts';

describe('the activities of a worker', () => {
  test('that hold a connection are never more than there are connections for them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 200 }), (pool) => {
        const { refunds, calls, statements } = activitySlots(pool);

        expect(refunds).toBeGreaterThanOrEqual(1);
        expect(refunds).toBeLessThan(pool - INGEST_CONNECTIONS);
        expect(statements).toBeGreaterThanOrEqual(1);
        expect(statements).toBeLessThan(INGEST_CONNECTIONS);
        expect(calls).toBeGreaterThan(refunds);
      }),
    );
  });
});

describe('many small starts', () => {
  const away = new AppError('temporal_unavailable');

  test('are all tried, once each, and those that fail hold up nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer(), { maxLength: 60 }), fc.integer(), async (items, salt) => {
        const fails = (item: number): boolean => ((item ^ salt) & 3) === 0;
        const [tried, failed]: number[][] = [[], []];

        const started = await startEach(items, {
          start: async (item) => {
            tried?.push(item);
            if (fails(item)) throw new Error('refused');
            return item % 2 === 0;
          },
          failed: (item) => failed?.push(item),
        });

        expect(tried?.toSorted()).toEqual(items.toSorted());
        expect(failed?.toSorted()).toEqual(items.filter(fails).toSorted());
        expect(started).toBe(items.filter((item) => !fails(item) && item % 2 === 0).length);
      }),
    );
  });

  test('end soon when the server is away: not everybody is asked in vain', async () => {
    let asked = 0;

    const starting = startEach(
      Array.from({ length: 200 }, (_, index) => index),
      {
        start: async () => {
          asked += 1;
          throw away;
        },
        failed: () => {
          throw new Error('nobody is told of a single item');
        },
      },
    );

    await expect(starting).rejects.toBe(away);
    expect(asked).toBeLessThan(20);
  });
});

describe('a wait on a virtual clock', () => {
  const clockAt = (rate: number) => virtualClock({ originMs: 0, epochMs: Date.now(), rate });

  test('of a business day is as much shorter as the clock is faster', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 10 ** 12 }),
        (rate, ms) => {
          expect(clockAt(rate).toWallMs(ms) * rate).toBeCloseTo(ms, 2);
        },
      ),
    );
  });

  test('ends when the instant has come, at once when it is past', async () => {
    const clock = clockAt(86_400);
    const due = new Date(clock.now().getTime() + 3_600_000);

    await sleepUntil(clock, due);

    // Timers of the host may be a millisecond early; at this rate that is a minute and a half.
    expect(clock.now().getTime()).toBeGreaterThan(due.getTime() - 2 * 86_400);
    await sleepUntil(clock, new Date(0));
  });

  test('can be called off', async () => {
    const abort = new AbortController();
    const waiting = sleepUntil(clockAt(1), new Date(3_600_000), abort.signal);

    abort.abort();

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('what is said of servers', () => {
  const url = 'postgres://somebody:s3cret@db.internal/books';

  test('names the database and never its password', () => {
    const said = aboutDatabase(new AppError('database_unavailable'), url) as AppError;

    expect(said.details).toEqual({
      database: 'db.internal:5432/books',
      remedy: 'Start Postgres, or correct YUANLU_DATABASE_URL.',
    });
    expect(JSON.stringify(said.details)).not.toContain('s3cret');
  });

  test('leaves alone what is no matter of the configuration', () => {
    const others = [new Error('a bug'), new AppError('schema_outdated'), 'text', null];

    for (const other of others) {
      expect(aboutDatabase(other, url)).toBe(other);
      expect(aboutNamespace(other, 'default')).toBe(other);
    }
  });

  test('knows a missing namespace, however deep the SDK wrapped it', () => {
    const inner = Object.assign(new Error('5 NOT_FOUND'), { code: 5 });

    for (const error of [inner, new Error('wrapped', { cause: new Error('again', { cause: inner }) })])
      expect(aboutNamespace(error, 'books')).toMatchObject({ code: 'config_invalid' });
  });
});

describe('the SDK’s own downloader', () => {
  const before = process.env['HTTPS_PROXY'];
  afterEach(() => {
    if (before === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = before;
  });

  test('that reaches nobody says why and leaves nothing running', async () => {
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:1';

    const downloading = downloadThroughSdk({
      ...{ server: 'dev-server', version: 'v1.9.1', folder: '/nonexistent' },
    });

    await expect(downloading).rejects.toThrow(/error|failed|download/i);
  }, 30_000);
});
