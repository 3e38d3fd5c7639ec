/** The files of a clearing day, read by a plain reader of the documents, and the troubles of lines and days. */
import { describe, expect, test } from 'vitest';
import { makeMerchantKeys } from '../../../sandbox/unionpay/keys.ts';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import { askForDay, fetchDay, gain } from './clearing-files.ts';
import type { Fields } from './merchant.ts';
import type { Shop } from './shop.ts';
import { DAY, KEYS, openShop } from './shop.ts';

const HOUR = 3_600;
const MORNING = '2026-09-02T09:00:00+08:00';

interface Refunded {
  readonly shop: Shop;
  readonly wish: Fields & { readonly orderId: string };
}

/** A payment of 10.00 of which 4.00 were given back on the first of September. */
async function refunded(...troubles: readonly RefundTrouble[]): Promise<Refunded> {
  const shop = await openShop();
  const wish = shop.wish(shop.pay(1_000), 400);
  shop.plan(wish.orderId, ...troubles);
  await shop.refund(wish);
  return { shop, wish };
}

describe('a line', () => {
  test('of a payment has every field in its place', async () => {
    const shop = await openShop();
    const payment = shop.pay(123_45, { source: 'credit_card' });
    await shop.turnTo(MORNING);

    const { zm } = await fetchDay(shop, '0901');

    expect(zm).toHaveLength(1);
    const line = zm[0] ?? [];
    expect([line[4], line[5], line[6]]).toEqual([payment.traceNo, '0901100000', payment.accNo]);
    expect([line[7], line[10], line[12], line[13]]).toEqual([
      '000000012345',
      payment.transactionId,
      payment.paymentNo,
      '02',
    ]);
    expect([line[16], line[17], line[33]]).toEqual(['D000000000074', 'C000000012271', 'C000000012271']);
    expect([line[20], line[22], line[28]]).toEqual(['01', '000201', KEYS.merchant.merId]);
    expect([line[14], line[15], line[27], line[41]]).toEqual(['', '', '', '']);
  });

  test('of a refund has its own numbers, those of the payment, and the fee that comes back', async () => {
    const { shop, wish } = await refunded();
    await shop.turnTo(MORNING);
    const [payment] = shop.sandbox.payments();
    const [refund] = shop.sandbox.refunds();

    const { zm } = await fetchDay(shop, '0901');

    const line = zm[1] ?? [];
    expect([line[4], line[7], line[10], line[12], line[20]]).toEqual([
      refund?.traceNo,
      '000000000400',
      refund?.queryId,
      wish.orderId,
      '04',
    ]);
    expect([line[14], line[15], line[27], line[41]]).toEqual([
      payment?.traceNo,
      '0901100000',
      payment?.transactionId,
      payment?.paymentNo,
    ]);
    expect([gain(line[16]), gain(line[17]), gain(line[33])]).toEqual([2n, -398n, -398n]);
  });

  test('of a cancellation has the type 31', async () => {
    const shop = await openShop();
    await shop.refund(shop.wish(shop.pay(1_000), 1_000, { txnType: '31' }));
    await shop.turnTo(MORNING);

    const { zm } = await fetchDay(shop, '0901');

    expect(zm.map((line) => [line[20], gain(line[17])])).toEqual([
      ['01', 994n],
      ['31', -994n],
    ]);
  });

  test('is only of what was cleared: not of what failed, is under way, or was never paid', async () => {
    const { shop } = await refunded({ kind: 'accepted_then_failed' });
    const stuck = shop.wish(shop.pay(500), 500);
    shop.plan(stuck.orderId, { kind: 'stuck' });
    await shop.refund(stuck);
    shop.pay(700, { respCode: '30' });
    await shop.turnTo(MORNING);

    expect((await fetchDay(shop, '0901')).zm.map((line) => line[20])).toEqual(['01', '01']);
  });
});

describe('a day', () => {
  test('is a zip with the trades and the printed report, under their names', async () => {
    const { shop } = await refunded();
    await shop.turnTo(MORNING);
    const { merId } = KEYS.merchant;

    expect((await fetchDay(shop, '0901')).names).toEqual([
      `INN26090188ZM_${merId}`,
      `RD201026090101_${merId}`,
    ]);
  });

  test('has a printed report whose sums are those of the lines, by trade and by card', async () => {
    const { shop } = await refunded();
    shop.pay(2_000, { source: 'credit_card' });
    await shop.refund(shop.wish(shop.pay(300), 300, { txnType: '31' }));
    await shop.turnTo(MORNING);

    const { zm, report } = await fetchDay(shop, '0901');

    const rows = report.filter((line) => / [0-9]+\.[0-9]{2}$/.test(line)).map((line) => line.split(/\s+/));
    expect(rows).toEqual([
      ['自助消费', '3', '0.00', '33.00', '0.20', '0.00', '0.00', '32.80'],
      ['退货', '1', '4.00', '0.00', '0.00', '0.02', '3.98', '0.00'],
      ['消费撤销', '1', '3.00', '0.00', '0.00', '0.02', '2.98', '0.00'],
      ['总计', '5', '7.00', '33.00', '0.20', '0.04', '6.96', '32.80'],
      ['借记卡', '4', '7.00', '13.00', '0.08', '0.04', '6.96', '12.92'],
      ['贷记卡', '1', '0.00', '20.00', '0.12', '0.00', '0.00', '19.88'],
      ['准贷记卡', '0', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00'],
      ['其他卡', '0', '0.00', '0.00', '0.00', '0.00', '0.00', '0.00'],
      ['总计', '5', '7.00', '33.00', '0.20', '0.04', '6.96', '32.80'],
    ]);
    expect(zm.reduce((sum, line) => sum + gain(line[17]), 0n)).toBe(3_280n - 696n);
    expect(report.some((line) => line.includes('清算日期:20260901'))).toBe(true);
    expect(report.some((line) => line.includes('生成日期:20260902'))).toBe(true);
    expect(report.some((line) => line.includes('商户名称:淘在路上'))).toBe(true);
    // Columns stand under each other: a Chinese character is two bytes and two columns wide.
    const lengths = rows.map(([label = '', ...cells]) => label.length * 2 + cells.join('').length);
    expect(Math.max(...lengths)).toBeLessThan(124);
  });

  test('F60: ends at 23:00, by the moment at which a trade was done', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T22:00:00+08:00') });
    const times = ['2026-09-01T22:59:59+08:00', '2026-09-01T23:00:00+08:00', '2026-09-02T22:59:59+08:00'];
    const paid = [];
    for (const time of times) {
      await shop.turnTo(time);
      paid.push(shop.pay(100).paymentNo);
    }
    await shop.turnTo('2026-09-03T09:00:00+08:00');

    const days = [await fetchDay(shop, '0901'), await fetchDay(shop, '0902')];

    expect(days.map(({ zm }) => zm.map((line) => line[12]))).toEqual([[paid[0]], [paid[1], paid[2]]]);
  });

  test.each([
    ['2026-09-02T08:59:59+08:00', '98'],
    [MORNING, '00'],
    ['2027-08-31T10:00:00+08:00', '00'],
    // The first of September is the next one by now.
    ['2027-09-01T10:00:00+08:00', '98'],
  ])('F41: can be had from nine of the next day, for a year: at %s it is %s', async (now, respCode) => {
    const { shop } = await refunded();
    await shop.turnTo(now);

    expect((await askForDay(shop, '0901'))['respCode']).toBe(respCode);
  });

  test('on which nothing was cleared has no files', async () => {
    const { shop } = await refunded();
    await shop.turn(5 * DAY);

    expect(await askForDay(shop, '0903')).toMatchObject({ respCode: '98' });
  });

  test.each([
    ['1301', '10'],
    ['0230', '10'],
    ['0229', '98'],
    ['91', '10'],
    ['', '13'],
  ])('named %s is answered %s', async (settleDate, respCode) => {
    const { shop } = await refunded();

    expect((await askForDay(shop, settleDate))['respCode']).toBe(respCode);
  });

  test('around New Year is the one of the year before', async () => {
    const shop = await openShop({ start: new Date('2026-12-31T12:00:00+08:00') });
    shop.pay(100);
    await shop.turnTo('2027-01-01T09:00:00+08:00');

    expect((await fetchDay(shop, '1231')).names[0]).toMatch(/^INN26123188ZM_/);
  });

  test('F59: of one merchant has no line of another', async () => {
    const other = makeMerchantKeys(KEYS.channel, new Date(), '777290058110099');
    const shop = await openShop({ others: [other] });
    const payments = [shop.pay(100), shop.pay(200, { merchantNo: other.merId })];
    await shop.turnTo(MORNING);

    const days = [await fetchDay(shop, '0901'), await fetchDay(shop, '0901', other)];

    expect(days.map(({ zm }) => zm.map((line) => line[12]))).toEqual(payments.map((one) => [one.paymentNo]));
  });

  test('that somebody has seen stays as it was, to the byte', async () => {
    const { shop } = await refunded();
    await shop.turnTo(MORNING);
    const seen = await fetchDay(shop, '0901');

    shop.pay(900, { paidAt: new Date('2026-09-01T12:00:00+08:00') });
    await shop.turn(DAY);

    expect((await fetchDay(shop, '0901')).zip).toEqual(seen.zip);
  });
});

describe('trouble', () => {
  test('F41: files of a day that come a day late', async () => {
    const { shop } = await refunded();
    shop.sandbox.plan.forDay(KEYS.merchant.merId, '2026-09-01', { kind: 'bill_late', hours: 24 });
    await shop.turnTo(MORNING);
    const usual = (await askForDay(shop, '0901'))['respCode'];
    await shop.turn(DAY - 1);
    const before = (await askForDay(shop, '0901'))['respCode'];
    await shop.turn(1);

    expect([usual, before, (await askForDay(shop, '0901'))['respCode']]).toEqual(['98', '98', '00']);
    expect(shop.sandbox.plan.list()[0]?.applied).toHaveLength(2);
  });

  test('F68: a line that is missing is missing in the report, too; the money has left', async () => {
    const { shop } = await refunded({ kind: 'line_missing' });
    await shop.turnTo(MORNING);

    const { zm, zme, report } = await fetchDay(shop, '0901');

    expect([zm.length, zme.length]).toEqual([1, 0]);
    expect(report.find((line) => line.startsWith('总计'))).toMatch(/ 1 +0\.00 +10\.00 /);
    expect(shop.sandbox.ledger().paidOut).toHaveLength(1);
  });

  test('F63: a line that shows another amount, and adds up all the same', async () => {
    const { shop } = await refunded({ kind: 'amount_differs', fen: 5 });
    await shop.turnTo(MORNING);

    const line = (await fetchDay(shop, '0901')).zm[1] ?? [];

    expect([line[7], gain(line[16]), gain(line[17])]).toEqual(['000000000405', 2n, -403n]);
  });

  test.each([
    ['lacks', []],
    ['differs', ['000000000401']],
  ] as const)('F46: files that are replaced: the first %s', async (first, amounts) => {
    const { shop } = await refunded({ kind: 'bill_reissued', first, hours: 30 });
    const refundsOf = async (): Promise<readonly (string | undefined)[]> =>
      (await fetchDay(shop, '0901')).zm.filter((line) => line[20] === '04').map((line) => line[7]);
    await shop.turnTo(MORNING);
    const early = await refundsOf();
    await shop.turn(30 * HOUR - 1);
    const before = await refundsOf();
    await shop.turn(1);

    expect([early, before, await refundsOf()]).toEqual([amounts, amounts, ['000000000400']]);
  });

  test('a refund in the error file instead of among the trades', async () => {
    const { shop } = await refunded({ kind: 'in_error_file' });
    await shop.turnTo(MORNING);
    const [refund] = shop.sandbox.refunds();

    const { names, zm, zme, report } = await fetchDay(shop, '0901');

    expect(names).toContain(`INN26090188ZME_${KEYS.merchant.merId}`);
    expect(zm.map((line) => line[20])).toEqual(['01']);
    const line = zme[0] ?? [];
    expect([line[7], line[11], line[12], line[13], line[14]]).toEqual([
      '000000000400',
      refund?.traceNo,
      '0901100000',
      '0901',
      '000000000400',
    ]);
    expect([gain(line[15]), gain(line[16]), line[18]]).toEqual([2n, -398n, KEYS.merchant.merId]);
    expect(report.find((one) => one.startsWith('总计'))).toMatch(/ 1 +0\.00 +10\.00 /);
  });

  test('F66: what a bank sends back is in the error file of that day, with the numbers of the refund', async () => {
    const { shop } = await refunded({ kind: 'bank_returned', days: 2 });
    await shop.turn(5 * DAY);
    const [refund] = shop.sandbox.refunds();

    const [first, third] = [await fetchDay(shop, '0901'), await fetchDay(shop, '0903')];

    expect(first.zm.map((line) => line[20])).toEqual(['01', '04']);
    expect([first.zme, third.zm]).toEqual([[], []]);
    const line = third.zme[0] ?? [];
    expect([line[7], line[11], line[12], line[13]]).toEqual([
      '000000000400',
      refund?.traceNo,
      '0901100000',
      '0901',
    ]);
    expect([gain(line[15]), gain(line[16])]).toEqual([-2n, 398n]);
    expect(line[5]).toMatch(/^09031[0-9]{5}$/);
    expect(line[4]).not.toBe(refund?.traceNo);
  });
});
