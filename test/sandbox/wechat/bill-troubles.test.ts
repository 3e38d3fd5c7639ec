/** Planned trouble with bills: late, a line missing, another amount, re-issued; and refunds made by hand in the console. */
import { describe, expect, test } from 'vitest';
import { askForBill, fen, fetchBill, sumOf } from './plain-bill.ts';
import type { PlainBill } from './plain-bill.ts';
import type { Fields } from '../exchange.ts';
import type { Shop, Wish } from './shop.ts';
import { DAY, openShop } from './shop.ts';

const DAY_ONE = 'bill_date=2026-09-01';
const NEXT_TEN = '2026-09-02T10:00:00+08:00';
const HOUR = 3_600;

async function refundWith(shop: Shop, trouble: Fields | null): Promise<Wish> {
  const wish = shop.wish(await shop.pay(1_000), 400);
  if (trouble !== null) await shop.plan(wish.out_refund_no, trouble);
  expect((await shop.refund(wish)).status).toBe(200);
  return wish;
}

function refundsIn(bill: PlainBill): Readonly<Record<string, string | undefined>> {
  const refunds = bill.lines.filter((line) => line['交易状态'] === 'REFUND');
  return Object.fromEntries(refunds.map((line) => [line['商户退款单号'] ?? '', line['申请退款金额']]));
}

function expectSumsAgree(bill: PlainBill): void {
  expect(bill.summary['总交易单数']).toBe(String(bill.lines.length));
  expect(fen(bill.summary['申请退款总金额'])).toBe(sumOf(bill, '申请退款金额'));
  expect(fen(bill.summary['退款总金额'])).toBe(sumOf(bill, '退款金额'));
}

describe('late', () => {
  test.each([
    [{ kind: 'bill_late' }, 6],
    [{ kind: 'bill_late', hours: 30 }, 30],
  ])('F41 I10: %j: both bills of the day are being made for %i hours more', async (trouble, hours) => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.control('POST', '/troubles', { bill_date: '2026-09-01', trouble });
    const codes = async (): Promise<unknown[]> => [
      (await askForBill(shop, DAY_ONE)).json['code'],
      (await askForBill(shop, DAY_ONE, 'fundflowbill')).json['code'],
    ];

    await shop.turnTo(NEXT_TEN);
    await shop.turn(hours * HOUR - 1);
    const before = await codes();
    await shop.turn(1);
    const after = await codes();

    expect(before).toEqual(['STATEMENT_CREATING', 'STATEMENT_CREATING']);
    expect(after).toEqual([undefined, undefined]);
  });

  test('with `untilMet` it is late for whoever asks first, however late that is, and for nobody after', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    const trouble = { kind: 'bill_late', hours: 2, untilMet: true };
    await shop.control('POST', '/troubles', { bill_date: '2026-09-01', trouble });
    await shop.turnTo('2026-09-05T10:00:00+08:00');

    const asked = [await askForBill(shop, DAY_ONE), await askForBill(shop, DAY_ONE)];

    expect(asked.map(({ json }) => json['code'])).toEqual(['STATEMENT_CREATING', undefined]);
  });

  test('it is one day that is late, not the next', async () => {
    const shop = await openShop();
    await shop.control('POST', '/troubles', {
      bill_date: '2026-09-01',
      trouble: { kind: 'bill_late', hours: 99 },
    });
    await refundWith(shop, null);
    await shop.turn(DAY);
    await refundWith(shop, null);

    await shop.turnTo('2026-09-03T10:00:00+08:00');

    expect((await askForBill(shop, DAY_ONE)).json['code']).toBe('STATEMENT_CREATING');
    expect((await askForBill(shop, 'bill_date=2026-09-02')).status).toBe(200);
  });

  test('states are printed as they stood when the late bill was made', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T20:00:00+08:00') });
    await shop.control('POST', '/troubles', {
      bill_date: '2026-09-01',
      trouble: { kind: 'bill_late', hours: 24 },
    });
    await refundWith(shop, { kind: 'late_success', days: 1 });

    await shop.turn(3 * DAY);

    const bill = await fetchBill(shop, DAY_ONE);
    expect(bill.lines.at(-1)?.['退款状态']).toBe('SUCCESS');
  });

  test('asking too early is on the record of the trouble', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.control('POST', '/troubles', { bill_date: '2026-09-01', trouble: { kind: 'bill_late' } });
    await shop.turnTo(NEXT_TEN);

    await askForBill(shop, DAY_ONE);

    expect((await shop.control('GET', '/troubles'))['troubles']).toMatchObject([
      {
        bill_date: '2026-09-01',
        merchant_no: shop.merchant.mchid,
        applied: [{ what: 'not made yet: trade' }],
      },
    ]);
  });
});

describe('a line missing', () => {
  test('F68 I10: the refund is in no bill of its day, and the sums know nothing of it', async () => {
    const shop = await openShop();
    const [there, missing] = [await refundWith(shop, null), await refundWith(shop, { kind: 'line_missing' })];
    await shop.turnTo(NEXT_TEN);

    const [all, refunds] = [
      await fetchBill(shop, DAY_ONE),
      await fetchBill(shop, `${DAY_ONE}&bill_type=REFUND`),
    ];

    for (const bill of [all, refunds]) {
      expect(refundsIn(bill)).toEqual({ [there.out_refund_no]: '4.00' });
      expectSumsAgree(bill);
    }
    expect((await shop.query(missing.out_refund_no)).json['status']).toBe('SUCCESS');
  });

  test('the fund-flow bill still shows it: the money did leave', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, { kind: 'line_missing' });
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    expect(bill.lines.filter((line) => line['业务凭证号'] === wish.out_refund_no)).toHaveLength(2);
  });

  test('a bill of payments does not use the trouble', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, { kind: 'line_missing' });
    await shop.turnTo(NEXT_TEN);

    await fetchBill(shop, `${DAY_ONE}&bill_type=SUCCESS`);

    const { troubles } = await shop.control('GET', `/troubles?refund_no=${wish.out_refund_no}`);
    expect(troubles).toMatchObject([{ applied: [] }]);
  });
});

describe('another amount', () => {
  test.each([
    [{ kind: 'amount_differs' }, '4.01'],
    [{ kind: 'amount_differs', fen: 250 }, '6.50'],
  ])('F63 I5: %j: the line says %s, and the sums agree with the line', async (trouble, amount) => {
    const shop = await openShop();
    const wish = await refundWith(shop, trouble);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE);

    expect(refundsIn(bill)).toEqual({ [wish.out_refund_no]: amount });
    expectSumsAgree(bill);
    expect((await shop.query(wish.out_refund_no)).json['amount']).toMatchObject({ refund: 400 });
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ amountMinor: 400n }]);
  });
});

describe('re-issued', () => {
  test.each([
    [{ kind: 'bill_reissued' }, 24, undefined],
    [{ kind: 'bill_reissued', hours: 2 }, 2, undefined],
    [{ kind: 'bill_reissued', first: 'lacks' }, 24, undefined],
    [{ kind: 'bill_reissued', first: 'differs' }, 24, '4.01'],
  ])('F46 I9: %j: the first version is wrong for %i hours, the second right for good', async (...given) => {
    const [trouble, hours, wrongAmount] = given;
    const shop = await openShop();
    const [wish, other] = [await refundWith(shop, trouble), await refundWith(shop, null)];

    await shop.turnTo(NEXT_TEN);
    const first = await fetchBill(shop, DAY_ONE);
    await shop.turn(hours * HOUR - 1);
    const still = await fetchBill(shop, DAY_ONE);
    await shop.turn(1);
    const second = await fetchBill(shop, DAY_ONE);
    await shop.turn(5 * DAY);
    const later = await fetchBill(shop, DAY_ONE);

    expect(refundsIn(first)[wish.out_refund_no]).toBe(wrongAmount);
    expect(refundsIn(first)[other.out_refund_no]).toBe('4.00');
    expect(still.sha1).toBe(first.sha1);
    expect(refundsIn(second)).toEqual({ [wish.out_refund_no]: '4.00', [other.out_refund_no]: '4.00' });
    expect(second.sha1).not.toBe(first.sha1);
    expect(later.sha1).toBe(second.sha1);
    for (const bill of [first, second]) expectSumsAgree(bill);
  });

  test('with `untilMet` whoever has it first has the wrong version, however late that is, and the right one after', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, { kind: 'bill_reissued', hours: 2, untilMet: true });
    await shop.turnTo('2026-09-05T10:00:00+08:00');

    const [first, second] = [await fetchBill(shop, DAY_ONE), await fetchBill(shop, DAY_ONE)];

    expect(refundsIn(first)).toEqual({});
    expect(refundsIn(second)).toEqual({ [wish.out_refund_no]: '4.00' });
  });

  test('the re-issued bill still shows the states of the first morning', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T20:00:00+08:00') });
    const wish = shop.wish(await shop.pay(1_000), 400);
    await shop.plan(wish.out_refund_no, { kind: 'bill_reissued' });
    await shop.plan(wish.out_refund_no, { kind: 'late_success', days: 1 });
    await shop.refund(wish);

    await shop.turn(4 * DAY);

    expect((await fetchBill(shop, DAY_ONE)).lines.at(-1)?.['退款状态']).toBe('PROCESSING');
  });

  test('two refunds that are mended at different times make three versions', async () => {
    const shop = await openShop();
    await refundWith(shop, { kind: 'bill_reissued', hours: 2 });
    await refundWith(shop, { kind: 'bill_reissued', hours: 5 });
    await shop.turnTo(NEXT_TEN);

    const counts: number[] = [];
    for (const hours of [0, 2, 3]) {
      if (hours > 0) await shop.turn(hours * HOUR);
      counts.push(Object.keys(refundsIn(await fetchBill(shop, DAY_ONE))).length);
    }

    expect(counts).toEqual([0, 1, 2]);
  });
});

describe('by hand in the merchant console', () => {
  const byHand = (shop: Shop, more: Fields): Promise<{ status: number; json: Fields }> =>
    shop.tryControl('POST', '/refunds-by-hand', more);

  test('F31 F69 I8: a refund with a number of WeChat is paid, is in the bill, and can be queried', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const { json } = await byHand(shop, {
      payment_no: order.payment_no,
      amount_minor: '300',
      reason: '客服',
    });
    await shop.turnTo(NEXT_TEN);

    const number = String(json['refund_no']);
    expect(number).toMatch(/^REF[0-9]{28,}$/);
    expect(refundsIn(await fetchBill(shop, DAY_ONE))).toEqual({ [number]: '3.00' });
    expect(await shop.query(number)).toMatchObject({ status: 200, json: { status: 'SUCCESS' } });
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ refundNo: number, origin: 'console' }]);
  });

  test('the fund-flow bill names a person, not the API, as who asked', async () => {
    const shop = await openShop();
    const { json } = await byHand(shop, {
      payment_no: (await shop.pay(1_000)).payment_no,
      amount_minor: '300',
    });
    const wish = await refundWith(shop, null);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    const asked = (voucher: unknown): unknown[] =>
      bill.lines.filter((line) => line['业务凭证号'] === voucher).map((line) => line['资金变更提交申请人']);
    const { mchid } = shop.merchant;
    expect(new Set(asked(json['refund_no']))).toEqual(new Set([`${mchid}@${mchid}`]));
    expect(new Set(asked(wish.out_refund_no))).toEqual(new Set(['API']));
  });

  test('I2: counts against the order like any other, but needs no minute in between', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    await shop.refund(shop.wish(order, 600));

    const rest = await byHand(shop, { payment_no: order.payment_no, amount_minor: '400' });
    const over = await byHand(shop, { payment_no: order.payment_no, amount_minor: '1' });

    expect(rest.status).toBe(201);
    expect(over).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  test('I1: a number that a merchant took before is passed over, never used twice', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);
    const taken = `REF${order.transaction_id}01`;
    await shop.refund(shop.wish(order, 100, { out_refund_no: taken }));

    const { json } = await byHand(shop, { payment_no: order.payment_no, amount_minor: '200' });
    await shop.turn(300);

    expect(json['refund_no']).not.toBe(taken);
    const paid = shop.sandbox.ledger().paidOut.map(({ amountMinor, count }) => [amountMinor, count]);
    expect(paid.toSorted()).toEqual([
      [100n, 1],
      [200n, 1],
    ]);
  });

  test('an unknown order is refused in the words of the channel', async () => {
    const shop = await openShop();

    expect(await byHand(shop, { payment_no: 'ORDER-none', amount_minor: '1' })).toMatchObject({
      status: 404,
      json: { code: 'RESOURCE_NOT_EXISTS' },
    });
  });
});
