/**
 * The client against the channel's own host name, which no part of ours can be: msw answers in its place and lets nothing
 * out. What a loopback server can show is shown in the other tests.
 */
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLOCK, ORDER, accountAt, signatureOf } from './pay-desk.ts';
import { wechatChannel } from '../../../channels/wechat/wechat-channel.ts';
import { randomBytes } from 'node:crypto';

const HOST = 'https://api.mch.weixin.qq.com';
const REFUNDS = `${HOST}/v3/refund/domestic/refunds`;

const server = setupServer();
beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
});
afterEach(() => {
  server.resetHandlers();
});
afterAll(() => {
  server.close();
});

const channel = wechatChannel({ ...accountAt(HOST), apiBase: HOST }, { clock: CLOCK, randomBytes });

const ACCEPTED = JSON.stringify({
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  status: 'PROCESSING',
  create_time: '2026-11-24T10:30:01+08:00',
  amount: { total: 12_345, refund: 2_345 },
});

describe('the main host of WeChat Pay', () => {
  test('is called over https, and its signed answer is believed', async () => {
    server.use(http.post(REFUNDS, () => new HttpResponse(ACCEPTED, { headers: signatureOf(ACCEPTED) })));

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
  });

  test('I1 I6: whatever the network does, each attempt carries the same number and the same amount', async () => {
    const sent: unknown[] = [];
    let attempt = 0;
    server.use(
      http.post(REFUNDS, async ({ request }) => {
        sent.push(await request.json());
        attempt += 1;
        if (attempt === 1) return HttpResponse.error();
        if (attempt === 2) return new HttpResponse('<html>', { status: 503 });
        return new HttpResponse(ACCEPTED, { headers: signatureOf(ACCEPTED) });
      }),
    );

    const outcomes = [];
    for (let round = 0; round < 3; round += 1) outcomes.push((await channel.submitRefund(ORDER)).outcome);

    expect(outcomes).toEqual(['unknown', 'unknown', 'reported']);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  test('does not send a refund where a redirect points', async () => {
    let elsewhere = 0;
    server.use(
      http.post(
        REFUNDS,
        () => new HttpResponse(null, { status: 307, headers: { location: 'https://evil.example/' } }),
      ),
      http.all('https://evil.example/', () => {
        elsewhere += 1;
        return new HttpResponse(ACCEPTED);
      }),
    );

    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
    expect(elsewhere).toBe(0);
  });
});
