/**
 * Callbacks over real HTTP with WeChat Pay's real signatures and encryption: the genuine one counts, whatever is wrong with
 * the others changes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../workers/engines/free-port.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, newRefundNo, refundIn } from './calls.ts';
import type { WechatShop } from './wechat-shop.ts';
import { noticeBody, signedHeaders, wechatShop } from './wechat-shop.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let api: ApiUnderTest;
let shop: WechatShop;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  shop = await wechatShop(port);
  api = await apiUnderTest({ channel: () => shop.channel });
  await api.app.listen({ host: '127.0.0.1', port });
  url = `http://127.0.0.1:${String(port)}/callbacks/wechat/wx-1`;
});

afterAll(async () => {
  await shop.sandbox.stop();
  await api.close();
});

async function post(
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<Pick<Answer, 'status' | 'text'>> {
  const answer = await fetch(url, { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text() };
}

async function newRefund(): Promise<string> {
  const body = {
    refund_no: newRefundNo(),
    payment_no: await newPayment(api),
    amount_minor: '100',
    currency: 'CNY',
  };
  return refundIn(await ask(api, body)).refund_no;
}

async function stateOf(refundNo: string): Promise<unknown> {
  return ((await call(api, `/v1/refunds/${refundNo}`)).json as { state: string }).state;
}

async function refusalsOf(code: string): Promise<number> {
  const { rows } = await api.database.pool.query<{ n: bigint }>(
    'select count(*) as n from callbacks where refusal_code = $1 and refund_id is null and applied_at is null',
    [code],
  );
  return Number(rows[0]?.n);
}

describe('a notice that WeChat Pay signed', () => {
  test('is believed, and says what it says', async () => {
    const refundNo = await newRefund();
    const body = noticeBody(shop, { refundNo });

    const answer = await post(body, signedHeaders(shop, body));

    expect(answer).toEqual({ status: 204, text: '' });
    expect((await call(api, `/v1/refunds/${refundNo}`)).json).toMatchObject({
      state: 'succeeded',
      lands_in: '招商银行信用卡0403',
      succeeded_at: '2026-11-24T02:29:00.000Z',
    });
  });

  test('F29: repeated with another seal, as WeChat does, is the same notice', async () => {
    const refundNo = await newRefund();
    const parts = { refundNo, noticeId: `notice-${refundNo}` };

    for (let delivery = 0; delivery < 3; delivery += 1) {
      const body = noticeBody(shop, parts);
      expect((await post(body, signedHeaders(shop, body))).status).toBe(204);
    }

    const { json } = await call(api, `/v1/refunds/${refundNo}/observations`);
    expect((json as { observations: unknown[] }).observations).toHaveLength(1);
  });

  test('is believed up to five minutes off on either side of our clock', async () => {
    for (const offMs of [-5 * MINUTE_MS, 5 * MINUTE_MS]) {
      const refundNo = await newRefund();
      const body = noticeBody(shop, { refundNo });

      const answer = await post(body, signedHeaders(shop, body, { at: new Date(NOW.getTime() + offMs) }));

      expect(answer.status).toBe(204);
      expect(await stateOf(refundNo)).toBe('succeeded');
    }
  });

  test('F37: may bring fields and kinds of events that nobody foresaw', async () => {
    const refundNo = await newRefund();
    const richer = noticeBody(shop, { refundNo, more: { fund_channel: 'X', nested: { list: [1] } } });
    const stranger = noticeBody(shop, { refundNo, eventType: 'REFUND.RECALLED' });

    expect((await post(stranger, signedHeaders(shop, stranger))).status).toBe(204);
    expect(await stateOf(refundNo)).toBe('requested');
    expect((await post(richer, signedHeaders(shop, richer))).status).toBe(204);
    expect(await stateOf(refundNo)).toBe('succeeded');
  });
});

type Spoil = (refundNo: string) => { readonly body: string; readonly headers: Record<string, string> };

function spoiltHeader(change: (headers: Record<string, string>) => void): Spoil {
  return (refundNo) => {
    const body = noticeBody(shop, { refundNo });
    const headers = signedHeaders(shop, body);
    change(headers);
    return { body, headers };
  };
}

describe('F35 a notice that is not to be believed', () => {
  const cases: readonly [string, number, string, Spoil][] = [
    [
      'without a signature',
      401,
      'callback_unsigned',
      spoiltHeader((headers) => delete headers['Wechatpay-Signature']),
    ],
    [
      'without a serial',
      401,
      'callback_unsigned',
      spoiltHeader((headers) => delete headers['Wechatpay-Serial']),
    ],
    [
      'with an empty serial',
      401,
      'callback_unsigned',
      spoiltHeader((headers) => (headers['Wechatpay-Serial'] = '')),
    ],
    [
      'with a time that is none',
      401,
      'callback_unsigned',
      spoiltHeader((headers) => (headers['Wechatpay-Timestamp'] = '1e9')),
    ],
    [
      'signed five minutes and a second ago',
      401,
      'callback_stale',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body, headers: signedHeaders(shop, body, { at: new Date(NOW.getTime() - 301_000) }) };
      },
    ],
    [
      'signed in the future',
      401,
      'callback_stale',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body, headers: signedHeaders(shop, body, { at: new Date(NOW.getTime() + 301_000) }) };
      },
    ],
    [
      'of a key that nobody has',
      401,
      'callback_key_unknown',
      spoiltHeader(
        (headers) => (headers['Wechatpay-Serial'] = 'PUB_KEY_ID_0100000000000000000000000000000001'),
      ),
    ],
    [
      'with a signature of other bytes',
      401,
      'callback_signature_invalid',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body, headers: signedHeaders(shop, body, { spoilt: 'wrong' }) };
      },
    ],
    [
      'that is a probe of the channel',
      401,
      'callback_signature_invalid',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body, headers: signedHeaders(shop, body, { spoilt: 'probe' }) };
      },
    ],
    [
      'with one byte changed on the way',
      401,
      'callback_signature_invalid',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body: body.replace('退款成功', '退款失败'), headers: signedHeaders(shop, body) };
      },
    ],
    [
      'that somebody parsed and wrote anew',
      401,
      'callback_signature_invalid',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body: JSON.stringify(JSON.parse(body), null, 1), headers: signedHeaders(shop, body) };
      },
    ],
    [
      'with the headers of another notice',
      401,
      'callback_signature_invalid',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo });
        return { body, headers: signedHeaders(shop, noticeBody(shop, { refundNo: 'RF-other' })) };
      },
    ],
    [
      'sealed with another APIv3 key',
      400,
      'callback_undecipherable',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo, apiV3Key: 'k'.repeat(32) });
        return { body, headers: signedHeaders(shop, body) };
      },
    ],
    [
      'for another merchant number',
      400,
      'callback_account_differs',
      (refundNo) => {
        const body = noticeBody(shop, { refundNo, mchid: '1999999999' });
        return { body, headers: signedHeaders(shop, body) };
      },
    ],
    [
      'that is signed and no notice at all',
      400,
      'callback_undecipherable',
      () => ({ body: '[]', headers: signedHeaders(shop, '[]') }),
    ],
  ];

  test.each(cases)(
    '%s is refused with %i as %s, kept as that, and changes nothing',
    async (_name, status, code, make) => {
      const refundNo = await newRefund();
      const { body, headers } = make(refundNo);
      const before = await refusalsOf(code);

      const answer = await post(body, headers);

      expect(answer.status, answer.text).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'FAIL' });
      expect(await refusalsOf(code)).toBe(before + 1);
      expect(await stateOf(refundNo)).toBe('requested');
      expect(api.engine.told.filter((one) => one.refund.refundNo === refundNo)).toEqual([]);
    },
  );

  test('is logged with its reason and account, and without anything that it was sealed with', async () => {
    const body = noticeBody(shop, { refundNo: await newRefund() });

    await post(body, signedHeaders(shop, body, { spoilt: 'wrong' }));

    expect(api.logged).toContainEqual(expect.objectContaining({ code: 'callback_signature_invalid' }));
    const log = JSON.stringify(api.logged);
    expect(log).not.toContain(shop.keys.apiV3Key);
    expect(log).not.toContain('PRIVATE KEY');
  });
});

describe('F36 a platform certificate that was exchanged overnight', () => {
  /** Puts a refund to the sandbox and moves on until its notice was sent; gives back what our answers were. */
  async function refundAtSandbox(): Promise<readonly (number | null)[]> {
    const refundNo = await newRefund();
    const order = shop.sandbox.pay({ paymentNo: `ORD-${refundNo}`.slice(0, 32), amountMinor: 10_000n });
    await shop.channel.submitRefund({
      refundNo,
      paymentNo: order.paymentNo,
      transactionId: order.transactionId,
      paidAt: order.paidAt,
      requestedAt: shop.clock.at,
      amountMinor: 100n,
      capturedMinor: 10_000n,
      currency: 'CNY',
      reason: null,
    });
    await passADay();
    return statusesOf(refundNo);
  }

  function statusesOf(refundNo: string): (number | null)[] {
    return shop.sandbox
      .deliveries()
      .filter((one) => one.refundNo === refundNo)
      .map((one) => one.status);
  }

  async function passADay(): Promise<void> {
    shop.clock.at = new Date(shop.clock.at.getTime() + DAY_MS);
    await shop.sandbox.runDue();
  }

  async function repeated(refundNo: string, times: number): Promise<readonly (number | null)[]> {
    const giveUpAt = Date.now() + 5_000;
    while (statusesOf(refundNo).length < times && Date.now() < giveUpAt) {
      await passADay();
      await sleep(20);
    }
    return statusesOf(refundNo);
  }

  test('is fetched when its serial is first seen; until then the channel is asked to repeat, and nothing is lost', async () => {
    shop.sandbox.signCallbacksWith('certificate');

    expect(await refundAtSandbox()).toEqual([204]);

    // A minute has not passed since the list was asked for: whoever names random serials causes no calls.
    shop.sandbox.rotatePlatformCertificate();
    expect((await refundAtSandbox())[0]).toBe(401);
    const waiting = shop.sandbox.deliveries().at(-1)?.refundNo ?? '';
    expect(await stateOf(waiting)).toBe('requested');

    shop.clock.wallAt = new Date(NOW.getTime() + 2 * MINUTE_MS);
    const statuses = await repeated(waiting, 2);

    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(204);
    expect(await stateOf(waiting)).toBe('succeeded');
    // Both kinds of keys stay valid side by side.
    shop.sandbox.signCallbacksWith('public_key');
    expect(await refundAtSandbox()).toEqual([204]);
  });
});
