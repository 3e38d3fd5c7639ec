/** Bills: when they are there, how they are packed, what is in them, and that their sums are right. */
import { describe, expect, test } from 'vitest';
import { makeAlipayKeys } from '../../../sandbox/alipay/keys.ts';
import type { Fields } from '../exchange.ts';
import type { PlainBill, Row } from './plain-bill.ts';
import { askForBill, download, fen, fetchBill, sumOf, yuan } from './plain-bill.ts';
import type { PaidTrade, Shop, Wish } from './shop.ts';
import { KEYS, openShop } from './shop.ts';

const DAY_ONE = '2026-09-01';
const NEXT_NINE = '2026-09-02T09:00:00+08:00';
const { sellerId } = KEYS.merchant;

async function refundWith(shop: Shop, trouble: Fields | null, payment: Fields = {}): Promise<Wish> {
  const wish = shop.wish(await shop.pay(1_000, payment), '4.00', { refund_reason: '部分退款' });
  if (trouble !== null) await shop.plan(wish, trouble);
  await shop.refund(wish);
  return wish;
}

function refundsOf({ details }: PlainBill): readonly Readonly<Record<string, string>>[] {
  return details.rows.filter((row) => row['业务类型'] === '退款');
}

/** The sums that both files name, against the lines of the one. */
function expectSumsHold({ details, summary }: PlainBill): void {
  const ofKind = (kind: string): readonly Row[] => details.rows.filter((row) => row['业务类型'] === kind);
  const [payments, refunds] = [ofKind('交易'), ofKind('退款')];
  const sum = (rows: readonly Row[], column: string): string => yuan(sumOf(rows, column));
  expect(details.comments.slice(-3, -1)).toEqual([
    `#交易合计：${String(payments.length)}笔，商家实收共${sum(payments, '商家实收（元）')}元，商家优惠共${sum(payments, '商家优惠（元）')}元`,
    `#退款合计：${String(refunds.length)}笔，商家实收退款共${sum(refunds, '商家实收（元）')}元，商家优惠退款共${sum(refunds, '商家优惠（元）')}元`,
  ]);
  expect(summary.rows.at(-1)).toMatchObject({
    ...{ 门店编号: '合计', 交易订单总笔数: String(payments.length), 退款订单总笔数: String(refunds.length) },
    '商家实收（元）': sum(details.rows, '商家实收（元）'),
    '订单金额（元）': sum(details.rows, '订单金额（元）'),
    '服务费（元）': sum(details.rows, '服务费（元）'),
  });
}

describe('the business bill', () => {
  test('is a zip of two files with GBK names, the summary first', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.turnTo(NEXT_NINE);

    const { names, details } = await fetchBill(shop, 'trade', DAY_ONE);

    expect(names).toEqual([
      `${sellerId}0156_20260901_业务明细(汇总).csv`,
      `${sellerId}0156_20260901_业务明细.csv`,
    ]);
    expect(details.columns).toHaveLength(25);
    expect(details.comments.slice(0, 4)).toEqual([
      '#支付宝业务明细查询',
      `#账号：[${sellerId}0156]`,
      '#起始日期：[2026年09月01日 00:00:00]   终止日期：[2026年09月02日 00:00:00]',
      '#-----------------------------------------业务明细列表----------------------------------------',
    ]);
    expect(details.comments.at(-1)).toBe('#导出时间：[2026年09月02日 09:00:00]');
  });

  test('has a line for each payment and each refund, with every documented column', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, null, { goods_name: '连衣裙, 红, M', discount_minor: '100' });
    await shop.turnTo(NEXT_NINE);

    const bill = await fetchBill(shop, 'trade', DAY_ONE);
    const [payment, refund] = bill.details.rows;

    const shared = {
      ...{ 支付宝交易号: wish.trade_no, 商品名称: '连衣裙, 红, M', 创建时间: '2026-09-01 10:00:00' },
      完成时间: '2026-09-01 10:00:00',
    };
    expect(payment).toMatchObject({
      ...{ ...shared, 业务类型: '交易', '订单金额（元）': '10.00', '商家实收（元）': '9.00' },
      ...{ '商家优惠（元）': '1.00', '服务费（元）': '-0.05', '退款批次号/请求号': '', 备注: '' },
    });
    expect(refund).toMatchObject({
      ...{ ...shared, 业务类型: '退款', '订单金额（元）': '-4.00', '商家实收（元）': '-3.60' },
      ...{ '商家优惠（元）': '-0.40', '服务费（元）': '0.02', 备注: '部分退款' },
      '退款批次号/请求号': wish.out_request_no,
    });
    expect(bill.details.text).toContain(`${wish.trade_no}\t,`);
    expectSumsHold(bill);
  });

  test('its sums hold for a day of many lines', async () => {
    const shop = await openShop();
    for (let index = 1; index <= 12; index += 1) {
      const trade = await shop.pay(1_000 * index + 7, { discount_minor: String(index) });
      if (index % 3 !== 0) await shop.refund(shop.wish(trade, `${String(index)}.0${String(index % 10)}`));
    }
    await shop.turnTo(NEXT_NINE);

    const bill = await fetchBill(shop, 'trade', DAY_ONE);

    expect(bill.details.rows).toHaveLength(20);
    expectSumsHold(bill);
  });

  test('a refund stands in the bill of the day on which it was done, not of the one on which it was asked for', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, { kind: 'late_success', days: 1 });
    await shop.turnTo('2026-09-03T09:00:00+08:00');

    const [first, second] = [
      await fetchBill(shop, 'trade', DAY_ONE),
      await fetchBill(shop, 'trade', '2026-09-02'),
    ];

    expect(refundsOf(first)).toEqual([]);
    expect(refundsOf(second)).toMatchObject([
      { '退款批次号/请求号': wish.out_request_no, 完成时间: '2026-09-02 10:00:00' },
    ]);
    expect(second.details.rows).toHaveLength(1);
  });

  test('has refunds by hand, under the number that Alipay made', async () => {
    const shop = await openShop();
    const trade = await shop.pay(1_000);
    const made = await shop.control('POST', '/refunds-by-hand', {
      ...{ payment_no: trade.payment_no, amount_minor: '400', reason: '客服' },
    });
    await shop.turnTo(NEXT_NINE);

    const bill = await fetchBill(shop, 'trade', DAY_ONE);

    expect(refundsOf(bill)).toMatchObject([{ '退款批次号/请求号': made['refund_no'], 备注: '客服' }]);
  });

  test('of a month has all its days, from the third of the next on', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.turnTo('2026-09-20T10:00:00+08:00');
    await refundWith(shop, null);
    await shop.turnTo('2026-10-03T08:59:59+08:00');
    const early = await askForBill(shop, 'trade', '2026-09');
    await shop.turn(1);

    const bill = await fetchBill(shop, 'trade', '2026-09');

    expect(early).toMatchObject({ sub_code: 'isp.bill_not_exist' });
    expect(bill.details.rows).toHaveLength(4);
    expectSumsHold(bill);
  });

  test('never has lines of another merchant', async () => {
    const other = makeAlipayKeys(new Date());
    const shop = await openShop({ others: [other] });
    const own = await shop.pay(100);
    await shop.pay(200, { merchant_no: other.merchant.sellerId });
    await shop.turnTo(NEXT_NINE);

    const { details } = await fetchBill(shop, 'trade', DAY_ONE);

    expect(details.rows.map((row) => row['支付宝交易号'])).toEqual([own.transaction_id]);
  });

  test('writes every character that GB 18030 has, and breaks no line', async () => {
    const shop = await openShop();
    await shop.pay(100, { goods_name: '𠮷野家 €\t\r\n“套餐”ḿ' });
    await shop.turnTo(NEXT_NINE);

    const { details } = await fetchBill(shop, 'trade', DAY_ONE);

    expect(details.rows).toMatchObject([{ 商品名称: '𠮷野家 €   “套餐”ḿ' }]);
  });
});

describe('the account bill', () => {
  test('has every movement of the balance, with what is left after it', async () => {
    const shop = await openShop({ balanceMinor: 5_000n });
    const trade: PaidTrade = await shop.pay(10_000);
    const wish = shop.wish(trade, '40.00');
    await shop.turn(60);
    await shop.refund(wish);
    await shop.turn(60);
    await shop.control('POST', '/withdraw', { amount_minor: '1000' });
    await shop.turnTo(NEXT_NINE);

    const { details, summary } = await fetchBill(shop, 'signcustomer', DAY_ONE);

    expect(details.columns).toHaveLength(12);
    const rows = details.rows.map((row) =>
      ['业务类型', '收入金额（+元）', '支出金额（-元）', '账户余额（元）', '备注'].map((name) => row[name]),
    );
    expect(rows).toEqual([
      ['在线支付', '100.00', '0.00', '150.00', ''],
      ['收费', '0.00', '-0.60', '149.40', ''],
      ['交易退款', '0.00', '-40.00', '109.40', wish.out_request_no],
      ['退费', '0.24', '0.00', '109.64', wish.out_request_no],
      ['提现', '0.00', '-10.00', '99.64', ''],
    ]);
    expect(details.comments.slice(-3, -1)).toEqual([
      '#支出合计：3笔，共-50.60元',
      '#收入合计：2笔，共100.24元',
    ]);
    expect(summary.rows.at(-1)).toMatchObject({ 业务类型: '合计', '总金额（元）': '49.64' });
    expect(new Set(details.rows.map((row) => row['账务流水号'])).size).toBe(5);
  });

  test('begins with the balance of the day before, and ends with the one that the ledger has', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.turnTo('2026-09-02T10:00:00+08:00');
    await refundWith(shop, null);
    await shop.turnTo('2026-09-03T09:00:00+08:00');

    const [one, two] = [
      await fetchBill(shop, 'signcustomer', DAY_ONE),
      await fetchBill(shop, 'signcustomer', '2026-09-02'),
    ];

    const [first] = two.details.rows;
    const last = one.details.rows.at(-1);
    expect(fen(last?.['账户余额（元）']) + fen(first?.['收入金额（+元）'])).toBe(
      fen(first?.['账户余额（元）']),
    );
    expect(BigInt(fen(two.details.rows.at(-1)?.['账户余额（元）']))).toBe(
      shop.sandbox.ledger().balances[`merchant:${sellerId}`],
    );
  });
});

describe('asking', () => {
  test.each<[string, Fields, string]>([
    ['for today', { bill_type: 'trade', bill_date: '2026-09-01' }, 'isv.INVAILID_ARGUMENTS'],
    ['for tomorrow', { bill_type: 'trade', bill_date: '2026-09-02' }, 'isv.INVAILID_ARGUMENTS'],
    ['for this month', { bill_type: 'trade', bill_date: '2026-09' }, 'isv.INVAILID_ARGUMENTS'],
    ['for a day that is none', { bill_type: 'trade', bill_date: '2026-02-30' }, 'isv.INVAILID_ARGUMENTS'],
    ['for a day before all', { bill_type: 'trade', bill_date: '2015-12-31' }, 'isv.INVAILID_ARGUMENTS'],
    ['for no day', { bill_type: 'trade' }, 'isv.INVAILID_ARGUMENTS'],
    ['for no type', { bill_date: '2026-08-31' }, 'isv.INVAILID_ARGUMENTS'],
    ['for an empty day', { bill_type: 'trade', bill_date: '2026-08-31' }, 'isp.bill_not_exist'],
    ['for a product nobody has', { bill_type: 'zft_acc', bill_date: '2026-08-31' }, 'isp.bill_not_exist'],
  ])('%s is refused', async (_, content, subCode) => {
    const shop = await openShop();
    await shop.pay(100);

    const { node } = await shop.call('alipay.data.dataservice.bill.downloadurl.query', content);

    expect(node).toMatchObject({ code: '40004', sub_code: subCode });
  });

  test('before nine is too early: the same words as of an empty day', async () => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo('2026-09-02T08:59:59+08:00');
    const early = await askForBill(shop, 'trade', DAY_ONE);
    await shop.turn(1);

    expect(early).toMatchObject({ sub_code: 'isp.bill_not_exist' });
    expect(await askForBill(shop, 'trade', DAY_ONE)).toMatchObject({ code: '10000' });
  });

  test('gives an address of documented make that lives for thirty seconds, and a new one each time', async () => {
    let shift = 0;
    const shop = await openShop({ wallShift: () => shift });
    await shop.pay(100);
    await shop.turnTo(NEXT_NINE);

    const [one, other] = [await askForBill(shop, 'trade', DAY_ONE), await askForBill(shop, 'trade', DAY_ONE)];
    const url = new URL(String(one['bill_download_url']));
    const inTime = await download(url);
    shift = 31_000;
    const late = await download(url);

    expect(other['bill_download_url']).not.toBe(one['bill_download_url']);
    expect(url.pathname).toBe('/downloadBillFile.resource');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ bizType: 'trade', userId: `${sellerId}0156`, fileType: 'csv.zip', bizDates: '20260901' },
      downloadFileName: `${sellerId}0156_20260901.csv.zip`,
    });
    expect([inTime.status, late.status]).toEqual([200, 404]);
  });

  test('with another account in the address gives nothing', async () => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo(NEXT_NINE);
    const url = new URL(String((await askForBill(shop, 'trade', DAY_ONE))['bill_download_url']));
    url.searchParams.set('userId', '20880000000000000156');

    expect((await download(url)).status).toBe(404);
  });
});

describe('trouble', () => {
  test('line_missing: the business bill lacks it, the account bill does not', async () => {
    const shop = await openShop();
    const wish = await refundWith(shop, { kind: 'line_missing' });
    await shop.turnTo(NEXT_NINE);

    const bill = await fetchBill(shop, 'trade', DAY_ONE);
    const account = await fetchBill(shop, 'signcustomer', DAY_ONE);

    expect(refundsOf(bill)).toEqual([]);
    expectSumsHold(bill);
    expect(account.details.rows.some((row) => row['备注'] === wish.out_request_no)).toBe(true);
  });

  test('amount_differs: the line shows so much more, and the sums agree with it', async () => {
    const shop = await openShop();
    await refundWith(shop, { kind: 'amount_differs', fen: 3 });
    await shop.turnTo(NEXT_NINE);

    const bill = await fetchBill(shop, 'trade', DAY_ONE);

    expect(refundsOf(bill)).toMatchObject([{ '订单金额（元）': '-4.03', '商家实收（元）': '-4.03' }]);
    expectSumsHold(bill);
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ amountMinor: 400n }]);
  });

  test.each([
    ['lacks', []],
    ['differs', ['-4.01']],
  ])('bill_reissued: the first version %s, the second is right', async (first, shown) => {
    const shop = await openShop();
    await refundWith(shop, { kind: 'bill_reissued', first, hours: 5 });
    await shop.turnTo('2026-09-02T13:59:59+08:00');
    const before = await fetchBill(shop, 'trade', DAY_ONE);
    await shop.turn(1);
    const after = await fetchBill(shop, 'trade', DAY_ONE);

    expect(refundsOf(before).map((row) => row['订单金额（元）'])).toEqual(shown);
    expect(refundsOf(after)).toMatchObject([{ '订单金额（元）': '-4.00' }]);
    expectSumsHold(before);
    expectSumsHold(after);
  });

  test('bill_late: the bill of the day is not there until so many hours later', async () => {
    const shop = await openShop();
    await refundWith(shop, null);
    await shop.control('POST', '/troubles', {
      bill_date: DAY_ONE,
      trouble: { kind: 'bill_late', hours: 30 },
    });
    await shop.turnTo('2026-09-03T14:59:59+08:00');
    const early = await askForBill(shop, 'trade', DAY_ONE);
    await shop.turn(1);

    expect(early).toMatchObject({ sub_code: 'isp.bill_not_exist' });
    expect(refundsOf(await fetchBill(shop, 'trade', DAY_ONE))).toHaveLength(1);
    expect((await shop.control('GET', '/troubles'))['troubles']).toMatchObject([
      { bill_date: DAY_ONE, applied: [{ what: 'not made yet: trade' }] },
    ]);
  });
});
