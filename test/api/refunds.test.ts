/** Asking for refunds and reading them, on a real Postgres. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import { ask, call, newPayment, newRefundNo, problemIn, refundIn, refundRows } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

describe('a refund that is asked for', () => {
  test('is recorded, started and answered with where it can be read', async () => {
    const paymentNo = await newPayment(api);
    const refundNo = newRefundNo();

    const answer = await ask(api, {
      refund_no: refundNo,
      payment_no: paymentNo,
      amount_minor: '2345',
      currency: 'CNY',
      reason: '商品已退货',
    });

    expect(answer.status).toBe(201);
    expect(answer.headers['location']).toBe(`/v1/refunds/${refundNo}`);
    expect(refundIn(answer)).toEqual({
      refund_no: refundNo,
      payment_no: paymentNo,
      account_id: 'wx-1',
      channel: 'wechat',
      amount_minor: '2345',
      currency: 'CNY',
      reason: '商品已退货',
      state: 'requested',
      state_reason: null,
      overdue_level: 0,
      requested_at: NOW.toISOString(),
      goods_received_at: null,
      quote_id: null,
      accepted_at: null,
      succeeded_at: null,
      clearing_date: null,
      flaw: null,
      lands_in: null,
      bank_leg: null,
      arrival_estimate_at: null,
      serials: { refund_no: refundNo, channel_refund_no: null, transaction_id: null },
      proof: expect.arrayContaining([
        expect.objectContaining({
          value: refundNo,
          name: { zh: '商户退款单号', en: expect.any(String) as string },
        }),
      ]) as unknown[],
      window: null,
      shop_promise: {
        business_days_min: 1,
        business_days_max: 3,
        by: '2026-11-27T16:00:00.000Z',
        provisional: false,
        version: '2026-01',
      },
      last_asked_at: null,
      last_answer: null,
      next_step: 'It is put to the channel by itself.',
    });
    const { rows } = await api.database.pool.query<{ id: string }>(
      'select id::text from refunds where refund_no = $1',
      [refundNo],
    );
    const committedId = rows[0]?.id;
    expect(api.engine.started).toContainEqual({ merchantId: 'm1', refundNo, channel: 'wechat', committedId });
    expect((await call(api, `/v1/refunds/${refundNo}`)).json).toEqual(answer.json);
  });

  test('may say when returned goods came back, in any zone and never in the future', async () => {
    const body = { payment_no: await newPayment(api), amount_minor: '5', currency: 'CNY' };
    const refundNo = newRefundNo();
    const told = { ...body, refund_no: refundNo, goods_received_at: '2026-11-20T09:00:00+08:00' };

    const answer = await ask(api, told);

    expect(refundIn(answer).goods_received_at).toBe('2026-11-20T01:00:00.000Z');
    expect((await call(api, `/v1/refunds/${refundNo}`)).json).toEqual(answer.json);
    expect((await ask(api, { ...told, goods_received_at: '2026-11-20T01:00:00Z' })).status).toBe(200);
    problemIn(await ask(api, { ...told, goods_received_at: '2026-11-20T01:00:01Z' }), 'refund_conflict');
    problemIn(await ask(api, { ...body, refund_no: refundNo }), 'refund_conflict');
    const soon = new Date(NOW.getTime() + 1).toISOString();
    problemIn(await ask(api, { ...body, goods_received_at: soon }), 'request_invalid');
    problemIn(await ask(api, { ...body, goods_received_at: '2026-11-20' }), 'request_invalid');
    const now = await ask(api, { ...body, goods_received_at: NOW.toISOString() });
    expect(refundIn(now).goods_received_at).toBe(NOW.toISOString());
  });

  test('may bring its payment along', async () => {
    const paymentNo = `PAY-${randomUUID()}`;

    const answer = await ask(api, {
      payment_no: paymentNo,
      payment: {
        account_id: 'wx-2',
        transaction_id: '4200002026112400000000077',
        captured_minor: '5000',
        currency: 'CNY',
        paid_at: '2026-11-20T10:30:00+08:00',
      },
      amount_minor: '5000',
      currency: 'CNY',
    });

    expect(refundIn(answer).serials.transaction_id).toBe('4200002026112400000000077');
    expect((await call(api, `/v1/payments/${paymentNo}`)).json).toMatchObject({
      account_id: 'wx-2',
      paid_at: '2026-11-20T02:30:00.000Z',
      reserved_minor: '5000',
      refundable_minor: '0',
      funding_source: 'unknown',
      confirmed_at: null,
    });
  });

  test('gets a number that fits every channel when it comes without one', async () => {
    const refund = refundIn(
      await ask(api, { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' }),
    );

    expect(refund.refund_no).toMatch(/^R20261124[0-9]{12}$/);
  });

  test('with a number full of signs is found under its encoded address', async () => {
    const refundNo = `A_-|*@${randomUUID()}`;

    const answer = await ask(api, {
      refund_no: refundNo,
      payment_no: await newPayment(api),
      amount_minor: '1',
      currency: 'CNY',
    });

    expect(answer.status).toBe(201);
    expect((await call(api, answer.headers['location'] ?? '')).json).toEqual(answer.json);
  });

  test('may use up a payment, and not one fen more', async () => {
    const paymentNo = await newPayment(api, '100');
    refundIn(await ask(api, { payment_no: paymentNo, amount_minor: '60', currency: 'CNY' }));
    const before = await refundRows(api);

    const over = await ask(api, { payment_no: paymentNo, amount_minor: '41', currency: 'CNY' });

    problemIn(over, 'refund_exceeds_payment');
    expect(await refundRows(api)).toBe(before);
    refundIn(await ask(api, { payment_no: paymentNo, amount_minor: '40', currency: 'CNY' }));
  });

  test('of a payment older than the channel refunds is refused', async () => {
    const answer = await ask(api, {
      payment_no: `PAY-${randomUUID()}`,
      payment: { account_id: 'wx-1', captured_minor: '1', currency: 'CNY', paid_at: '2025-11-01T00:00:00Z' },
      amount_minor: '1',
      currency: 'CNY',
    });

    problemIn(answer, 'refund_too_late');
  });

  test.each([
    ['a payment that nobody registered', { payment_no: 'PAY-unknown' }, 'payment_unknown'],
    [
      'an account of another merchant',
      { payment_no: 'PAY-x', payment: { account_id: 'wx-3', captured_minor: '1', currency: 'CNY' } },
      'account_unknown',
    ],
    [
      'an account that this process does not serve',
      { payment_no: 'PAY-x', payment: { account_id: 'wx-gone', captured_minor: '1', currency: 'CNY' } },
      'account_unknown',
    ],
  ] as const)('of %s is refused without a row', async (_name, part, code) => {
    const before = await refundRows(api);

    const answer = await ask(api, { amount_minor: '1', currency: 'CNY', ...part });

    problemIn(answer, code);
    expect(await refundRows(api)).toBe(before);
  });

  test('that describes a known payment otherwise is refused', async () => {
    const paymentNo = await newPayment(api);
    const asked = { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' };

    const captured = { account_id: 'wx-1', captured_minor: '99', currency: 'CNY' };
    problemIn(await ask(api, { ...asked, payment: captured }), 'payment_conflict');
    const same = { account_id: 'wx-1', captured_minor: '10000', currency: 'CNY' };
    refundIn(await ask(api, { ...asked, payment: same }));
  });
});

describe('a refund that is asked for on another way than its payment came', () => {
  const accounts = ['wx-1', 'wx-2', 'ali-1', 'ali-2', 'up-1', 'up-2'];
  const ways = accounts.flatMap((came) =>
    accounts.filter((asked) => asked !== came).map((asked) => [came, asked] as const),
  );
  let everyChannel: ApiUnderTest;

  beforeAll(async () => {
    const others = [
      { id: 'ali-1', channel: 'alipay' },
      { id: 'ali-2', channel: 'alipay' },
      { id: 'up-1', channel: 'unionpay' },
      { id: 'up-2', channel: 'unionpay' },
    ] as const;
    everyChannel = await apiUnderTest({ others });
  });

  afterAll(async () => {
    await everyChannel.close();
  });

  test.each(ways)(
    'paid at %s and named for %s: refused, and nothing is recorded or sent',
    async (came, named) => {
      const paymentNo = `PAY-${randomUUID()}`;
      const payment = { captured_minor: '10000', currency: 'CNY' };
      const asked = { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' };
      const first = await ask(everyChannel, { ...asked, payment: { ...payment, account_id: came } });
      expect(refundIn(first).account_id).toBe(came);
      const [rows, started] = [await refundRows(everyChannel), everyChannel.engine.started.length];

      const answer = await ask(everyChannel, { ...asked, payment: { ...payment, account_id: named } });

      problemIn(answer, 'route_not_original');
      expect(await refundRows(everyChannel)).toBe(rows);
      expect(everyChannel.engine.started).toHaveLength(started);
    },
  );
});

describe('a refund that is read', () => {
  test('of another merchant is not there', async () => {
    const refundNo = newRefundNo();
    await ask(api, {
      refund_no: refundNo,
      payment_no: await newPayment(api),
      amount_minor: '1',
      currency: 'CNY',
    });

    problemIn(await call(api, `/v1/refunds/${refundNo}`, { key: api.keys.m2 }), 'refund_unknown');
    problemIn(
      await call(api, `/v1/refunds/${refundNo}/observations`, { key: api.keys.m2 }),
      'refund_unknown',
    );
    problemIn(await call(api, `/v1/refunds/${refundNo}/windows`, { key: api.keys.m2 }), 'refund_unknown');
    const listed = (await call(api, '/v1/refunds', { key: api.keys.m2 })).json;
    expect(listed).toEqual({ refunds: [], next_cursor: null });
  });

  test('that does not exist is unknown, and an impossible number is named', async () => {
    problemIn(await call(api, '/v1/refunds/none'), 'refund_unknown');
    problemIn(await call(api, '/v1/refunds/%00'), 'refund_no_invalid');
    problemIn(await call(api, `/v1/refunds/${encodeURIComponent('退款')}`), 'refund_no_invalid');
  });
});

describe('the list of refunds', () => {
  test('shows each refund once, newest first, however it is cut into pages', async () => {
    const lister = await apiUnderTest();
    try {
      const paymentNo = await newPayment(lister);
      const numbers: string[] = [];
      for (let minute = 0; minute < 7; minute += 1) {
        lister.clock.at = new Date(NOW.getTime() + Math.floor(minute / 2) * 60_000);
        const answer = await ask(lister, { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' });
        numbers.unshift(refundIn(answer).refund_no);
      }

      for (const limit of [1, 2, 3, 7, 200]) expect(await readAll(lister, limit)).toEqual(numbers);
    } finally {
      await lister.close();
    }
  });

  test('can be cut to one state', async () => {
    await ask(api, { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' });

    expect((await call(api, '/v1/refunds?state=settled')).json).toEqual({ refunds: [], next_cursor: null });
    const { json } = await call(api, '/v1/refunds?state=requested&limit=200');
    expect((json as { refunds: unknown[] }).refunds).toHaveLength(await refundRows(api));
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['state=paid', 'state'],
    ['cursor=nonsense', 'cursor'],
    [`cursor=${Buffer.from('1 5').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('2026-99-99T00:00:00.000Z 5').toString('base64url')}`, null],
    ['page=2', null],
  ])('refuses ?%s', async (query, field) => {
    const problem = problemIn(await call(api, `/v1/refunds?${query}`), 'request_invalid');

    if (field !== null) expect(problem.errors?.map((one) => one.pointer)).toEqual([`/${field}`]);
  });
});

async function readAll(from: ApiUnderTest, limit: number): Promise<string[]> {
  const numbers: string[] = [];
  let cursor = '';
  do {
    const { json } = await call(from, `/v1/refunds?limit=${String(limit)}${cursor}`);
    const page = json as { refunds: { refund_no: string }[]; next_cursor: string | null };
    expect(page.refunds.length).toBeLessThanOrEqual(limit);
    numbers.push(...page.refunds.map((one) => one.refund_no));
    cursor = page.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor !== '');
  return numbers;
}
