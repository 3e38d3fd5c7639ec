/** What UnionPay's gateway refuses, by which code, and what it takes. */
import { describe, expect, test } from 'vitest';
import type { Fields } from './merchant.ts';
import type { Shop } from './shop.ts';
import { DAY, openShop } from './shop.ts';

const TEN_MINUTES = 600;

async function codeOf(said: Promise<Fields>): Promise<string | undefined> {
  return (await said)['respCode'];
}

describe('fields', () => {
  const { long, longer } = { long: 'A'.repeat(32), longer: 'A'.repeat(33) };
  test.each<[string, Fields, string]>([
    ['no orderId', { orderId: '' }, '13'],
    ['an orderId of 7', { orderId: 'A'.repeat(7) }, '10'],
    ['an orderId of 8', { orderId: 'A'.repeat(8) }, '00'],
    ['an orderId of 32', { orderId: long }, '00'],
    ['an orderId of 33', { orderId: longer }, '10'],
    ['an orderId with a dash', { orderId: 'RF-000000000001' }, '10'],
    ['an orderId with Chinese', { orderId: '退款退款退款退款' }, '10'],
    ['no txnTime', { txnTime: '' }, '13'],
    ['a txnTime without seconds', { txnTime: '202609011000' }, '10'],
    ['a txnTime that never was', { txnTime: '20260230100000' }, '10'],
    ['no txnAmt', { txnAmt: '' }, '13'],
    ['nothing', { txnAmt: '0' }, '10'],
    ['less than nothing', { txnAmt: '-1' }, '10'],
    ['half a fen', { txnAmt: '1.5' }, '10'],
    ['full-width digits', { txnAmt: '１００' }, '10'],
    ['thirteen digits', { txnAmt: '1000000000000' }, '10'],
    ['zeros before the amount', { txnAmt: '000000000400' }, '00'],
    ['dollars', { currencyCode: '840' }, '10'],
    ['no currency', { currencyCode: '' }, '00'],
    ['no bizType', { bizType: '' }, '13'],
    ['another product than the payment’s', { bizType: '000301' }, '36'],
    ['no channelType', { channelType: '' }, '13'],
    ['another channelType', { channelType: '05' }, '10'],
    ['no backUrl', { backUrl: '' }, '13'],
    ['a backUrl to somewhere else', { backUrl: 'http://unionpay.example/notify' }, '10'],
    ['a backUrl that is none', { backUrl: 'ftp://127.0.0.1/' }, '10'],
    ['a backUrl beyond 256', { backUrl: `http://127.0.0.1/${'x'.repeat(250)}` }, '10'],
    ['a remark beyond 1024', { reqReserved: 'x'.repeat(1025) }, '10'],
    ['a purchase', { txnType: '01', txnSubType: '01' }, '32'],
    ['a subtype', { txnSubType: '01' }, '10'],
  ])('with %s: %o is answered %s', async (_what, change, respCode) => {
    const shop = await openShop();

    expect(await codeOf(shop.refund(shop.wish(shop.pay(1_000), 400, change)))).toBe(respCode);

    expect(shop.sandbox.refunds()).toHaveLength(respCode === '00' ? 1 : 0);
  });
});

describe('the payment', () => {
  test.each<[string, (names: Names) => Fields, string]>([
    ['its queryId', ({ queryId }) => ({ origQryId: queryId }), '00'],
    [
      'number and time',
      ({ number, time }) => ({ origQryId: '', origOrderId: number, origTxnTime: time }),
      '00',
    ],
    ['nothing', () => ({ origQryId: '' }), '13'],
    ['its number without the time', ({ number }) => ({ origQryId: '', origOrderId: number }), '13'],
    [
      'a number of nobody',
      ({ time }) => ({ origQryId: '', origOrderId: 'NOBODY00', origTxnTime: time }),
      '35',
    ],
    [
      'another time',
      ({ number }) => ({ origQryId: '', origOrderId: number, origTxnTime: '20260831100000' }),
      '35',
    ],
    ['a queryId of nobody', () => ({ origQryId: '4'.repeat(21) }), '35'],
    ['a queryId of 20', () => ({ origQryId: '4'.repeat(20) }), '10'],
    [
      'its queryId and another number',
      ({ queryId }) => ({ origQryId: queryId, origOrderId: 'NOBODY00' }),
      '36',
    ],
  ])('named by %s', async (_what, names, respCode) => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    const known = { queryId: payment.transactionId, number: payment.paymentNo, time: payment.txnTime };

    expect(await codeOf(shop.refund(shop.wish(payment, 400, names(known))))).toBe(respCode);
  });

  interface Names {
    readonly queryId: string;
    readonly number: string;
    readonly time: string;
  }

  test('that nobody paid cannot be given back', async () => {
    const shop = await openShop();

    expect(await codeOf(shop.refund(shop.wish(shop.pay(1_000, { respCode: '30' }), 1)))).toBe('35');
  });

  test('is given back in parts up to the fen, and then no more', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);

    const codes = [
      await codeOf(shop.refund(shop.wish(payment, 400))),
      await codeOf(shop.refund(shop.wish(payment, 601))),
      await codeOf(shop.refund(shop.wish(payment, 600))),
      await codeOf(shop.refund(shop.wish(payment, 1))),
    ];

    expect(codes).toEqual(['00', '36', '00', '45']);
  });

  test('gives back its whole fee with its parts, whatever the rounding', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);

    for (const part of [333, 333, 334]) await shop.refund(shop.wish(payment, part));
    await shop.turn(TEN_MINUTES);

    const fees = shop.sandbox.refunds().map((one) => one.feeMinor);
    expect(fees.reduce((sum, fee) => sum + fee, 0n)).toBe(payment.feeMinor);
    expect(shop.sandbox.ledger().balances['fees'] ?? 0n).toBe(0n);
  });

  test('can be given back again as far as the bank refused it', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    const dead = shop.wish(payment, 1_000);
    shop.plan(dead.orderId, { kind: 'accepted_then_failed' });
    await shop.refund(dead);

    const before = await codeOf(shop.refund(shop.wish(payment, 1_000)));
    await shop.turn(TEN_MINUTES);
    const after = await codeOf(shop.refund(shop.wish(payment, 1_000)));

    expect([before, after]).toEqual(['45', '00']);
  });

  test.each([
    ['2026-09-30T10:00:00+08:00', '2027-08-30T10:00:00+08:00', '00'],
    ['2026-09-30T10:00:00+08:00', '2027-08-30T10:00:01+08:00', '35'],
    // February has no 31st: the month ends with its last day.
    ['2026-03-31T12:00:00+08:00', '2027-02-28T12:00:00+08:00', '00'],
    ['2026-03-31T12:00:00+08:00', '2027-02-28T12:00:01+08:00', '35'],
  ])('F13: of %s at %s: %s, for eleven months', async (paidAt, now, respCode) => {
    const shop = await openShop({ start: new Date(now) });
    const payment = shop.pay(1_000, { paidAt: new Date(paidAt) });

    expect(await codeOf(shop.refund(shop.wish(payment, 1)))).toBe(respCode);
  });
});

describe('a number', () => {
  test('I1: that comes again with its time is a repeat: 12, and nothing more is taken', async () => {
    const shop = await openShop();
    const wish = shop.wish(shop.pay(1_000), 400);

    const codes = [
      await codeOf(shop.refund(wish)),
      await codeOf(shop.refund(wish)),
      await codeOf(shop.refund({ ...wish, txnAmt: '401' })),
    ];

    expect(codes).toEqual(['00', '12', '12']);
    expect(shop.sandbox.refunds()).toMatchObject([{ amountMinor: 400n, attempts: 3 }]);
  });

  test('I1: sent by twenty hands at once is taken once', async () => {
    const shop = await openShop();
    const wish = shop.wish(shop.pay(1_000), 40);

    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(shop.refund(wish))));

    expect(codes.toSorted()).toEqual(['00', ...Array.from({ length: 19 }, () => '12')]);
  });

  test('is good for one trade a day, whatever the time; on another day it is another trade', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    const wish = shop.wish(payment, 400);
    await shop.refund(wish);

    const sameDay = await codeOf(shop.refund({ ...wish, txnTime: '20260901100001' }));
    const nextDay = await codeOf(shop.refund({ ...wish, txnTime: '20260902100000' }));

    expect([sameDay, nextDay]).toEqual(['12', '00']);
    await shop.turn(TEN_MINUTES);
    // Whoever changes the time pays twice, and the witness says so.
    expect(shop.sandbox.ledger().doublePayments).toBe(1);
  });

  test('of a payment is not free for a refund of the same day', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);

    expect(await codeOf(shop.refund(shop.wish(payment, 1, { orderId: payment.paymentNo })))).toBe('12');
  });

  test('that was refused is free', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    const wish = shop.wish(payment, 1_001);

    const codes = [
      await codeOf(shop.refund(wish)),
      await codeOf(shop.query(wish)),
      await codeOf(shop.refund({ ...wish, txnAmt: '1000' })),
    ];

    expect(codes).toEqual(['36', '34', '00']);
  });
});

describe('a cancellation (消费撤销)', () => {
  const cancel = (shop: Shop, fen: number, more: Fields = {}): Fields =>
    shop.wish(shop.pay(1_000), fen, { txnType: '31', ...more });

  test('of the whole payment on its clearing day is done at once', async () => {
    const shop = await openShop();
    const wish = cancel(shop, 1_000);

    expect(await codeOf(shop.refund(wish))).toBe('00');
    expect(await shop.query(wish)).toMatchObject({ txnType: '31', origRespCode: '00', settleDate: '0901' });
    expect(shop.sandbox.ledger()).toMatchObject({ paidOut: [{ amountMinor: 1_000n, count: 1 }] });
  });

  test('of a part is refused', async () => {
    const shop = await openShop();

    expect(await codeOf(shop.refund(cancel(shop, 999)))).toBe('36');
  });

  test('is refused after a refund, and after it there is none', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    await shop.refund(shop.wish(payment, 1));
    const late = await codeOf(shop.refund(shop.wish(payment, 1_000, { txnType: '31' })));
    const other = shop.pay(500);
    await shop.refund(shop.wish(other, 500, { txnType: '31' }));

    expect([late, await codeOf(shop.refund(shop.wish(other, 1)))]).toEqual(['35', '45']);
  });

  test.each([
    ['22:59:59', '00'],
    ['23:00:00', '35'],
  ])('at %s is answered %s: the clearing day ends at 23:00', async (time, respCode) => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    await shop.turnTo(`2026-09-01T${time}+08:00`);

    expect(await codeOf(shop.refund(shop.wish(payment, 1_000, { txnType: '31' })))).toBe(respCode);
  });
});

describe('a refund by hand', () => {
  test('has a number of UnionPay’s own, is done like any other, and nobody is told', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);

    const made = shop.sandbox.refundByHand({
      paymentNo: payment.paymentNo,
      amountMinor: 300n,
      reason: '客服',
    });
    await shop.turn(TEN_MINUTES);

    expect(made).toMatchObject({
      refundNo: expect.stringMatching(/^MSP[0-9]{20}$/) as unknown,
      origin: 'console',
    });
    expect(shop.sandbox.refunds()).toMatchObject([{ status: '00', origin: 'console' }]);
    expect(shop.sandbox.deliveries()).toEqual([]);
    expect(await shop.query({ orderId: made.refundNo, txnTime: made.txnTime })).toMatchObject({
      origRespCode: '00',
      txnAmt: '300',
    });
  });

  test('keeps the same rules', async () => {
    const shop = await openShop();
    const { paymentNo } = shop.pay(1_000);

    expect(() => shop.sandbox.refundByHand({ paymentNo, amountMinor: 1_001n })).toThrow('2050004');
    expect(() => shop.sandbox.refundByHand({ paymentNo, amountMinor: 0n })).toThrow('txnAmt');
    expect(() => shop.sandbox.refundByHand({ paymentNo: 'NOBODY00', amountMinor: 1n })).toThrow();
    await shop.turn(400 * DAY);
    expect(() => shop.sandbox.refundByHand({ paymentNo, amountMinor: 1n })).toThrow('2040004');
  });
});
