/** A refund moves along its own time: wallets in minutes, cards in days, or as planned; and the ledger moves with it. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import type { PaidOrder, Said, Shop, Wish } from './shop.ts';
import { DAY, openShop } from './shop.ts';

const HOUR = 3_600;

async function refundOf(shop: Shop, trouble: Fields | null, order?: PaidOrder): Promise<Wish> {
  const wish = shop.wish(order ?? (await shop.pay(1_000)), 1_000);
  if (trouble !== null) await shop.plan(wish.out_refund_no, trouble);
  await shop.refund(wish);
  return wish;
}

/** What the ledger did for this refund, by kind, in fen. */
async function moved(shop: Shop, wish: Wish): Promise<Record<string, string>> {
  const { postings } = await shop.control('GET', `/postings?voucher=${wish.out_refund_no}`);
  const rows = postings as { kind: string; amount_minor: string }[];
  return Object.fromEntries(rows.map((one) => [one.kind, one.amount_minor]));
}

async function statusOf(shop: Shop, wish: Wish): Promise<unknown> {
  return (await shop.query(wish.out_refund_no)).json['status'];
}

describe('a refund without trouble', () => {
  test('to a wallet succeeds within five minutes, not at once', async () => {
    const shop = await openShop();
    const wishes = await Promise.all(Array.from({ length: 20 }, () => refundOf(shop, null)));

    const atOnce = await Promise.all(wishes.map((wish) => statusOf(shop, wish)));
    await shop.turn(300);
    const later = await Promise.all(wishes.map((wish) => statusOf(shop, wish)));

    expect(new Set(atOnce)).toEqual(new Set(['PROCESSING']));
    expect(new Set(later)).toEqual(new Set(['SUCCESS']));
  });

  test.each([
    ['debit_card', 3 * HOUR, 3 * DAY],
    ['credit_card', 3 * HOUR, 3 * DAY],
  ])('to a %s takes hours, and three days at most', async (source, notBefore, notAfter) => {
    const shop = await openShop();
    const orders = await Promise.all(Array.from({ length: 12 }, () => shop.pay(1_000, { source })));
    const wishes = await Promise.all(orders.map((order) => refundOf(shop, null, order)));

    await shop.turn(notBefore);
    const early = await Promise.all(wishes.map((wish) => statusOf(shop, wish)));
    await shop.turn(notAfter - notBefore);
    const late = await Promise.all(wishes.map((wish) => statusOf(shop, wish)));

    expect(new Set(early)).toEqual(new Set(['PROCESSING']));
    expect(new Set(late)).toEqual(new Set(['SUCCESS']));
  });

  test('shows success_time from the second of its success on, and never before', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, null);
    const [shown] = (await shop.control('GET', `/refunds?refund_no=${wish.out_refund_no}`))[
      'refunds'
    ] as Fields[];
    const endsAt = String(shown?.['ends_at']);

    await shop.turnTo(new Date(Date.parse(endsAt) - 1).toISOString());
    const before = await shop.query(wish.out_refund_no);
    await shop.turnTo(endsAt);
    const after = await shop.query(wish.out_refund_no);

    expect(before.json).toMatchObject({ status: 'PROCESSING' });
    expect(before.json).not.toHaveProperty('success_time');
    expect(after.json['status']).toBe('SUCCESS');
    expect(new Date(String(after.json['success_time'])).toISOString()).toBe(endsAt);
  });

  test('moves the money out of the balance at acceptance, and to the payer at success', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, null);

    const accepted = await moved(shop, wish);
    await shop.turn(300);
    const paid = await moved(shop, wish);

    expect(accepted).toEqual({ refund_accepted: '1000', refund_fee: '6' });
    expect(paid).toEqual({ ...accepted, refund_paid: '1000' });
    expect(shop.sandbox.ledger()).toMatchObject({
      paidOut: [{ refundNo: wish.out_refund_no, payerMinor: 1_000n, count: 1 }],
      doublePayments: 0,
      overRefundedPayments: [],
      balanced: true,
    });
  });

  test('has the same fate for the same seed and number, whatever else is asked for', async () => {
    const fates = [];
    for (const busy of [false, true]) {
      const shop = await openShop({ seed: 7 });
      const order = await shop.pay(1_000, { payment_no: 'SAME-ORDER', source: 'debit_card' });
      if (busy) await refundOf(shop, null);
      await shop.refund(shop.wish(order, 500, { out_refund_no: 'SAME' }));
      fates.push(shop.sandbox.refunds().find((one) => one.refundNo === 'SAME')?.endsAt);
    }
    const other = await openShop({ seed: 8 });
    const order = await other.pay(1_000, { payment_no: 'SAME-ORDER', source: 'debit_card' });
    await other.refund(other.wish(order, 500, { out_refund_no: 'SAME' }));

    expect(fates[0]).toEqual(fates[1]);
    expect(other.sandbox.refunds()[0]?.endsAt).not.toEqual(fates[0]);
  });
});

describe('planned ends', () => {
  test('F9 I4: abnormal ends ABNORMAL, for ever, and the money stays under way', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, { kind: 'abnormal' });

    await shop.turn(300 * DAY);

    const { json } = await shop.query(wish.out_refund_no);
    expect(json['status']).toBe('ABNORMAL');
    expect(json).not.toHaveProperty('success_time');
    expect(await moved(shop, wish)).toEqual({ refund_accepted: '1000', refund_fee: '6' });
    expect(shop.sandbox.ledger().balances[`in_transit:${shop.merchant.mchid}`]).toBe(1_000n);
  });

  test('F10 I2: closed ends CLOSED, and the money comes back to the balance, fee and all', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const before = shop.sandbox.ledger().balances;
    const wish = await refundOf(shop, { kind: 'closed' }, order);

    await shop.turn(300);

    expect(await statusOf(shop, wish)).toBe('CLOSED');
    expect(await moved(shop, wish)).toEqual({
      refund_accepted: '1000',
      refund_fee: '6',
      refund_closed: '1000',
      refund_closed_fee: '6',
    });
    expect(shop.sandbox.ledger().balances).toEqual({ ...before, [`in_transit:${shop.merchant.mchid}`]: 0n });
  });

  test.each([
    [{ kind: 'late_success' }, 14],
    [{ kind: 'late_success', days: 3 }, 3],
  ])('F6 I10: %j is PROCESSING until %i days are over, then SUCCESS', async (trouble, days) => {
    const shop = await openShop();
    const wish = await refundOf(shop, trouble);

    await shop.turn(days * DAY - 1);
    const before = await statusOf(shop, wish);
    await shop.turn(1);
    const after = await shop.query(wish.out_refund_no);

    expect(before).toBe('PROCESSING');
    expect(after.json).toMatchObject({ status: 'SUCCESS' });
    expect(shop.sandbox.ledger().paidOut).toHaveLength(1);
  });

  test('F6 I3: stuck is PROCESSING for ever', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, { kind: 'stuck' });

    await shop.turn(399 * DAY);

    expect(await statusOf(shop, wish)).toBe('PROCESSING');
    expect((await shop.control('GET', '/refunds'))['refunds']).toMatchObject([{ ends_at: null }]);
  });

  test('F7 I7: late_visible says 404 to the first queries, though the refund is there', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, { kind: 'late_visible', times: 2 });

    const said: Said[] = [];
    for (let round = 0; round < 3; round += 1) said.push(await shop.query(wish.out_refund_no));

    expect(said.map(({ status }) => status)).toEqual([404, 404, 200]);
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('F33 I5: other_amount lies about the amount, in the answer and to every query, never in the ledger', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 400);
    await shop.plan(wish.out_refund_no, { kind: 'other_amount', fen: 7 });

    const created = await shop.refund(wish);
    const queried = await shop.query(wish.out_refund_no);
    await shop.turn(300);

    expect(created.json['amount']).toMatchObject({ refund: 407, payer_refund: 407, total: 1_000 });
    expect(queried.json['amount']).toMatchObject({ refund: 407 });
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ amountMinor: 400n, payerMinor: 400n }]);
  });

  test('a repeat of the number does not move the end', async () => {
    const shop = await openShop();
    const wish = await refundOf(shop, { kind: 'late_success', days: 2 });

    await shop.turn(DAY);
    await shop.refund(wish);
    await shop.turn(DAY);

    expect(await statusOf(shop, wish)).toBe('SUCCESS');
  });
});
