/** The channel's rules about orders and money: what it refuses, and how a part of an order is worked out. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import type { PaidOrder, Said, Shop } from './shop.ts';
import { DAY, openShop, startShop } from './shop.ts';

const MINUTE = 60;

async function refundParts(shop: Shop, order: PaidOrder, parts: readonly number[]): Promise<readonly Said[]> {
  const said: Said[] = [];
  for (const part of parts) {
    said.push(await shop.refund(shop.wish(order, part)));
    await shop.turn(MINUTE);
  }
  return said;
}

function payerRefund({ json }: Said): number {
  return Number((json['amount'] as Fields)['payer_refund']);
}

describe('the amount that is left', () => {
  test('may be refunded to the last fen, and not one more', async () => {
    const shop = await openShop();
    const order = await shop.pay(10_000);

    const [first, over, rest, none] = await refundParts(shop, order, [6_000, 4_001, 4_000, 1]);

    expect(first?.status).toBe(200);
    expect(over).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
    expect(rest?.status).toBe(200);
    expect(none).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  test('F19 I2: of two refunds of 60 on 100 at the same instant one is refused', async () => {
    const shop = await openShop();

    for (let round = 0; round < 10; round += 1) {
      const order = await shop.pay(10_000);
      const both = await Promise.all([
        shop.refund(shop.wish(order, 6_000)),
        shop.refund(shop.wish(order, 6_000)),
      ]);

      expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    }
  });

  test('counts an ABNORMAL refund: its money has left the merchant', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const dead = shop.wish(order, 1_000);
    await shop.plan(dead.out_refund_no, { kind: 'abnormal' });

    await shop.refund(dead);
    await shop.turn(300);

    expect((await shop.query(dead.out_refund_no)).json['status']).toBe('ABNORMAL');
    expect((await shop.refund(shop.wish(order, 1))).json['code']).toBe('INVALID_REQUEST');
  });

  test('F10 I2: is given back by a CLOSED refund, under a new number only', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const closed = shop.wish(order, 1_000);
    await shop.plan(closed.out_refund_no, { kind: 'closed' });
    await shop.refund(closed);
    await shop.turn(300);

    const again = await shop.refund(closed);
    const anew = await shop.refund(shop.wish(order, 1_000));

    expect(again.json['status']).toBe('CLOSED');
    expect(anew.json['status']).toBe('PROCESSING');
  });
});

describe('time', () => {
  test('F13: a refund is taken to the second of 365 days after payment, and refused a second later', async () => {
    const shop = await openShop();
    const paidAt = '2025-09-01T10:00:00+08:00';
    const [order, late] = [
      await shop.pay(1_000, { paid_at: paidAt }),
      await shop.pay(1_000, { paid_at: paidAt }),
    ];

    const inTime = await shop.refund(shop.wish(order, 100));
    await shop.turn(1);
    const tooLate = await shop.refund(shop.wish(late, 100));

    expect(inTime.status).toBe(200);
    expect(tooLate).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  test('the same number is answered when the 365 days are long over', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 100);
    const first = await shop.refund(wish);

    await shop.turn(390 * DAY);
    const again = await shop.refund(wish);

    expect(again).toMatchObject({ status: 200, json: { refund_id: first.json['refund_id'] } });
  });

  test('F11: two refunds of one order are a minute apart; a repeat of the first may come at once', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const [first, second] = [shop.wish(order, 100), shop.wish(order, 100)];
    await shop.refund(first);

    await shop.turn(59);
    const early = await shop.refund(second);
    const repeat = await shop.refund(first);
    await shop.turn(1);
    const inTime = await shop.refund(second);

    expect(early).toMatchObject({ status: 429, json: { code: 'FREQUENCY_LIMITED' } });
    expect(repeat.status).toBe(200);
    expect(inTime.status).toBe(200);
  });

  test('refunds of different orders need no minute between them', async () => {
    const shop = await openShop();
    const orders = [await shop.pay(100), await shop.pay(100), await shop.pay(100)];

    for (const order of orders) expect((await shop.refund(shop.wish(order, 100))).status).toBe(200);
  });
});

describe('the number of parts', () => {
  test('F13: is fifty; the fifty-first is refused, though money is left', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const said = await refundParts(
      shop,
      order,
      Array.from({ length: 51 }, () => 10),
    );

    expect(said.slice(0, 50).every(({ status }) => status === 200)).toBe(true);
    expect(said[50]).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });
});

describe('an order that cannot be refunded', () => {
  test.each([
    ['NOTPAY', 404, 'RESOURCE_NOT_EXISTS'],
    ['CLOSED', 400, 'INVALID_REQUEST'],
    ['REVOKED', 400, 'INVALID_REQUEST'],
  ])('in the state %s is answered %i %s', async (state, status, code) => {
    const shop = await openShop();
    const order = await shop.pay(1_000, { trade_state: state });

    const said = await shop.refund(shop.wish(order, 100));

    expect(said).toMatchObject({ status, json: { code } });
    expect(shop.sandbox.ledger().balances[`merchant:${shop.merchant.mchid}`]).toBe(100_000_000n);
  });

  test('whose total is named wrongly is refused', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const said = await shop.refund({
      ...shop.wish(order, 100),
      amount: { refund: 100, total: 999, currency: 'CNY' },
    });

    expect(said).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });
});

describe('coupons', () => {
  test('10.00 with a coupon of 3.00, of which 9.00 is refunded: the payer gets 6.30', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000, { coupon_minor: '300' });

    const { json } = await shop.refund(shop.wish(order, 900));

    expect(json['amount']).toMatchObject({
      total: 1_000,
      refund: 900,
      payer_total: 700,
      payer_refund: 630,
      settlement_refund: 630,
      discount_refund: 270,
    });
    expect(json['promotion_detail']).toMatchObject([
      { scope: 'GLOBAL', type: 'DISCOUNT', amount: 300, refund_amount: 270 },
    ]);
  });

  // refund × payer_total ÷ total, half a fen upwards; each worked out by hand.
  test.each([
    [300, 100, 1, 1], // 0.666… fen
    [300, 200, 1, 0], // 0.333… fen
    [200, 100, 1, 1], // 0.5 fen: up
    [200, 100, 3, 2], // 1.5 fen: up
    [1_000, 1, 500, 500], // 499.5 fen: up
    [1_000, 999, 499, 0], // 0.499 fen
    [1_000, 999, 500, 1], // 0.5 fen: up
  ])('total %i, coupon %i, refund %i: the payer gets %i', async (total, coupon, part, expected) => {
    const shop = await openShop();
    const order = await shop.pay(total, { coupon_minor: String(coupon) });

    expect(payerRefund(await shop.refund(shop.wish(order, part)))).toBe(expected);
  });

  test('F74 I18: the parts of any order add up to what the payer paid, and its fees to the fee', async () => {
    const shop = await startShop();
    const orders = fc
      .record({
        total: fc.integer({ min: 2, max: 100_000 }),
        couponShare: fc.double({ min: 0, max: 1, noNaN: true }),
        cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
      })
      .map(({ total, couponShare, cuts }) => {
        const points = [...new Set(cuts.map((cut) => 1 + Math.floor(cut * (total - 1))))].toSorted(
          (a, b) => a - b,
        );
        const ends = [...points.filter((point) => point < total), total];
        return {
          total,
          coupon: Math.floor(couponShare * (total - 1)),
          parts: ends.map((end, index) => end - (ends[index - 1] ?? 0)),
        };
      });

    try {
      await fc.assert(
        fc.asyncProperty(orders, async ({ total, coupon, parts }) => {
          const order = await shop.pay(total, coupon === 0 ? {} : { coupon_minor: String(coupon) });

          const said = await refundParts(shop, order, parts);

          expect(said.every(({ status }) => status === 200)).toBe(true);
          expect(said.reduce((sum, one) => sum + payerRefund(one), 0)).toBe(total - coupon);
          const fees = said.map(({ json }) => Number((json['amount'] as Fields)['refund_fee']));
          expect(fees.reduce((sum, fee) => sum + fee, 0)).toBe(Number(order['fee_minor']));
        }),
        { numRuns: 40 },
      );
    } finally {
      await shop.stop();
    }
  });
});

describe('the merchant balance', () => {
  const balance = (shop: Shop): bigint | undefined =>
    shop.sandbox.ledger().balances[`merchant:${shop.merchant.mchid}`];

  test('F12: too short by one fen is NOT_ENOUGH, and the same number is taken after a top-up', async () => {
    const shop = await openShop({ balanceMinor: 0n });
    const wish = shop.wish(await shop.pay(1_000), 500);
    // The payment brought in 9.94, and a refund of 5.00 gives back a fee of 0.03: so 4.97 is just enough.
    await shop.control('POST', '/withdraw', { amount_minor: '498' });

    const short = await shop.refund(wish);
    const waiting = await shop.query(wish.out_refund_no);
    await shop.control('POST', '/top-up', { amount_minor: '1' });
    const again = await shop.refund(wish);

    expect(short).toMatchObject({ status: 403, json: { code: 'NOT_ENOUGH' } });
    expect(waiting.status).toBe(404);
    expect(again).toMatchObject({ status: 200, json: { status: 'PROCESSING' } });
    expect(balance(shop)).toBe(0n);
  });

  test('F12: a refund that is refused for want of money holds no part of the order', async () => {
    const shop = await openShop({ balanceMinor: 0n });
    const order = await shop.pay(1_000);
    await shop.control('POST', '/withdraw', { amount_minor: '994' });

    const short = await shop.refund(shop.wish(order, 1_000));
    await shop.control('POST', '/top-up', { amount_minor: '994' });
    const other = await shop.refund(shop.wish(order, 1_000));

    expect([short.status, other.status]).toEqual([403, 200]);
  });

  test('F12: a coupon that the merchant never received is not paid out of the balance', async () => {
    const shop = await openShop({ balanceMinor: 0n });
    const order = await shop.pay(1_000, { coupon_minor: '300' });

    const { status } = await shop.refund(shop.wish(order, 1_000));

    expect(status).toBe(200);
    expect(balance(shop)).toBe(0n);
  });
});
