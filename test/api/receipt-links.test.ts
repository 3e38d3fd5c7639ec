/** Links to receipts: made for a payer, opened without a key, and taken back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { NOW, PUBLIC_URL, apiUnderTest } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, newRefundNo, problemIn } from './calls.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(async () => {
  await api.close();
});

const DAY_MS = 86_400_000;

async function newRefund(): Promise<string> {
  const refundNo = newRefundNo();
  const paymentNo = await newPayment(api);
  const body = {
    refund_no: refundNo,
    payment_no: paymentNo,
    amount_minor: '2345',
    currency: 'CNY',
    reason: '已退货',
  };
  expect((await ask(api, body)).status).toBe(201);
  return refundNo;
}

interface Made {
  readonly id: string;
  readonly url: string;
  readonly expires_at: string;
}

async function makeLink(refundNo: string, body: object = {}): Promise<Made> {
  const answer = await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'POST', body });
  expect(answer.status, answer.text).toBe(201);
  return answer.json as Made;
}

function open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return call(api, url.replace(PUBLIC_URL, ''), { key: null, headers });
}

describe('a link to a receipt', () => {
  test('opens the receipt without a key, in Chinese, or in English for whoever reads that', async () => {
    const { url } = await makeLink(await newRefund());
    const chinese = await open(url);
    const english = await open(url, { 'accept-language': 'en-GB,en;q=0.9,zh;q=0.1' });

    expect(chinese.status).toBe(200);
    expect(chinese.text).toContain('商户正在提交退款');
    expect(chinese.text).toContain('示例点卡店');
    expect(english.text).toContain('The merchant is submitting your refund');
    expect((await open(`${url}?lang=en`)).text).toContain('<html lang="en">');
    expect((await open(`${url}?lang=zh`, { 'accept-language': 'en' })).text).toContain('<html lang="zh-CN">');
  });

  test('shows what was learned since', async () => {
    const refundNo = await newRefund();
    const { url } = await makeLink(refundNo);
    const refund = await getRefund(api.database.pool, 'm1', refundNo);
    expect((await open(url)).text).toContain('商户正在提交退款');
    await observe(api.database.pool, refund?.id ?? '', [
      {
        ...{
          kind: 'channel_report',
          source: 'query',
          ref: 'q1',
          at: NOW.toISOString(),
          status: 'processing',
        },
        ...{
          acceptedAt: NOW.toISOString(),
          landsIn: '招商银行信用卡0403',
          channelRefundNo: `503${refundNo.slice(3, 20)}`,
        },
      },
    ]);

    const { text } = await open(url);
    expect(text).toContain('微信支付已受理，退款处理中');
    expect(text).toContain('招商银行信用卡0403');
  });

  test('is not found by machines, tells nobody where the reader came from, and is kept nowhere', async () => {
    const { headers } = await open((await makeLink(await newRefund())).url);

    expect(headers).toMatchObject({
      'x-robots-tag': expect.stringContaining('noindex') as string,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(/^default-src 'none'/) as string,
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  test('opens for as long as was asked for, and no longer', async () => {
    const made = await makeLink(await newRefund(), { expires_in_days: 2 });
    expect(Date.parse(made.expires_at)).toBe(NOW.getTime() + 2 * DAY_MS);
    try {
      api.clock.at = new Date(NOW.getTime() + 2 * DAY_MS - 1_000);
      expect((await open(made.url)).status).toBe(200);
      api.clock.at = new Date(NOW.getTime() + 2 * DAY_MS);
      expect((await open(made.url)).status).toBe(404);
    } finally {
      api.clock.at = NOW;
    }
  });

  test('that is wrong, expired or taken back gives the same page to the byte', async () => {
    const refundNo = await newRefund();
    const expired = await makeLink(refundNo, { expires_in_days: 1 });
    const revoked = await makeLink(refundNo, { expires_in_days: 30 });
    await call(api, `/v1/refunds/${refundNo}/receipt-links/${revoked.id}`, { method: 'DELETE' });
    const [, token = ''] = revoked.url.split('/r/');
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    try {
      api.clock.at = new Date(NOW.getTime() + 1.5 * DAY_MS);
      const wrong = ['x', '', `${token}/x`, 'A'.repeat(55), 'A'.repeat(5_000), forged, '%00', '%zz', "'--"];
      const answers = await Promise.all(
        [expired.url, revoked.url, ...wrong.map((one) => `/r/${one}`)].map((url) => open(url)),
      );

      const [first] = answers;
      for (const answer of answers) {
        expect(answer.status, answer.text).toBe(404);
        expect(answer.text).toBe(first?.text);
        expect(withoutId(answer)).toEqual(first === undefined ? {} : withoutId(first));
      }
    } finally {
      api.clock.at = NOW;
    }
  });

  test('is taken back by its id, or with all others of the refund, or when a new one replaces it', async () => {
    const refundNo = await newRefund();
    const [one, two, three] = [await makeLink(refundNo), await makeLink(refundNo), await makeLink(refundNo)];
    const gone = await call(api, `/v1/refunds/${refundNo}/receipt-links/${one.id}`, { method: 'DELETE' });
    expect(gone.json).toEqual({ revoked: 1 });
    expect([(await open(one.url)).status, (await open(two.url)).status]).toEqual([404, 200]);

    const next = await makeLink(refundNo, { replace: true });
    expect([(await open(two.url)).status, (await open(next.url)).status]).toEqual([404, 200]);

    const all = await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'DELETE' });
    expect(all.json).toEqual({ revoked: 1 });
    expect([(await open(three.url)).status, (await open(next.url)).status]).toEqual([404, 404]);
    problemIn(
      await call(api, `/v1/refunds/${refundNo}/receipt-links/${one.id}`, { method: 'DELETE' }),
      'receipt_link_unknown',
    );
  });

  test('is listed without its address', async () => {
    const refundNo = await newRefund();
    const { id, url } = await makeLink(refundNo);
    const { json, text } = await call(api, `/v1/refunds/${refundNo}/receipt-links`);

    expect(json).toEqual({
      refund_no: refundNo,
      links: [expect.objectContaining({ id, created_by: 'k1', revoked_at: null })],
    });
    expect(text).not.toContain(url.split('/r/')[1]);
  });

  test("is neither made, listed nor taken back by another merchant's key", async () => {
    const refundNo = await newRefund();
    const { url, id } = await makeLink(refundNo);
    const path = `/v1/refunds/${refundNo}/receipt-links`;
    for (const o of [
      { url: path, method: 'POST' as const, body: {} },
      { url: path },
      { url: path, method: 'DELETE' as const },
      { url: `${path}/${id}`, method: 'DELETE' as const },
    ])
      problemIn(await call(api, o.url, { ...o, key: api.keys.m2 }), 'refund_unknown');
    expect((await open(url)).status).toBe(200);
  });

  test.each([
    { expires_in_days: 0 },
    { expires_in_days: 1_097 },
    { expires_in_days: 1.5 },
    { expires_in_days: '30' },
    { replace: 'yes' },
    { forever: true },
  ])('is not made with %j', async (body) => {
    const answer = await call(api, `/v1/refunds/${await newRefund()}/receipt-links`, {
      method: 'POST',
      body,
    });

    problemIn(answer, 'request_invalid');
  });

  test('does not write anything when it is opened', async () => {
    const refundNo = await newRefund();
    const { url } = await makeLink(refundNo);
    const rows = async (): Promise<unknown> =>
      (
        await api.database.owner.query(
          'select r.xmin, k.xmin from refunds r join receipt_links k on k.refund_id = r.id where r.refund_no = $1',
          [refundNo],
        )
      ).rows;
    const before = await rows();
    await open(url);

    expect(await rows()).toEqual(before);
  });

  test('does not stand in the log', async () => {
    const { url } = await makeLink(await newRefund());
    await open(url);

    expect(JSON.stringify(api.logged)).not.toContain(url.split('/r/')[1]);
  });
});

describe('an installation without keys of receipts', () => {
  test('says so, and opens nothing', async () => {
    const bare = await apiUnderTest({ receipts: null });
    try {
      const answer = await call(bare, '/v1/refunds/RF-1/receipt-links', { method: 'POST', body: {} });
      problemIn(answer, 'receipts_not_set_up');
      problemIn(await call(bare, `/r/${'A'.repeat(55)}`, { key: null }), 'not_found');
    } finally {
      await bare.close();
    }
  });
});

function withoutId({ headers }: Answer): object {
  return { ...headers, 'x-request-id': '', date: '' };
}
