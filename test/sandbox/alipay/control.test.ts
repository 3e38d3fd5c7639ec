/** What is Alipay's own on the unsigned side: fields of a trade, keys, kinds of trouble, and words for what is wrong. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import { KEYS, openShop } from './shop.ts';

const PAYMENT = { payment_no: 'ORD-1', amount_minor: '1000' };

describe('making payments', () => {
  test('gives back the trade with everything that a refund needs, amounts as text', async () => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl('POST', '/payments', {
      ...PAYMENT,
      ...{ discount_minor: '300', source: 'credit_line', goods_name: 'x', refundable_in_parts: false },
    });

    expect(status).toBe(201);
    expect(json).toMatchObject({
      ...PAYMENT,
      ...{ merchant_no: KEYS.merchant.sellerId, app_id: KEYS.merchant.appId, goods_name: 'x' },
      ...{ discount_minor: '300', payer_minor: '700', fee_minor: '4', source: 'credit_line' },
      ...{ trade_status: 'TRADE_SUCCESS', paid_at: '2026-09-01T02:00:00.000Z', refund_count: 0 },
      ...{ refundable_in_parts: false, notify_url: null },
      transaction_id: expect.stringMatching(/^20260901\d{20}$/) as unknown,
    });
  });

  test.each<[string, Fields, string]>([
    ['no number', { amount_minor: '1' }, 'payment_no'],
    ['a number with a dot', { ...PAYMENT, payment_no: 'a.b' }, 'payment_no'],
    ['an amount beyond all trades', { ...PAYMENT, amount_minor: '10000000001' }, 'amount_minor'],
    ['a discount that pays it all', { ...PAYMENT, discount_minor: '1000' }, 'discount_minor'],
    ['an unknown source', { ...PAYMENT, source: 'gold' }, '"wallet","credit_line"'],
    ['an unknown state', { ...PAYMENT, trade_status: 'SUCCESS' }, 'trade_status'],
    ['a payment of tomorrow', { ...PAYMENT, paid_at: '2026-09-02T00:00:00+08:00' }, 'paid_at'],
    ['a merchant from elsewhere', { ...PAYMENT, merchant_no: '2088' }, '2088 is no merchant'],
    ['a field of another channel', { ...PAYMENT, coupon_minor: '1' }, 'has no field "coupon_minor"'],
    ['an address that is none', { ...PAYMENT, notify_url: 'ftp://127.0.0.1/' }, 'notify_url'],
  ])('with %s is refused, and the message says so', async (_, body, words) => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl('POST', '/payments', body);

    expect(status).toBe(422);
    expect(json['message']).toContain(words);
    expect(shop.sandbox.payments()).toEqual([]);
  });

  test('twice with one number is refused, and the first stays', async () => {
    const shop = await openShop();
    await shop.control('POST', '/payments', PAYMENT);

    const { json } = await shop.tryControl('POST', '/payments', { ...PAYMENT, amount_minor: '1' });

    expect(json['message']).toContain('exists');
    expect(shop.sandbox.payments()).toMatchObject([{ amountMinor: 1_000n }]);
  });
});

test('the index names the applications, how they are known, and every address, and each address answers', async () => {
  const shop = await openShop({ keyMode: 'certificate' });

  const index = await shop.control('GET', '');

  expect(index).toMatchObject({
    channel: 'alipay',
    merchants: [
      {
        ...{ merchant_no: KEYS.merchant.sellerId, app_id: KEYS.merchant.appId, key_mode: 'certificate' },
        ...{ balance_minor: '100000000', notify_url: null, gateway_url: null },
      },
    ],
  });
  for (const { method, url } of index['routes'] as { method: string; url: string }[]) {
    const path = url.slice('/sandbox'.length);
    const { status } = await shop.tryControl(method, path, method === 'GET' ? undefined : {});
    expect(status, `${method} ${url}`).not.toBe(404);
  }
});

test('the keys are those that verify, and no private one', async () => {
  const shop = await openShop();

  const keys = await shop.control('GET', '/keys');

  const { publicKeyPem, certificatePem, certificateSn, rootPem, rootSn } = KEYS.channel;
  expect(keys).toEqual({
    ...{ public_key_pem: publicKeyPem, certificate_pem: certificatePem, root_pem: rootPem },
    ...{ certificate_sn: certificateSn, root_sn: rootSn },
  });
});

describe('refunds by hand', () => {
  test('keep the rules but for the three seconds', async () => {
    const shop = await openShop();
    const { payment_no: paymentNo } = await shop.pay(1_000);
    const byHand = (minor: string, no = paymentNo) =>
      shop.tryControl('POST', '/refunds-by-hand', { payment_no: no, amount_minor: minor });

    expect(await byHand('400')).toMatchObject({
      status: 201,
      json: {
        origin: 'console',
        status: 'REFUND_SUCCESS',
        refund_no: expect.stringMatching(/^20260901\d{16}$/) as unknown,
      },
    });
    expect((await byHand('600')).status).toBe(201);
    expect(await byHand('1')).toMatchObject({ status: 422, json: { code: 'ACQ.TRADE_HAS_CLOSE' } });
    expect(await byHand('1', 'NONE')).toMatchObject({ status: 422, json: { code: 'ACQ.TRADE_NOT_EXIST' } });
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ origin: 'console' }, { origin: 'console' }]);
  });
});

test.each<[string, Fields, string]>([
  ['a kind of another channel', { kind: 'abnormal' }, 'kind'],
  ['a call of another channel', { kind: 'slow', on: 'create' }, 'on'],
  ['a code that is none', { kind: 'refused', code: 'USER' }, 'code'],
  ['a fault that is none', { kind: 'system_error', code: 'ACQ.BUYER_ERROR' }, 'code'],
  ['no seconds', { kind: 'fund_change_n', seconds: 0 }, 'seconds'],
])('trouble with %s is refused', async (_, trouble, words) => {
  const shop = await openShop();

  const { status, json } = await shop.tryControl('POST', '/troubles', { refund_no: 'R', trouble });

  expect(status).toBe(422);
  expect(json['message']).toContain(words);
});
