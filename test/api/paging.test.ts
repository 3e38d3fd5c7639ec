/** Lists in pages: each row once and in order, whatever is added while somebody reads. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;
let paymentNos: readonly string[];

beforeAll(async () => {
  api = await apiUnderTest();
  paymentNos = await Promise.all(Array.from({ length: 6 }, () => newPayment(api)));
});

afterAll(async () => {
  await api.close();
});

let asked = 0;

/** A refund that is asked for so many minutes after NOW. */
async function refundAt(minutes: number): Promise<string> {
  // A channel allows 50 parts of a payment: the payments take turns.
  const payment_no = paymentNos[asked % paymentNos.length];
  asked += 1;
  api.clock.at = new Date(NOW.getTime() + minutes * 60_000);
  return refundIn(await ask(api, { payment_no, amount_minor: '1', currency: 'CNY' })).refund_no;
}

interface Page {
  readonly numbers: readonly string[];
  readonly next: string | null;
  readonly link: string | undefined;
}

async function page(url: string): Promise<Page> {
  const answer = await call(api, url);
  expect(answer.status, answer.text).toBe(200);
  const { refunds, next_cursor: next } = answer.json as {
    refunds: { refund_no: string }[];
    next_cursor: string | null;
  };
  return { numbers: refunds.map((one) => one.refund_no), next, link: answer.headers['link'] };
}

/** Follows cursors to the end; `between` runs after each page but the last. */
async function readAll(
  limit: number,
  between: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  const read: string[] = [];
  let cursor = '';
  for (;;) {
    const { numbers, next } = await page(`/v1/refunds?limit=${String(limit)}${cursor}`);
    read.push(...numbers);
    if (next === null) return read;
    await between();
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

describe('the list of refunds', () => {
  test('shows what was there at the first page once, in order, however many are added while it is read', async () => {
    for (let minute = 0; minute < 9; minute += 1) await refundAt(Math.floor(minute / 3));

    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 7 }),
        // Newer ones, ones of the same instant, and ones whose clock was behind: all may come between two pages.
        fc.array(fc.integer({ min: -2, max: 6 }), { maxLength: 6 }),
        async (limit, minutes) => {
          const before = await readAll(200);
          const left = [...minutes];

          const read = await readAll(limit, async () => {
            const minute = left.shift();
            if (minute !== undefined) await refundAt(minute);
          });

          expect(new Set(read).size, 'no refund twice').toBe(read.length);
          const old = new Set(before);
          expect(read.filter((number) => old.has(number))).toEqual(before);
        },
      ),
      { numRuns: 12 },
    );
  });

  test('links to its next page with all that was asked, and the last page links nowhere', async () => {
    const first = await page('/v1/refunds?state=requested&limit=3');

    expect(first.next).not.toBeNull();
    const link = /^<([^>]+)>; rel="next"$/.exec(first.link ?? '')?.[1] ?? '';
    expect(link.startsWith('/v1/refunds?')).toBe(true);
    expect(Object.fromEntries(new URL(link, 'http://x').searchParams)).toEqual({
      state: 'requested',
      limit: '3',
      cursor: first.next,
    });
    const second = await page(link);
    expect(second.numbers.filter((number) => first.numbers.includes(number))).toEqual([]);
    expect((await page('/v1/refunds?state=settled')).link).toBeUndefined();
  });

  test('keeps its filter from page to page while refunds leave the state', async () => {
    const mine = [await refundAt(20), await refundAt(21), await refundAt(22)];
    const first = await page('/v1/refunds?state=requested&limit=2');
    expect(first.numbers).toEqual([mine[2], mine[1]]);
    const refund = await getRefund(api.database.pool, 'm1', mine[0] ?? '');
    await observe(api.database.pool, refund?.id ?? '', [
      { kind: 'channel_report', source: 'query', ref: 'q1', at: NOW.toISOString(), status: 'processing' },
    ]);

    const second = await page(`/v1/refunds?state=requested&limit=2&cursor=${first.next ?? ''}`);

    expect(second.numbers).not.toContain(mine[0]);
    expect((await page('/v1/refunds?state=processing')).numbers).toEqual([mine[0]]);
  });

  test('of another merchant cannot be entered with a cursor of this one', async () => {
    const { next } = await page('/v1/refunds?limit=1');

    const theirs = await call(api, `/v1/refunds?cursor=${next ?? ''}`, { key: api.keys.m2 });

    expect(theirs.json).toEqual({ refunds: [], next_cursor: null });
  });

  test('refuses cursors that no page gave out, whatever they are, and never breaks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.base64String({ minLength: 1 }),
          fc.string().map((text) => Buffer.from(`2026-11-24T02:30:00.000Z ${text}`).toString('base64url')),
        ),
        async (cursor) => {
          const answer = await call(api, `/v1/refunds?cursor=${encodeURIComponent(cursor)}`);
          if (answer.status !== 200) problemIn(answer, 'request_invalid');
        },
      ),
      { numRuns: 60 },
    );
  });
});
