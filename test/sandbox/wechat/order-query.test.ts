/** Querying an order: by either number, with what the payer really paid and from where. */
import { describe, expect, test } from 'vitest';
import { newMerchant } from './merchant.ts';
import type { PaidOrder, Said, Shop } from './shop.ts';
import { openShop } from './shop.ts';

function byId(shop: Shop, order: PaidOrder, mchid = shop.merchant.mchid): Promise<Said> {
  return shop.call('GET', `/v3/pay/transactions/id/${order.transaction_id}?mchid=${mchid}`);
}

function byNo(shop: Shop, outTradeNo: string, mchid = shop.merchant.mchid): Promise<Said> {
  const no = encodeURIComponent(outTradeNo);
  return shop.call('GET', `/v3/pay/transactions/out-trade-no/${no}?mchid=${mchid}`);
}

describe('a paid order', () => {
  test('is answered with every documented field, the same by both numbers', async () => {
    const shop = await openShop();
    const order = await shop.pay(12_345, {
      source: 'debit_card',
      attach: 'batch=7',
      payment_no: 'A|b*c@d_-9',
    });

    const [one, other] = [await byId(shop, order), await byNo(shop, 'A|b*c@d_-9')];

    expect(one.status).toBe(200);
    expect(one.json).toEqual({
      appid: shop.merchant.appid,
      mchid: shop.merchant.mchid,
      out_trade_no: 'A|b*c@d_-9',
      transaction_id: order.transaction_id,
      trade_type: 'JSAPI',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: order['bank_type'],
      attach: 'batch=7',
      success_time: '2026-09-01T10:00:00+08:00',
      payer: { openid: order['openid'] },
      amount: { total: 12_345, payer_total: 12_345, currency: 'CNY', payer_currency: 'CNY' },
    });
    expect(other.json).toEqual(one.json);
    expect(order['bank_type']).toMatch(/_DEBIT$/);
  });

  test('has a number of 28 digits that begins with 42 and holds the day', async () => {
    const shop = await openShop();

    const order = await shop.pay(100);

    expect(order.transaction_id).toMatch(/^42[0-9]{8}20260901[0-9]{10}$/);
  });

  test('F63: with a coupon says what the payer paid, and names the coupon', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000, { coupon_minor: '300' });

    const { json } = await byId(shop, order);

    expect(json['amount']).toMatchObject({ total: 1_000, payer_total: 700 });
    expect(json['promotion_detail']).toMatchObject([{ scope: 'GLOBAL', amount: 300, currency: 'CNY' }]);
  });

  test('is in the state REFUND as soon as a part is under way, and SUCCESS again when that part is closed', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const wish = shop.wish(order, 1);
    await shop.plan(wish.out_refund_no, { kind: 'closed' });

    const states: unknown[] = [(await byId(shop, order)).json['trade_state']];
    await shop.refund(wish);
    states.push((await byId(shop, order)).json['trade_state']);
    await shop.turn(300);
    states.push((await byId(shop, order)).json['trade_state']);

    expect(states).toEqual(['SUCCESS', 'REFUND', 'SUCCESS']);
  });
});

describe('an order that is not paid', () => {
  test.each(['NOTPAY', 'CLOSED'])(
    'in the state %s has no number of the channel and no payer',
    async (state) => {
      const shop = await openShop();
      const order = await shop.pay(1_000, { trade_state: state });

      const { json } = await byNo(shop, order.payment_no);

      expect(json).toMatchObject({ trade_state: state, out_trade_no: order.payment_no });
      expect(json).not.toHaveProperty('transaction_id');
      expect(json).not.toHaveProperty('success_time');
      expect(json).not.toHaveProperty('payer');
    },
  );

  test('REVOKED is what became of a payment', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000, { trade_state: 'REVOKED' });

    expect((await byId(shop, order)).json).toMatchObject({
      trade_state: 'REVOKED',
      trade_state_desc: '已撤销',
    });
  });
});

describe('what is refused', () => {
  test('an unknown order is 404 ORDER_NOT_EXIST', async () => {
    const shop = await openShop();
    const order = { ...(await shop.pay(100)), transaction_id: '4200000000000000000000000000' };

    expect(await byId(shop, order)).toMatchObject({ status: 404, json: { code: 'ORDER_NOT_EXIST' } });
    expect(await byNo(shop, 'ORDER-none')).toMatchObject({ status: 404, json: { code: 'ORDER_NOT_EXIST' } });
  });

  test('the order of another merchant is unknown', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });
    const theirs = await shop.pay(100, { merchant_no: other.mchid });

    expect(await byId(shop, theirs)).toMatchObject({ status: 404, json: { code: 'ORDER_NOT_EXIST' } });
  });

  test.each(['1900009999', ''])('a query for the merchant "%s" by another is PARAM_ERROR', async (mchid) => {
    const shop = await openShop();
    const order = await shop.pay(100);

    expect(await byId(shop, order, mchid)).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field: 'mchid', location: 'query' } },
    });
  });
});
