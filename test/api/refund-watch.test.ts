/** The one loop behind all callers that wait: how often it looks, and who hears what. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RefundWatch, Waited } from '../../api/refund-watch.ts';
import { refundWatch } from '../../api/refund-watch.ts';
import { AppError } from '../../domain/errors.ts';

const LIMITS = { everyMs: 20, waitersMax: 2_000, waitersPerMerchantMax: 1_500 };

/** Marks that a test turns, with a record of the questions. */
function books() {
  const marks = new Map<string, string>();
  const asked: (readonly string[])[] = [];
  let active = 0;
  const seen = { most: 0 };
  const read = async (ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    asked.push(ids);
    active += 1;
    seen.most = Math.max(seen.most, active);
    await sleep(5);
    active -= 1;
    return new Map(ids.flatMap((id) => (marks.has(id) ? [[id, marks.get(id) ?? '']] : [])));
  };
  return { marks, asked, seen, read };
}

function waitFor(
  watch: RefundWatch,
  refundId: string,
  o: { ms?: number; signal?: AbortSignal } = {},
): Promise<Waited> {
  return watch.wait({
    ...{ merchantId: 'm1', refundId, mark: 'a', timeoutMs: o.ms ?? 5_000 },
    signal: o.signal ?? new AbortController().signal,
  });
}

describe('callers that wait', () => {
  test('however many, are served by one question at a time, each refund named once in it', async () => {
    const { marks, asked, seen, read } = books();
    const watch = refundWatch(read, LIMITS);
    for (let id = 0; id < 10; id += 1) marks.set(String(id), 'a');

    const waiting = Array.from({ length: 1_000 }, (_none, index) => waitFor(watch, String(index % 10)));
    await sleep(200);
    marks.set('3', 'b');

    const heard = await waiting[3];
    expect(heard).toEqual('changed');
    expect(seen.most).toBe(1);
    expect(asked.length).toBeLessThan(15);
    expect(asked[0]).toHaveLength(10);
    watch.close();
    const ends = await Promise.all(waiting);
    expect(ends.filter((one) => one === 'changed')).toHaveLength(100);
  });

  test('are none when nobody is left, and then nothing is asked', async () => {
    const { marks, asked, read } = books();
    const watch = refundWatch(read, LIMITS);
    marks.set('1', 'a');
    const leaving = new AbortController();
    const waiting = [waitFor(watch, '1', { ms: 50 }), waitFor(watch, '1', { signal: leaving.signal })];
    await sleep(100);
    leaving.abort();

    expect(await Promise.all(waiting)).toEqual(['ended', 'ended']);
    await sleep(60);
    const { length } = asked;
    await sleep(100);
    expect(asked).toHaveLength(length);
  });

  test('hear what went wrong with the look, and the next callers are served again', async () => {
    const { marks, read } = books();
    let away = true;
    const watch = refundWatch(async (ids) => {
      if (away) throw new AppError('database_unavailable');
      return read(ids);
    }, LIMITS);
    marks.set('1', 'b');

    await expect(waitFor(watch, '1')).rejects.toMatchObject({ code: 'database_unavailable' });
    away = false;

    expect(await waitFor(watch, '1')).toEqual('changed');
  });

  test('of one merchant leave room for those of the others', async () => {
    const { read } = books();
    const watch = refundWatch(read, { everyMs: 1_000, waitersMax: 3, waitersPerMerchantMax: 2 });
    const own = [waitFor(watch, '1'), waitFor(watch, '2')];

    await expect(waitFor(watch, '3')).rejects.toMatchObject({ code: 'rate_limited' });
    const other = watch.wait({
      ...{ merchantId: 'm2', refundId: '9', mark: 'a', timeoutMs: 5_000 },
      signal: new AbortController().signal,
    });
    watch.close();

    expect(await Promise.all([...own, other])).toEqual(Array.from({ length: 3 }, () => 'ended'));
  });

  test('do not wait once the server is ending', async () => {
    const watch = refundWatch(books().read, LIMITS);
    watch.close();

    expect(await waitFor(watch, '1')).toEqual('ended');
  });
});
