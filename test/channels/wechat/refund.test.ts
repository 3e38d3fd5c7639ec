import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MCHID, MERCHANT_SERIAL, NOW, ORDER, PUBLIC_KEY_ID, openDesk, signatureOf } from './pay-desk.ts';
import type { Desk, Script } from './pay-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const ACCEPTED = {
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  channel: 'ORIGINAL',
  user_received_account: '招商银行信用卡0403',
  create_time: '2026-11-24T10:30:01+08:00',
  status: 'PROCESSING',
  funds_account: 'UNSETTLED',
  amount: { total: 12_345, refund: 2_345, payer_total: 12_345, payer_refund: 2_300, currency: 'CNY' },
};

function fault(status: number, code: string, headers: Record<string, string> = {}): Script {
  return { status, body: { code, message: '说明' }, sign: null, headers };
}

describe('a refund put to WeChat Pay', () => {
  test('is signed over the very bytes that are sent, Chinese text and quotes included', async () => {
    desk.answer({ body: ACCEPTED });

    await desk.channel().submitRefund(ORDER);

    const [call] = desk.received;
    expect(call?.signatureHolds).toBe(true);
    expect(call?.target).toBe('/v3/refund/domestic/refunds');
    expect(call?.authorization).toMatchObject({ mchid: MCHID, serial_no: MERCHANT_SERIAL });
    expect(call?.authorization['timestamp']).toBe(String(NOW.getTime() / 1_000));
    expect(call?.authorization['nonce_str']).toMatch(/^[0-9A-Za-z]{1,32}$/);
    expect(JSON.parse(call?.body ?? '')).toEqual({
      transaction_id: ORDER.transactionId,
      out_refund_no: ORDER.refundNo,
      reason: ORDER.reason,
      notify_url: 'https://pay.example/callbacks/wechat/wx-1',
      amount: { refund: 2_345, total: 12_345, currency: 'CNY' },
    });
  });

  test('says who we are and which key we can verify', async () => {
    desk.answer({ body: ACCEPTED });

    await desk.channel().submitRefund(ORDER);

    expect(desk.received[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'wechatpay-serial': PUBLIC_KEY_ID,
    });
    expect(desk.received[0]?.headers['user-agent']).toBeTruthy();
  });

  test('names the order by our number where the channel’s is not known', async () => {
    desk.answer({ body: ACCEPTED });

    await desk.channel().submitRefund({ ...ORDER, transactionId: null, reason: null });

    const body = JSON.parse(desk.received[0]?.body ?? '') as object;
    expect(body).toHaveProperty('out_trade_no', ORDER.paymentNo);
    expect(body).not.toHaveProperty('transaction_id');
    expect(body).not.toHaveProperty('reason');
  });

  test('uses a new nonce for every call', async () => {
    desk.answer({ body: ACCEPTED });
    const channel = desk.channel();

    await channel.submitRefund(ORDER);
    await channel.submitRefund(ORDER);

    const nonces = desk.received.map((call) => call.authorization['nonce_str']);
    expect(new Set(nonces).size).toBe(2);
  });

  test('that was accepted is processing, with the channel’s number, time, place and the payer’s part', async () => {
    desk.answer({ body: ACCEPTED });

    expect(await desk.channel().submitRefund(ORDER)).toEqual({
      outcome: 'reported',
      responseId: 'REQ-1',
      report: {
        status: 'processing',
        refundNo: ORDER.refundNo,
        channelRefundNo: ACCEPTED.refund_id,
        transactionId: ORDER.transactionId,
        amountMinor: 2_345n,
        payerAmountMinor: 2_300n,
        acceptedAt: new Date('2026-11-24T02:30:01Z'),
        succeededAt: null,
        landsIn: '招商银行信用卡0403',
      },
    });
  });

  test('a time of success without success is no fact', async () => {
    desk.answer({ body: { ...ACCEPTED, success_time: '0001-01-01T00:00:00Z' } });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({ report: { succeededAt: null } });
  });

  test('a wallet refund may be done before the answer comes', async () => {
    desk.answer({ body: { ...ACCEPTED, status: 'SUCCESS', success_time: '2026-11-24T10:30:02+08:00' } });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      report: { status: 'success', succeededAt: new Date('2026-11-24T02:30:02Z') },
    });
  });

  test('tolerates new fields and refuses wrong types', async () => {
    desk.answer(
      { body: { ...ACCEPTED, brand_new: [1] } },
      { body: { ...ACCEPTED, amount: { total: '1', refund: 2 } } },
    );
    const channel = desk.channel();

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
  });

  test.each([
    ['another refund', { out_refund_no: 'RF2' }],
    ['another amount', { amount: { ...ACCEPTED.amount, refund: 2_346 } }],
    ['another payment', { transaction_id: '4200000000000000000000000001' }],
    ['a status that nobody knows', { status: 'MAYBE' }],
    ['fractions of a fen', { amount: { ...ACCEPTED.amount, refund: 2_345.5 } }],
  ])('an answer about %s is not believed', async (_what, changed) => {
    desk.answer({ body: { ...ACCEPTED, ...changed } });

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });

  test.each([0n, -1n, 2n ** 53n])('I14: %d fen are never sent', async (amountMinor) => {
    await expect(desk.channel().submitRefund({ ...ORDER, amountMinor })).rejects.toMatchObject({
      code: 'amount_invalid',
    });
    expect(desk.received).toEqual([]);
  });

  test.each(['RF 1', '退款', 'a'.repeat(65), ''])('F17: the number "%s" is never sent', async (refundNo) => {
    await expect(desk.channel().submitRefund({ ...ORDER, refundNo })).rejects.toMatchObject({
      code: 'refund_no_invalid',
    });
    expect(desk.received).toEqual([]);
  });
});

describe('an answer that cannot be trusted', () => {
  const good = JSON.stringify(ACCEPTED);
  const untrusted: [string, Script][] = [
    ['F1 no answer', { breaks: 'at once' }],
    ['F5 half an answer', { body: good, breaks: 'half way' }],
    ['F3 a server fault of a gateway', { status: 502, body: '<html>bad gateway</html>', sign: null }],
    ['F3 a fault that names another code', fault(500, 'PARAM_ERROR')],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, sign: null }],
    ['a page instead of an error', { status: 403, body: '<html>forbidden</html>', sign: null }],
    ['F4 no signature', { body: good, sign: null }],
    ['F4 a signature of other bytes', { body: good, sign: () => signatureOf(`${good} `) }],
    [
      'F4 a probe',
      {
        body: good,
        sign: (body) => ({
          ...signatureOf(body),
          'wechatpay-signature': `WECHATPAY/SIGNTEST/${'A'.repeat(300)}`,
        }),
      },
    ],
    [
      'an old signature',
      { body: good, sign: (body) => signatureOf(body, { at: new Date(NOW.getTime() - 301_000) }) },
    ],
    ['no JSON', { body: 'OK' }],
    ['a body over the cap', { body: JSON.stringify({ ...ACCEPTED, pad: 'x'.repeat(1_200_000) }) }],
  ];

  test.each(untrusted)('I7: %s leaves the outcome unknown', async (_what, script) => {
    desk.answer(script);

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });

  test('nothing listens there', async () => {
    const channel = desk.channel({ apiBase: 'http://127.0.0.1:9' });

    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

/** Section 1.7 of the channel's description, written down again. */
const MEANINGS = [
  [500, 'SYSTEM_ERROR', 'unknown'],
  [502, 'SYSTEM_ERROR', 'unknown'],
  [503, 'SOMETHING_NEW', 'unknown'],
  [429, 'FREQUENCY_LIMITED', 'held rate_limited'],
  [429, 'FREQUENCY_LIMIT_EXCEED', 'held rate_limited'],
  [429, 'RATELIMIT_EXCEEDED', 'held rate_limited'],
  [429, 'SOMETHING_NEW', 'held rate_limited'],
  [403, 'NOT_ENOUGH', 'held short_balance'],
  [403, 'USER_ACCOUNT_ABNORMAL', 'held payer_account_closed'],
  [403, 'NO_AUTH', 'held account_config'],
  [403, 'REQUEST_BLOCKED', 'held blocked'],
  [401, 'SIGN_ERROR', 'held account_config'],
  [400, 'PARAM_ERROR', 'refused'],
  [400, 'INVALID_REQUEST', 'refused'],
  [404, 'RESOURCE_NOT_EXISTS', 'refused'],
  [404, 'MCH_NOT_EXISTS', 'held account_config'],
  [400, 'BIZERR_NEED_RETRY', 'unknown'],
  [400, 'TRADE_OVERDUE', 'refused'],
  [400, 'INVALID_REQ_TOO_MUCH', 'held rate_limited'],
  [400, 'REFUND_FEE_MISMATCH', 'refused'],
  [400, 'SYSTEMERROR', 'unknown'],
  [403, 'NOTENOUGH', 'held short_balance'],
  [400, 'SOMETHING_NEW', 'held blocked'],
  [418, 'SOMETHING_NEW', 'held blocked'],
] as const;

describe('each documented code', () => {
  test.each(MEANINGS)('%d %s means %s', async (status, code, meaning) => {
    desk.answer(fault(status, code));

    const answer = await desk.channel().submitRefund(ORDER);

    expect(answer.outcome === 'held' ? `held ${answer.reason}` : answer.outcome).toBe(meaning);
  });

  test('F11: the wait that the channel asks for is kept, in seconds or as a date', async () => {
    const date = new Date(NOW.getTime() + 90_000).toUTCString();
    desk.answer(
      fault(429, 'FREQUENCY_LIMITED', { 'retry-after': '30' }),
      fault(429, 'FREQUENCY_LIMITED', { 'retry-after': date }),
    );
    const channel = desk.channel();

    expect(await channel.submitRefund(ORDER)).toMatchObject({ retryAfterMs: 30_000 });
    expect(await channel.submitRefund(ORDER)).toMatchObject({ retryAfterMs: 90_000 });
  });

  test.each(['soon', '1.5', '-5', '+5', '1e3', '5 s', '2026-11-25', '10000000', ''])(
    'F11: "%s" is no wait that the channel could ask for; the usual one is kept',
    async (text) => {
      desk.answer(fault(429, 'FREQUENCY_LIMITED', { 'retry-after': text }));

      expect(await desk.channel().submitRefund(ORDER)).toMatchObject({ retryAfterMs: null });
    },
  );
});
