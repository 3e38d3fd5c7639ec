/** What somebody should look at, over HTTP: overdue refunds with their serials, and breaks with both their sides. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import { observe } from '../../store/observations.ts';
import { flagOverdue } from '../../store/overdue.ts';
import { noteSweep } from '../../store/sweeps.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import { ask, call, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

const CALLERS = { m1: 'wx-1', m2: 'wx-3' } as const;

/** A refund of merchant m1 (wx-1) or m2 (wx-3) that the channel took and whose promise is due at `promiseAt`. */
async function promised(
  refundNo: string,
  promiseAt: string,
  alarmAt: string,
  of: 'm1' | 'm2' = 'm1',
): Promise<string> {
  const payment = {
    account_id: CALLERS[of],
    transaction_id: `42000020261120${refundNo}`,
    captured_minor: '500',
    currency: 'CNY',
  };
  const body = {
    refund_no: refundNo,
    payment_no: `PAY-${refundNo}`,
    payment,
    amount_minor: '234',
    currency: 'CNY',
  };
  refundIn(await ask(api, body, { key: api.keys[of] }));
  const id = (await getRefund(api.database.pool, of, refundNo))?.id ?? '';
  await observe(api.database.pool, id, [
    {
      kind: 'channel_report',
      source: 'query',
      ref: 'q1',
      at: '2026-11-23T02:00:00.000Z',
      status: 'processing',
      channelRefundNo: `50300${refundNo}`,
    },
  ]);
  await planWindow(
    api.database.pool,
    id,
    {
      promiseAt: new Date(promiseAt),
      alarmAt: new Date(alarmAt),
      escalateAt: new Date(Date.parse(alarmAt) + 3 * 86_400_000),
      provisional: false,
      windowVersion: 'test',
      calendarRevision: 'test',
      basis: 'source',
    },
    NOW,
  );
  return id;
}

describe('GET /v1/overdue', () => {
  test('F80 says since when nobody sweeps, before any refund has its flag, and the API stays ready', async () => {
    const page = async (): Promise<unknown> => (await call(api, '/v1/overdue')).json;
    const lateMs = 3 * 3_600_000 + 1;
    expect(await page()).toMatchObject({ last_sweep_at: null, flags_may_be_missing: false });
    await promised('R-0', '2026-12-20T16:00:00Z', '2026-12-23T16:00:00Z');
    try {
      api.clock.at = new Date(NOW.getTime() + lateMs);
      expect(await page()).toMatchObject({ last_sweep_at: null, flags_may_be_missing: true });

      const finishedAt = new Date(api.clock.at.getTime() - 60_000);
      await noteSweep(api.database.pool, { slot: NOW, finishedAt });

      expect(await page()).toMatchObject({
        last_sweep_at: finishedAt.toISOString(),
        flags_may_be_missing: false,
      });
      api.clock.at = new Date(finishedAt.getTime() + lateMs);
      expect(await page()).toMatchObject({ overdue: [], flags_may_be_missing: true });
      expect((await call(api, '/readyz')).status).toBe(200);
    } finally {
      api.clock.at = NOW;
    }
  });

  test('lists the longest overdue first, in business days of China, with the serials to quote', async () => {
    // 2026-11-24 is a Tuesday; the promise of R-1 ended with Friday the 20th: Monday and Tuesday are late.
    await promised('R-1', '2026-11-20T16:00:00Z', '2026-11-30T16:00:00Z');
    await promised('R-2', '2026-11-17T16:00:00Z', '2026-11-23T16:00:00Z');
    await promised('R-3', '2026-11-25T16:00:00Z', '2026-11-30T16:00:00Z');
    await flagOverdue(api.database.pool, NOW);

    const { status, json } = await call(api, '/v1/overdue');

    expect(status).toBe(200);
    const { overdue, ...page } = json as { overdue: unknown[] };
    expect(page).toEqual({
      as_of: NOW.toISOString(),
      last_sweep_at: expect.any(String) as string,
      flags_may_be_missing: false,
      next_cursor: null,
    });
    expect(overdue).toEqual([
      expect.objectContaining({
        refund_no: 'R-2',
        account_id: 'wx-1',
        channel: 'wechat',
        amount_minor: '234',
        state: 'processing',
        level: 2,
        level_name: 'alarm',
        promise_at: '2026-11-17T16:00:00.000Z',
        escalate_at: '2026-11-26T16:00:00.000Z',
        days_late: 5,
        situation: 'with_channel',
        asked: { outcome: 'answered', at: '2026-11-23T02:00:00.000Z', said: 'processing' },
        last_asked_at: '2026-11-23T02:00:00.000Z',
        last_answer: 'processing',
        serials: {
          refund_no: 'R-2',
          channel_refund_no: '50300R-2',
          transaction_id: '42000020261120R-2',
        },
      }),
      expect.objectContaining({ refund_no: 'R-1', level: 1, days_late: 2 }),
    ]);
    expect(overdue[0]).toMatchObject({
      proof: [
        {
          name: { en: 'WeChat Pay refund number' },
          value: '50300R-2',
          readers: ['payer_channel', 'payer_bank', 'merchant_channel'],
          for: [{}, { en: "for the payer's bank" }, { zh: '给微信支付商户服务看' }],
          missing: null,
        },
        {},
        {},
      ],
      next_action: { code: 'ask_channel' },
      legal_clocks: {
        counts_from: 'refund_requested',
        clocks: [{ days: 7, counts_from: 'refund_requested' }, { days: 15 }],
      },
    });
    expect(overdue[0]).not.toHaveProperty('messages');
  });

  test('shows one of them with words to send, and says of any other why it is not there', async () => {
    const { status, json } = await call(api, '/v1/overdue/R-2');

    expect(status).toBe(200);
    expect(json).toMatchObject({
      refund_no: 'R-2',
      messages: {
        to_payer: { zh: expect.stringContaining('50300R-2') as string },
        to_channel: { en: expect.stringContaining('5 business days late') as string },
      },
    });
    problemIn(await call(api, '/v1/overdue/R-3'), 'refund_not_overdue');
    problemIn(await call(api, '/v1/overdue/R-99'), 'refund_unknown');
    problemIn(await call(api, '/v1/overdue/R-2', { key: api.keys.m2 }), 'refund_unknown');
  });

  test('is asked for by level and channel, and gone through page by page', async () => {
    const numbersAt = async (query: string) => {
      const { json, headers } = await call(api, `/v1/overdue?${query}`);
      const { overdue, next_cursor: next } = json as {
        overdue: { refund_no: string }[];
        next_cursor: string | null;
      };
      return { numbers: overdue.map((one) => one.refund_no), next, link: headers['link'] };
    };

    expect((await numbersAt('level=alarm')).numbers).toEqual(['R-2']);
    expect((await numbersAt('level=escalated')).numbers).toEqual([]);
    expect((await numbersAt('channel=alipay')).numbers).toEqual([]);
    const first = await numbersAt('channel=wechat&limit=1');
    expect(first.numbers).toEqual(['R-2']);
    expect(first.link).toContain(first.next ?? 'a cursor');
    const second = await numbersAt(`channel=wechat&limit=1&cursor=${first.next ?? ''}`);
    expect(second).toMatchObject({ numbers: ['R-1'], next: null });
    problemIn(await call(api, '/v1/overdue?level=2'), 'request_invalid');
    problemIn(await call(api, '/v1/overdue?cursor=x'), 'request_invalid');
  });

  test('drops a refund as soon as there is evidence, and a flag never is a money state', async () => {
    const id = await promised('R-4', '2026-11-10T16:00:00Z', '2026-11-12T16:00:00Z');
    await flagOverdue(api.database.pool, NOW);
    expect((await call(api, '/v1/refunds/R-4')).json).toMatchObject({
      state: 'processing',
      overdue_level: 3,
    });

    await observe(api.database.pool, id, [
      { kind: 'channel_report', source: 'query', ref: 'q2', at: NOW.toISOString(), status: 'success' },
    ]);
    await flagOverdue(api.database.pool, NOW);

    expect((await call(api, '/v1/refunds/R-4')).json).toMatchObject({ state: 'succeeded', overdue_level: 0 });
    const { json } = await call(api, '/v1/overdue');
    expect(JSON.stringify(json)).not.toContain('R-4');
  });

  test('is cut to the limit, and to the merchant of the key', async () => {
    await promised('R-5', '2026-11-03T16:00:00Z', '2026-11-05T16:00:00Z', 'm2');
    await flagOverdue(api.database.pool, NOW);
    const numbersOf = async (query: string, key?: string): Promise<string[]> => {
      const { json } = await call(api, `/v1/overdue${query}`, key === undefined ? {} : { key });
      return (json as { overdue: { refund_no: string }[] }).overdue.map((one) => one.refund_no);
    };

    expect(await numbersOf('?limit=1')).toEqual(['R-2']);
    expect(await numbersOf('', api.keys.m2)).toEqual(['R-5']);
    problemIn(await call(api, '/v1/overdue?limit=1000'), 'request_invalid');
    problemIn(await call(api, '/v1/overdue?merchant=m2'), 'request_invalid');
  });
});

interface BreakRow {
  readonly kind: string;
  readonly account: string;
  readonly refundNo: string;
  readonly closed?: boolean;
}

/** Breaks as matching leaves them; put in by the owner, because no caller of the API can make one. */
async function insertBreak(row: BreakRow): Promise<string> {
  const { rows } = await api.database.owner.query<{ id: bigint }>(
    `insert into yuanlu.breaks (kind, dedupe_key, account_id, refund_id, refund_no, channel_refund_no, transaction_id, expected_minor,
       currency, occurred_at, status, opened_at, closed_at, closed_reason, closing_evidence)
     values ($1, $2, $3, 1, $4, '50300', null, 234, 'CNY', $5, $6, $5, $7, $8, $9) returning id`,
    [
      row.kind,
      `${row.kind}/${row.refundNo}`,
      row.account,
      row.refundNo,
      NOW,
      row.closed === true ? 'closed' : 'open',
      row.closed === true ? NOW : null,
      row.closed === true ? 'line_found' : null,
      row.closed === true ? '{}' : null,
    ],
  );
  return String(rows[0]?.id);
}

interface Breaks {
  readonly breaks: readonly { readonly id: string; readonly kind: string }[];
  readonly next_cursor: string | null;
}

async function breaksOf(query: string, key = api.keys.m1): Promise<Breaks> {
  const answer = await call(api, `/v1/breaks${query}`, { key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Breaks;
}

describe('GET /v1/breaks', () => {
  const ids: string[] = [];

  beforeAll(async () => {
    ids.push(await insertBreak({ kind: 'missing_at_channel', account: 'wx-1', refundNo: 'B-1' }));
    ids.push(await insertBreak({ kind: 'amount_differs', account: 'wx-1', refundNo: 'B-1' }));
    ids.push(
      await insertBreak({ kind: 'missing_at_channel', account: 'wx-2', refundNo: 'B-2', closed: true }),
    );
    ids.push(await insertBreak({ kind: 'missing_at_channel', account: 'wx-3', refundNo: 'B-3' }));
  });

  test('shows both sides of each difference, oldest first, and only those of the merchant of the key', async () => {
    const mine = await breaksOf('');

    expect(mine.breaks.map((one) => one.id)).toEqual(ids.slice(0, 3));
    expect(mine.breaks[0]).toEqual({
      id: ids[0],
      kind: 'missing_at_channel',
      status: 'open',
      account_id: 'wx-1',
      amount_minor: null,
      expected_minor: '234',
      at_stake_minor: '234',
      currency: 'CNY',
      line: null,
      serials: { refund_no: 'B-1', channel_refund_no: '50300', transaction_id: null },
      occurred_at: NOW.toISOString(),
      opened_at: NOW.toISOString(),
      age_business_days: 0,
      assigned_to: null,
      parked_until: null,
      closed_at: null,
      closed_reason: null,
    });
    expect((await breaksOf('', api.keys.m2)).breaks.map((one) => one.id)).toEqual([ids[3]]);
  });

  test('can be cut by kind, status and refund, one after the other or together', async () => {
    const idsOf = async (query: string): Promise<string[]> =>
      (await breaksOf(query)).breaks.map((one) => one.id);

    expect(await idsOf('?kind=missing_at_channel')).toEqual([ids[0], ids[2]]);
    expect(await idsOf('?status=closed')).toEqual([ids[2]]);
    expect(await idsOf('?refund_no=B-1')).toEqual([ids[0], ids[1]]);
    expect(await idsOf('?refund_no=B-1&kind=amount_differs&status=open')).toEqual([ids[1]]);
    expect(await idsOf('?refund_no=B-3')).toEqual([]);
    expect(await idsOf('?account_id=wx-2')).toEqual([ids[2]]);
    expect(await idsOf('?account_id=wx-3')).toEqual([]);
    expect(await idsOf('?assigned_to=lin.mei')).toEqual([]);
    expect(await idsOf('?parked=true')).toEqual([]);
    expect(await idsOf('?parked=false&kind=amount_differs')).toEqual([ids[1]]);
    for (const kind of BREAK_KINDS) await breaksOf(`?kind=${kind}`);
  });

  test('goes on after its cursor, and links there', async () => {
    const first = await call(api, '/v1/breaks?limit=2');
    const { breaks, next_cursor: next } = first.json as Breaks;

    expect(breaks).toHaveLength(2);
    expect(first.headers['link']).toBe(`</v1/breaks?limit=2&cursor=${next ?? ''}>; rel="next"`);
    const rest = await breaksOf(`?limit=2&cursor=${next ?? ''}`);
    expect(rest).toMatchObject({ breaks: [{ id: ids[2] }], next_cursor: null });
  });

  test.each([
    '?kind=late_at_night',
    '?status=done',
    '?cursor=-1',
    '?cursor=1e3',
    '?limit=0',
    '?account=wx-3',
    '?assigned_to=lin mei',
    '?parked=maybe',
  ])('refuses %s', async (query) => {
    problemIn(await call(api, `/v1/breaks${query}`), 'request_invalid');
  });
});
