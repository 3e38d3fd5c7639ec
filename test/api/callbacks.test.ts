/** The inbox of callbacks over HTTP: kept before acknowledged, believed only when genuine, counted once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../channels/channel.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW, reportOf } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, newRefundNo } from './calls.ts';

/** The stand-in channel believes what the body says: `{ notice, refund_no, status, amount, event }` or `{ refuse }`. */
interface Said {
  readonly notice?: string;
  readonly refund_no?: string;
  readonly status?: 'success' | 'processing' | 'closed' | 'abnormal';
  readonly amount?: string;
  readonly event?: string;
  readonly refuse?: ErrorCode;
  /** Told apart from other deliveries of the same notice, as encryption does. */
  readonly salt?: number;
}

async function readCallback(message: { readonly body: Buffer }): Promise<CallbackReading> {
  if (message.body.length === 0) return { verdict: 'refused', code: 'callback_unsigned', why: 'no body' };
  const said = JSON.parse(message.body.toString('utf8')) as Said;
  if (said.refuse !== undefined) return { verdict: 'refused', code: said.refuse, why: 'the test says so' };
  const noticeId = said.notice ?? 'n';
  if (said.refund_no === undefined)
    return { verdict: 'unhandled', noticeId, eventType: said.event ?? 'REFUND.NEW' };
  return {
    verdict: 'refund',
    noticeId,
    eventType: said.event ?? 'REFUND.SUCCESS',
    report: reportOf({
      refundNo: said.refund_no,
      status: said.status ?? 'success',
      channelRefundNo: `C${said.refund_no}`.slice(0, 32),
      amountMinor: said.amount === undefined ? 100n : BigInt(said.amount),
      succeededAt: (said.status ?? 'success') === 'success' ? NOW : null,
      landsIn: '招商银行信用卡0403',
    }),
  };
}

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest({ readCallback });
});

afterAll(async () => {
  await api.close();
});

function notify(
  said: Said | Buffer | string,
  account = 'wx-1',
  channel = 'wechat',
  to = api,
): Promise<Answer> {
  return call(to, `/callbacks/${channel}/${account}`, {
    method: 'POST',
    key: null,
    headers: { 'content-type': 'application/json', 'wechatpay-serial': 'S1' },
    body: Buffer.isBuffer(said) || typeof said === 'string' ? said : JSON.stringify(said),
  });
}

async function newRefund(to = api, refundNo = newRefundNo()): Promise<string> {
  await ask(to, {
    refund_no: refundNo,
    payment_no: await newPayment(to),
    amount_minor: '100',
    currency: 'CNY',
  });
  return refundNo;
}

async function stateOf(refundNo: string, of = api): Promise<unknown> {
  const { json } = await call(of, `/v1/refunds/${refundNo}`);
  const { state, state_reason } = json as { state: string; state_reason: string | null };
  return state_reason === null ? state : `${state}: ${state_reason}`;
}

async function kept(where: string, values: unknown[], of = api): Promise<number> {
  const { rows } = await of.database.pool.query<{ n: bigint }>(
    `select count(*) as n from callbacks where ${where}`,
    values,
  );
  return Number(rows[0]?.n);
}

function expectFail(answer: Answer, status: number): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.json).toEqual({ code: 'FAIL', message: expect.any(String) as string });
}

describe('a genuine notice', () => {
  test('is kept as it came, recorded as evidence, told to the workflow and acknowledged without a body', async () => {
    const refundNo = await newRefund();
    const body = Buffer.from(`{ "notice": "${refundNo}-n1",  "refund_no": "${refundNo}" }\n`);

    const answer = await notify(body);

    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(await stateOf(refundNo)).toBe('succeeded');
    const { rows } = await api.database.pool.query<{
      id: bigint;
      body: Buffer;
      headers: Record<string, string>;
    }>('select id, body, headers from callbacks where refund_no = $1 and applied_at is not null', [refundNo]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.body.equals(body)).toBe(true);
    expect(rows[0]?.headers['wechatpay-serial']).toBe('S1');
    const told = api.engine.told.filter((one) => one.refund.refundNo === refundNo);
    expect(told).toEqual([{ refund: { merchantId: 'm1', refundNo }, callbackId: String(rows[0]?.id) }]);
  });

  test('shows in the timeline with what it said', async () => {
    const refundNo = await newRefund();
    await notify({ notice: `${refundNo}-n`, refund_no: refundNo });

    const { json } = await call(api, `/v1/refunds/${refundNo}/observations`);

    expect(json).toEqual({
      refund_no: refundNo,
      observations: [
        {
          kind: 'channel_report',
          source: 'callback',
          ref: `${refundNo}-n`,
          at: NOW.toISOString(),
          facts: {
            status: 'success',
            channel_refund_no: `C${refundNo}`.slice(0, 32),
            amount_minor: '100',
            succeeded_at: NOW.toISOString(),
            lands_in: '招商银行信用卡0403',
          },
        },
      ],
    });
  });

  test('F29 that comes fifteen times counts once and is acknowledged each time', async () => {
    const refundNo = await newRefund();
    const said = { notice: `${refundNo}-n`, refund_no: refundNo };

    const answers = await Promise.all(Array.from({ length: 15 }, (_, salt) => notify({ ...said, salt })));

    expect(answers.map((one) => one.status)).toEqual(Array.from({ length: 15 }, () => 204));
    expect(await kept('refund_no = $1', [refundNo])).toBe(1);
    expect(api.engine.told.filter((one) => one.refund.refundNo === refundNo)).toHaveLength(1);
    const { json } = await call(api, `/v1/refunds/${refundNo}/observations`);
    expect((json as { observations: unknown[] }).observations).toHaveLength(1);
  });

  test('F30 that comes before our own call was answered advances the refund once', async () => {
    const refundNo = await newRefund();
    await notify({ notice: `${refundNo}-n`, refund_no: refundNo });
    const refund = await getRefund(api.database.pool, 'm1', refundNo);
    expect(refund).not.toBeNull();

    await observe(api.database.pool, refund?.id ?? '', [
      { kind: 'attempt_started', source: 'submit', ref: 'attempt-1', at: NOW.toISOString(), attempt: 1 },
      { kind: 'channel_report', source: 'submit', ref: 'r1', at: NOW.toISOString(), status: 'processing' },
    ]);

    expect(await stateOf(refundNo)).toBe('succeeded');
  });

  test('F31 about a refund that nobody knows is kept, and counts when the refund is there', async () => {
    const refundNo = newRefundNo();

    const answer = await notify({ notice: `${refundNo}-n`, refund_no: refundNo });

    expect(answer.status).toBe(204);
    expect(await kept('refund_no = $1 and applied_at is null', [refundNo])).toBe(1);
    expect(api.engine.told.filter((one) => one.refund.refundNo === refundNo)).toEqual([]);
  });

  test('F31 about the refund of another account changes nothing there', async () => {
    const refundNo = await newRefund();

    const answer = await notify({ notice: `${refundNo}-n`, refund_no: refundNo }, 'wx-3');

    expect(answer.status).toBe(204);
    expect(await stateOf(refundNo)).toBe('requested');
  });

  test('F32 of an older step after success takes nothing back', async () => {
    const refundNo = await newRefund();
    await notify({ notice: `${refundNo}-1`, refund_no: refundNo, status: 'success' });

    await notify({ notice: `${refundNo}-2`, refund_no: refundNo, status: 'processing' });

    expect(await stateOf(refundNo)).toBe('succeeded');
  });

  test('F33 of another amount than was asked for goes to a person', async () => {
    const refundNo = await newRefund();

    await notify({ notice: `${refundNo}-1`, refund_no: refundNo, amount: '99' });

    expect(await stateOf(refundNo)).toBe('needs_action: amount_mismatch');
  });

  test('F37 of a kind that nobody foresaw is kept, visible and acknowledged', async () => {
    const answer = await notify({ notice: 'n-new', event: 'REFUND.REVERSED_BY_MARTIANS' });

    expect(answer.status).toBe(204);
    expect(await kept(`verdict = 'unhandled' and event_type = $1`, ['REFUND.REVERSED_BY_MARTIANS'])).toBe(1);
    expect(api.logged.some((line) => line['event_type'] === 'REFUND.REVERSED_BY_MARTIANS')).toBe(true);
  });

  test('F78 is acknowledged while Temporal is away: it is safe already', async () => {
    const refundNo = await newRefund();
    api.engine.away = true;

    const answer = await notify({ notice: `${refundNo}-n`, refund_no: refundNo });

    api.engine.away = false;
    expect(answer.status).toBe(204);
    expect(await stateOf(refundNo)).toBe('succeeded');
  });
});

describe('a notice that is not to be believed', () => {
  test.each<[ErrorCode, number]>([
    ['callback_unsigned', 401],
    ['callback_stale', 401],
    ['callback_key_unknown', 401],
    ['callback_signature_invalid', 401],
    ['callback_undecipherable', 400],
  ])('F35 for %s is refused with %i, kept as refused and not applied', async (code, status) => {
    const refundNo = await newRefund();

    const answer = await notify({ refuse: code, refund_no: refundNo });

    expectFail(answer, status);
    expect(await kept('refusal_code = $1', [code])).toBeGreaterThan(0);
    expect(await stateOf(refundNo)).toBe('requested');
  });

  test('F35 that repeats a notice with other content is refused, and the first one stands', async () => {
    const refundNo = await newRefund();
    const other = await newRefund();
    await notify({ notice: `${refundNo}-n`, refund_no: refundNo });

    expectFail(await notify({ notice: `${refundNo}-n`, refund_no: refundNo, status: 'closed' }), 401);
    expectFail(await notify({ notice: `${refundNo}-n`, refund_no: other }), 401);

    expect(await stateOf(refundNo)).toBe('succeeded');
    expect(await stateOf(other)).toBe('requested');
  });

  test.each([
    ['an account that nobody has', 'wx-9', 'wechat'],
    ['an account under the name of another channel', 'wx-1', 'alipay'],
    ['an account full of signs', '%00%0d%0a', 'wechat'],
    ['the prototype of objects', '__proto__', 'wechat'],
  ])('for %s is not found, and nothing is kept', async (_name, account, channel) => {
    const before = await kept('true', []);

    expectFail(await notify({ notice: 'x', refund_no: 'y' }, account, channel), 404);

    expect(await kept('true', [])).toBe(before);
  });

  test('without a body is refused', async () => {
    expectFail(await notify(''), 401);
    expectFail(await call(api, '/callbacks/wechat/wx-1', { method: 'POST', key: null }), 401);
  });

  test('over the cap is refused unread and kept as that', async () => {
    const small = await apiUnderTest({ readCallback, limits: { callbackBytesMax: 1_000 } });
    try {
      const flood = Buffer.alloc(1_001, 0x20);

      expectFail(await notify(flood, 'wx-1', 'wechat', small), 413);
      expectFail(await notify(flood, 'wx-9', 'wechat', small), 413);

      expect(await kept(`refusal_code = 'body_too_large' and account_id = 'wx-1'`, [], small)).toBe(1);
      expect(await kept('true', [], small)).toBe(1);
    } finally {
      await small.close();
    }
  });

  test('a thousand times over fills no table: so many a minute are kept, the rest is counted', async () => {
    const bounded = await apiUnderTest({ readCallback, limits: { refusedCallbacksPerMinute: 5 } });
    try {
      for (let count = 0; count < 40; count += 1) {
        expectFail(await notify({ refuse: 'callback_signature_invalid' }, 'wx-1', 'wechat', bounded), 401);
      }
      expectFail(await notify({ refuse: 'callback_stale' }, 'wx-2', 'wechat', bounded), 401);
      expect(await kept(`account_id = 'wx-1'`, [], bounded)).toBe(5);
      expect(await kept(`account_id = 'wx-2'`, [], bounded)).toBe(1);

      bounded.clock.wallAt = new Date(NOW.getTime() + 60_000);
      await notify({ refuse: 'callback_stale' }, 'wx-1', 'wechat', bounded);

      expect(await kept(`account_id = 'wx-1'`, [], bounded)).toBe(6);
      expect(bounded.logged).toContainEqual(expect.objectContaining({ account: 'wx-1', dropped: 35 }));
      // A genuine notice is never held back by that.
      const refundNo = await newRefund(bounded);
      expect((await notify({ notice: 'real', refund_no: refundNo }, 'wx-1', 'wechat', bounded)).status).toBe(
        204,
      );
      expect(await stateOf(refundNo, bounded)).toBe('succeeded');
    } finally {
      await bounded.close();
    }
  });

  test('a reader that breaks is our fault: the channel is asked to come again, and hears nothing of the inside', async () => {
    const answer = await notify('this is not what the stand-in reads');

    expectFail(answer, 500);
    expect(answer.text).not.toMatch(/JSON|token|stack/i);
  });
});
