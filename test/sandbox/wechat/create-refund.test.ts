/** Creating and querying a refund: documented fields and codes, and one number that is refunded once only. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newMerchant } from './merchant.ts';
import { openShop } from './shop.ts';

describe('a new refund', () => {
  test('is answered 200 with every documented field, in hand and not yet paid', async () => {
    const shop = await openShop();
    const order = await shop.pay(12_345, { source: 'credit_card' });

    const { status, json } = await shop.refund(shop.wish(order, 2_345, { out_refund_no: 'RF20260901' }));

    expect(status).toBe(200);
    expect(json).toEqual({
      refund_id: expect.stringMatching(/^50[0-9]{26,27}$/) as unknown,
      out_refund_no: 'RF20260901',
      transaction_id: order.transaction_id,
      out_trade_no: order.payment_no,
      channel: 'ORIGINAL',
      user_received_account: expect.stringMatching(/^(招商|中国)银行信用卡[0-9]{4}$/) as unknown,
      create_time: '2026-09-01T10:00:00+08:00',
      status: 'PROCESSING',
      funds_account: 'UNSETTLED',
      amount: {
        total: 12_345,
        refund: 2_345,
        from: [],
        payer_total: 12_345,
        payer_refund: 2_345,
        settlement_total: 12_345,
        settlement_refund: 2_345,
        discount_refund: 0,
        currency: 'CNY',
        // 0.60 % of 23.45, to the fen.
        refund_fee: 14,
      },
      promotion_detail: [],
    });
  });

  test.each([
    ['wallet', /^支付用户零钱$/],
    ['debit_card', /^.+储蓄卡[0-9]{4}$/],
    ['credit_card', /^.+信用卡[0-9]{4}$/],
  ])('paid from a %s says where the money goes', async (source, account) => {
    const shop = await openShop();
    const order = await shop.pay(100, { source });

    const { json } = await shop.refund(shop.wish(order, 100));

    expect(json['user_received_account']).toMatch(account);
    expect(json['user_received_account']).toBe(order['payer_account']);
  });

  test('may name its order by either number, or by both', async () => {
    const shop = await openShop();
    const order = await shop.pay(3_000);
    const { transaction_id: transactionId, payment_no: outTradeNo } = order;
    const named = [{ out_trade_no: outTradeNo }, { transaction_id: transactionId, out_trade_no: outTradeNo }];

    for (const names of named) {
      const wish = shop.wish(order, 100, { transaction_id: undefined, ...names });
      const { status, json } = await shop.refund(wish);
      await shop.turn(60);

      expect(status).toBe(200);
      expect(json).toMatchObject({ transaction_id: transactionId, out_trade_no: outTradeNo });
    }
  });

  test('naming two different orders is refused', async () => {
    const shop = await openShop();
    const [one, other] = [await shop.pay(100), await shop.pay(100)];

    const said = await shop.refund(shop.wish(one, 100, { out_trade_no: other.payment_no }));

    expect(said).toMatchObject({ status: 404, json: { code: 'RESOURCE_NOT_EXISTS' } });
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('of an order of another merchant is refused as unknown', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });
    const order = await shop.pay(100);

    const said = await shop.refund(shop.wish(order, 100), { as: other });

    expect(said).toMatchObject({ status: 404, json: { code: 'RESOURCE_NOT_EXISTS' } });
  });

  test('with funds_account AVAILABLE is answered with it', async () => {
    const shop = await openShop();

    const { json } = await shop.refund(shop.wish(await shop.pay(100), 100, { funds_account: 'AVAILABLE' }));

    expect(json['funds_account']).toBe('AVAILABLE');
  });

  test('gets a refund_id of its own, whatever else is going on', async () => {
    const shop = await openShop();
    const orders = await Promise.all(Array.from({ length: 30 }, () => shop.pay(100)));

    const all = await Promise.all(orders.map((order) => shop.refund(shop.wish(order, 100))));

    expect(new Set(all.map(({ json }) => json['refund_id'])).size).toBe(30);
  });
});

describe('a number that was accepted', () => {
  test('with the same parameters gives the same refund, and moves nothing', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    const first = await shop.refund(wish);
    const before = await shop.control('GET', '/ledger');

    const again = await shop.refund(wish);

    expect(again.status).toBe(200);
    expect(again.json).toEqual(first.json);
    expect(await shop.control('GET', '/ledger')).toEqual(before);
  });

  test('gives the refund as it stands by then', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    const first = await shop.refund(wish);

    await shop.turn(300);
    const again = await shop.refund(wish);

    expect(first.json['status']).toBe('PROCESSING');
    expect(again.json).toMatchObject({ status: 'SUCCESS', refund_id: first.json['refund_id'] });
    expect(again.json['success_time']).toMatch(/^2026-09-01T10:0[0-4]:[0-9]{2}\+08:00$/);
  });

  test('may change what is no part of its identity: reason and notify_url', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400, { reason: 'one' });
    const first = await shop.refund(wish);

    const again = await shop.refund({ ...wish, reason: 'other', notify_url: 'http://127.0.0.1:9/x' });

    expect(again.json['refund_id']).toBe(first.json['refund_id']);
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test.each([
    ['another amount', { amount: { refund: 401, total: 1_000, currency: 'CNY' } }],
    ['another total', { amount: { refund: 400, total: 1_001, currency: 'CNY' } }],
    ['another order', { transaction_id: '4200000000000000000000000000' }],
    ['another order number beside the right one', { out_trade_no: 'ORDER-other' }],
  ])('I5: with %s is refused, and the first stays as it was', async (_, change) => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    const first = await shop.refund(wish);

    const other = await shop.refund({ ...wish, ...change });

    expect(other).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    expect((await shop.query(wish.out_refund_no)).json).toEqual(first.json);
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('I1: sent fifty times at once it is one refund', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 1_000);

    const all = await Promise.all(Array.from({ length: 50 }, () => shop.refund(wish)));
    await shop.turn(300);

    expect(new Set(all.map(({ json }) => json['refund_id'])).size).toBe(1);
    const ledger = shop.sandbox.ledger();
    expect(ledger.paidOut).toMatchObject([{ refundNo: wish.out_refund_no, amountMinor: 1_000n, count: 1 }]);
    expect(shop.sandbox.refunds()).toMatchObject([{ attempts: 50 }]);
  });

  test('of another merchant is another refund', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });
    const theirs = await shop.pay(100, { merchant_no: other.mchid });
    const wish = shop.wish(await shop.pay(100), 100);

    const [first, second] = [
      await shop.refund(wish),
      await shop.refund({ ...wish, transaction_id: theirs.transaction_id }, { as: other }),
    ];

    expect(first.status).toBe(200);
    expect(second.status).toBe(200);
    expect(second.json['refund_id']).not.toBe(first.json['refund_id']);
  });
});

describe('a query', () => {
  test('of a number that was never sent says 404', async () => {
    const shop = await openShop();

    expect(await shop.query('RF-none')).toMatchObject({
      status: 404,
      json: { code: 'RESOURCE_NOT_EXISTS' },
    });
  });

  test('of a number of another merchant says 404', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });
    const wish = shop.wish(await shop.pay(100), 100);
    await shop.refund(wish);

    expect((await shop.query(wish.out_refund_no, { as: other })).status).toBe(404);
  });

  test('gives what the create call gave', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(100), 100);
    const created = await shop.refund(wish);

    expect((await shop.query(wish.out_refund_no)).json).toEqual(created.json);
  });

  test('finds every legal number when it is percent-encoded and signed so', async () => {
    const shop = await openShop();
    const legal = fc.constantFrom(
      ...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-|*@_-|*@',
    );
    const numbers = fc.string({ unit: legal, minLength: 1, maxLength: 64 });

    await fc.assert(
      fc.asyncProperty(numbers, async (outRefundNo) => {
        const wish = shop.wish(await shop.pay(100), 100, { out_refund_no: outRefundNo });
        const first = await shop.query(outRefundNo);
        const created = await shop.refund(wish);

        const found = await shop.query(outRefundNo);

        fc.pre(first.status === 404);
        expect(created.status).toBe(200);
        expect(found.json).toEqual(created.json);
      }),
      { numRuns: 60 },
    );
  });
});
