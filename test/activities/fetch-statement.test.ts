/** Asking for a statement until it exists, and keeping it as it came. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fetchStatement } from '../../activities/statement/fetch-statement.ts';
import type { FetchedStatement, StatementDay } from '../../activities/statement/statement-day.ts';
import type { StatementAvailability } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import { ACCOUNT } from '../store/books.ts';
import { chunksOf } from '../statements/plain-statement.ts';
import { deliveryKey, held, unknown } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { attemptOf, toTheEnd, workbench } from './workbench.ts';

const DAY: StatementDay = { accountId: ACCOUNT, kind: 'trade', billDate: '2026-11-24', recheck: 0 };
const HALF_HOUR_MS = 30 * 60_000;
/** The day is over at 16:00 UTC; its statement is due ten hours later. */
const DUE_AT = new Date('2026-11-25T02:00:00Z');
const CONTENT = 'plain,1900000109\ntotal,0,0\n';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(DUE_AT);
  bench.useChannel();
});

afterAll(async () => {
  await bench.close();
});

function ready(content: string | Buffer, hash: { algorithm: 'sha1' | 'sha256'; hex: string } | null = null) {
  return {
    outcome: 'ready',
    ticket: { download: () => Promise.resolve(chunksOf(content, 5)), hash },
  } as const satisfies StatementAvailability;
}

async function contentOf(file: FetchedStatement): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bench.deps.files.open(file.uri)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function fetched(): Promise<FetchedStatement> {
  const { result } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);
  if (result.outcome === 'empty') throw new Error('the day is not empty');
  return result;
}

describe('a statement that the channel has made', () => {
  test('is kept byte for byte, and the hash that the channel gave goes with it', async () => {
    const hash = { algorithm: 'sha1', hex: createHash('sha1').update(CONTENT).digest('hex') } as const;
    bench.channel.script('requestStatement', ready(CONTENT, hash));

    const file = await fetched();

    expect(file).toMatchObject({ outcome: 'fetched', bytes: CONTENT.length, hash });
    expect(await contentOf(file)).toBe(CONTENT);
  });

  test('without a hash is fetched all the same', async () => {
    bench.channel.statements.set(deliveryKey('trade', DAY.billDate), CONTENT);

    expect(await fetched()).toMatchObject({ outcome: 'fetched', hash: null });
  });

  test('F45: that comes twice with the same bytes is kept once', async () => {
    bench.channel.script('requestStatement', ready(CONTENT), ready(CONTENT));

    expect((await fetched()).uri).toBe((await fetched()).uri);
  });

  test('F46: that comes again with other bytes is kept beside the first', async () => {
    bench.channel.script('requestStatement', ready(CONTENT), ready(`${CONTENT}\n`));
    const first = await fetched();

    const second = await fetched();

    expect(second.uri).not.toBe(first.uri);
    expect(await contentOf(first)).toBe(CONTENT);
  });
});

describe('a day without a file', () => {
  test('because nothing happened is empty: final', async () => {
    bench.channel.script('requestStatement', { outcome: 'empty' });

    const { result } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);

    expect(result).toEqual({ outcome: 'empty' });
  });

  test('F41: because the channel is still making it is asked for each half hour', async () => {
    bench.channel.script(
      'requestStatement',
      { outcome: 'creating' },
      { outcome: 'creating' },
      ready(CONTENT),
    );

    const { result, waitsMs } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);

    expect(result.outcome).toBe('fetched');
    expect(waitsMs).toEqual([HALF_HOUR_MS, HALF_HOUR_MS]);
  });

  test('that the channel cannot tell from a late one is taken for empty when the time for files is over', async () => {
    bench.channel.script(
      'requestStatement',
      ...Array.from({ length: 9 }, () => ({ outcome: 'creating', orEmpty: true }) as const),
    );

    const { result, waitsMs } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);

    // Due ten hours after the day, taken for empty after twelve: asked each half hour in between.
    expect(result).toEqual({ outcome: 'empty' });
    expect(waitsMs).toEqual([HALF_HOUR_MS, HALF_HOUR_MS, HALF_HOUR_MS, HALF_HOUR_MS]);
  });

  test('F41: because it is not due yet is not asked for; the wait ends when it is due', async () => {
    bench.clock.set(new Date(DUE_AT.getTime() - 3 * HALF_HOUR_MS));

    const ended = await attemptOf(fetchStatement(bench.deps), [DAY]);

    expect(ended).toMatchObject({
      code: 'statement_not_ready',
      againAfterMs: 3 * HALF_HOUR_MS,
      benign: true,
    });
    expect(bench.channel.calls).toEqual([]);
  });

  test('because the day is not over is not asked for', async () => {
    bench.clock.set(new Date('2026-11-24T15:59:59Z'));

    const ended = await attemptOf(fetchStatement(bench.deps), [DAY]);

    expect(ended).toMatchObject({ code: 'statement_not_ready', againAfterMs: 10 * 3_600_000 + 1_000 });
  });
});

describe('F42: a statement whose file did not come whole before', () => {
  test('is asked for again at once: most often only the download was cut short', async () => {
    bench.channel.script('requestStatement', ready(CONTENT));

    const { attempts } = await toTheEnd(bench, fetchStatement(bench.deps), DAY, 1);

    expect(attempts).toBe(1);
  });

  test.each([2, 3, 40])(
    'for the %d. time is left half an hour, so that the channel can mend it',
    async (times) => {
      bench.channel.script('requestStatement', ready(CONTENT));

      const { result, waitsMs } = await toTheEnd(bench, fetchStatement(bench.deps), DAY, times);

      expect(waitsMs).toEqual([HALF_HOUR_MS]);
      expect(result.outcome).toBe('fetched');
      expect(bench.channel.calls).toEqual(['requestStatement']);
    },
  );
});

describe('a channel that does not hand a statement out', () => {
  test('because it is asked too often is asked when it says, or half an hour later', async () => {
    bench.channel.script(
      'requestStatement',
      held('rate_limited', { retryAfterMs: 9_000 }),
      held('rate_limited'),
      ready(CONTENT),
    );

    const { waitsMs } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);

    expect(waitsMs).toEqual([9_000, HALF_HOUR_MS]);
  });

  test('because our account is refused is asked again: somebody mends the account', async () => {
    bench.channel.script('requestStatement', held('account_config', { code: 'NO_AUTH' }));

    const ended = await attemptOf(fetchStatement(bench.deps), [DAY]);

    expect(ended).toMatchObject({ code: 'channel_config', forGood: false });
    expect(ended.how === 'failure' ? ended.message : '').toContain('NO_AUTH');
  });

  test('because it cannot be reached is asked again', async () => {
    bench.channel.script('requestStatement', unknown('ECONNRESET'));

    const ended = await attemptOf(fetchStatement(bench.deps), [DAY]);

    expect(ended).toMatchObject({ code: 'channel_unreachable', forGood: false });
  });

  test('F56 I13: because it points to a host that is not allowed is given up, and nothing is kept', async () => {
    const download = () =>
      Promise.reject(new AppError('statement_host_refused', { host: '169.254.169.254' }));
    bench.channel.script('requestStatement', { outcome: 'ready', ticket: { download, hash: null } });

    const ended = await attemptOf(fetchStatement(bench.deps), [DAY]);

    expect(ended).toMatchObject({ code: 'statement_host_refused', forGood: true });
  });

  test('F56: whose address has expired is asked for a fresh one', async () => {
    const expired = () => Promise.reject(new AppError('channel_unreachable', { why: '403' }));
    bench.channel.script(
      'requestStatement',
      { outcome: 'ready', ticket: { download: expired, hash: null } },
      ready(CONTENT),
    );

    const { result, attempts } = await toTheEnd(bench, fetchStatement(bench.deps), DAY);

    expect(result.outcome).toBe('fetched');
    expect(attempts).toBe(2);
    expect(bench.channel.calls).toEqual(['requestStatement', 'requestStatement']);
  });

  test('F5: and breaks off in the middle leaves no half file; the next attempt begins again', async () => {
    async function* cut(): AsyncGenerator<Buffer> {
      await Promise.resolve();
      yield Buffer.from(CONTENT.slice(0, 10));
      throw new AppError('channel_unreachable', { why: 'ECONNRESET' });
    }
    const broken = { download: () => Promise.resolve(cut()), hash: null };
    bench.channel.script('requestStatement', { outcome: 'ready', ticket: broken }, ready(CONTENT));

    const file = await fetched();

    expect(await contentOf(file)).toBe(CONTENT);
  });
});
