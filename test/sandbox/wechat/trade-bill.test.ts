/** The trade bill: documented columns in their order, sums that are the sums, refunds by acceptance and printed once. */
import { describe, expect, test } from 'vitest';
import { fen, fetchBill, sumOf } from './plain-bill.ts';
import type { Shop } from './shop.ts';
import { DAY, openShop } from './shop.ts';

/** As documented for the bills of merchants; the numbers are those of the documents. */
const ALL = [
  ...['交易时间', '公众账号ID', '商户号', '特约商户号', '设备号', '微信订单号', '商户订单号', '用户标识'],
  ...['交易类型', '交易状态', '付款银行', '货币种类', '应结订单金额', '代金券金额', '微信退款单号'],
  ...['商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态', '商品名称', '商户数据包'],
  ...['手续费', '费率', '订单金额', '申请退款金额', '费率备注'],
];
const DAY_ONE = 'bill_date=2026-09-01';
const NEXT_TEN = '2026-09-02T10:00:00+08:00';

/** Two payments, a partial refund to a wallet and one to a card, all on the first day. */
async function busyDay(shop: Shop): Promise<void> {
  const wallet = await shop.pay(12_345, { goods_name: '蓝牙耳机, 白色', attach: 'batch=7' });
  const card = await shop.pay(1_000, { coupon_minor: '300', source: 'credit_card' });
  await shop.refund(shop.wish(wallet, 2_345, { out_refund_no: 'RF-wallet' }));
  await shop.refund(shop.wish(card, 900, { out_refund_no: 'RF-card' }));
}

describe('the layout', () => {
  test('ALL has 27 columns in the documented order', async () => {
    const shop = await openShop();
    await busyDay(shop);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE);

    expect(bill.columns).toEqual(ALL);
    expect(bill.columns).toHaveLength(27);
  });

  test('SUCCESS has 20 columns and payments only; its summary names no refunds', async () => {
    const shop = await openShop();
    await busyDay(shop);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, `${DAY_ONE}&bill_type=SUCCESS`);

    expect(bill.columns).toEqual([...ALL.slice(0, 14), ...ALL.slice(20, 25), ALL[26]]);
    expect(bill.columns).toHaveLength(20);
    expect(bill.lines.map((line) => line['交易状态'])).toEqual(['SUCCESS', 'SUCCESS']);
    expect(Object.keys(bill.summary)).toEqual(['总交易单数', '应结订单总金额', '手续费总金额', '订单总金额']);
  });

  test('REFUND has 29 columns and refunds only, with their times', async () => {
    const shop = await openShop();
    await busyDay(shop);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, `${DAY_ONE}&bill_type=REFUND`);

    expect(bill.columns).toEqual([...ALL.slice(0, 14), '退款申请时间', '退款成功时间', ...ALL.slice(14)]);
    expect(bill.columns).toHaveLength(29);
    expect(bill.lines).toMatchObject([
      {
        商户退款单号: 'RF-wallet',
        退款申请时间: '2026-09-01 10:00:00',
        退款成功时间: expect.stringMatching(/^2026-09-01 10:0[0-4]:[0-9]{2}$/) as unknown,
      },
      { 商户退款单号: 'RF-card', 退款申请时间: '2026-09-01 10:00:00' },
    ]);
  });

  test('a payment and a refund are printed as documented', async () => {
    const shop = await openShop();
    const order = await shop.pay(12_345, { goods_name: '蓝牙耳机, 白色', attach: 'batch=7' });
    await shop.turn(90);
    const { json } = await shop.refund(shop.wish(order, 2_345));
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE);

    const both = {
      公众账号ID: shop.merchant.appid,
      商户号: shop.merchant.mchid,
      特约商户号: '0',
      设备号: '',
      微信订单号: order.transaction_id,
      商户订单号: order.payment_no,
      用户标识: order['openid'],
      交易类型: 'JSAPI',
      付款银行: 'CFT',
      货币种类: 'CNY',
      代金券金额: '0.00',
      充值券退款金额: '0.00',
      商品名称: '蓝牙耳机, 白色',
      商户数据包: 'batch=7',
      费率: '0.60%',
      费率备注: '',
    };
    const payment = {
      ...{ 交易时间: '2026-09-01 10:00:00', 交易状态: 'SUCCESS', 应结订单金额: '123.45', 订单金额: '123.45' },
      ...{ 微信退款单号: '0', 商户退款单号: '0', 退款金额: '0.00', 申请退款金额: '0.00' },
      ...{ 退款类型: '', 退款状态: '', 手续费: '0.74000' },
    };
    const refund = {
      ...{ 交易时间: '2026-09-01 10:01:30', 交易状态: 'REFUND', 应结订单金额: '0.00', 订单金额: '0.00' },
      ...{ 微信退款单号: json['refund_id'], 商户退款单号: json['out_refund_no'] },
      ...{ 退款金额: '23.45', 申请退款金额: '23.45', 退款类型: 'ORIGINAL', 退款状态: 'SUCCESS' },
      手续费: '-0.14000',
    };
    expect(bill.lines).toEqual([
      { ...both, ...payment },
      { ...both, ...refund },
    ]);
  });

  test('F63 I18: a coupon shows in what is due, in its own column, and in the two amounts of a refund', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000, { coupon_minor: '300' });
    await shop.refund(shop.wish(order, 900));
    await shop.turnTo(NEXT_TEN);

    const [payment, refund] = (await fetchBill(shop, DAY_ONE)).lines;

    expect(payment).toMatchObject({ 应结订单金额: '7.00', 代金券金额: '3.00', 订单金额: '10.00' });
    expect(refund).toMatchObject({ 申请退款金额: '9.00', 退款金额: '6.30' });
  });

  test.each([
    ['wallet', /^CFT$/],
    ['debit_card', /_DEBIT$/],
    ['credit_card', /_CREDIT$/],
  ])('the bank of a payment from a %s says so', async (source, bank) => {
    const shop = await openShop();
    await shop.pay(1_000, { source });
    await shop.turnTo(NEXT_TEN);

    expect((await fetchBill(shop, DAY_ONE)).lines[0]?.['付款银行']).toMatch(bank);
  });

  test('F48: commas, quotes, backticks, line ends and control characters in names stay in their field', async () => {
    const shop = await openShop();
    const names = ['a,b', '"q", \'q\'', 'tick`tick', 'one\ntwo\r', 'x\u0001y', '=1+1', ''];
    for (const name of names) await shop.pay(100, { goods_name: name });
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE);

    const printed = ['a,b', '"q", \'q\'', 'tick`tick', 'one\\ntwo\\r', 'x y', '=1+1', ''];
    expect(bill.lines.map((line) => line['商品名称'])).toEqual(printed);
  });
});

describe('the sums', () => {
  test.each(['ALL', 'SUCCESS', 'REFUND'])('of %s are those of its lines', async (type) => {
    const shop = await openShop();
    await busyDay(shop);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, `${DAY_ONE}&bill_type=${type}`);

    const pairs = [
      ['应结订单总金额', '应结订单金额'],
      ['退款总金额', '退款金额'],
      ['充值券退款总金额', '充值券退款金额'],
      ['手续费总金额', '手续费'],
      ['订单总金额', '订单金额'],
      ['申请退款总金额', '申请退款金额'],
    ] as const;
    const shown = pairs.filter(([sum]) => sum in bill.summary);
    expect(bill.summary['总交易单数']).toBe(String(bill.lines.length));
    expect(shown.map(([sum]) => fen(bill.summary[sum]))).toEqual(
      shown.map(([, column]) => sumOf(bill, column)),
    );
    expect(shown.length).toBe(type === 'SUCCESS' ? 3 : 6);
  });

  test('are those of a hand-counted day', async () => {
    const shop = await openShop();
    await busyDay(shop);
    await shop.turnTo(NEXT_TEN);

    // Fees: 123.45 → 0.74, 7.00 → 0.04; back: 23.45 → 0.14, 9 of 10 of 0.04 → 0.04.
    expect((await fetchBill(shop, DAY_ONE)).summary).toEqual({
      总交易单数: '4',
      应结订单总金额: '130.45',
      退款总金额: '29.75',
      充值券退款总金额: '0.00',
      手续费总金额: '0.60000',
      订单总金额: '133.45',
      申请退款总金额: '32.45',
    });
  });
});

describe('days', () => {
  test('F60 I21: a refund belongs to the Beijing day of its acceptance, to the second', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T23:59:59+08:00') });
    const [last, first] = [await shop.pay(100), await shop.pay(100)];
    await shop.refund(shop.wish(last, 100, { out_refund_no: 'RF-last' }));
    await shop.turn(1);
    await shop.refund(shop.wish(first, 100, { out_refund_no: 'RF-first' }));
    await shop.turnTo('2026-09-03T10:00:00+08:00');

    const numbersOf = async (date: string): Promise<unknown[]> => {
      const bill = await fetchBill(shop, `bill_date=${date}&bill_type=REFUND`);
      return bill.lines.map((line) => line['商户退款单号']);
    };

    expect(await numbersOf('2026-09-01')).toEqual(['RF-last']);
    expect(await numbersOf('2026-09-02')).toEqual(['RF-first']);
  });

  test('the state of a refund is that of nine in the morning, printed once and never again', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T20:00:00+08:00') });
    const order = await shop.pay(1_000);
    const wish = shop.wish(order, 1_000);
    await shop.plan(wish.out_refund_no, { kind: 'late_success', days: 1 });
    await shop.refund(wish);

    await shop.turnTo(NEXT_TEN);
    const atTen = await fetchBill(shop, DAY_ONE);
    await shop.turn(30 * DAY);
    const muchLater = await fetchBill(shop, DAY_ONE);
    const nextDay = await shop.call('GET', '/v3/bill/tradebill?bill_date=2026-09-02');

    expect(atTen.lines.map((line) => line['退款状态'])).toEqual(['', 'PROCESSING']);
    expect(muchLater.text).toBe(atTen.text);
    expect((await shop.query(wish.out_refund_no)).json['status']).toBe('SUCCESS');
    expect(nextDay.json['code']).toBe('NO_STATEMENT_EXIST');
  });

  test('a bill that is asked for late shows the states of its own morning', async () => {
    const shop = await openShop({ start: new Date('2026-09-01T20:00:00+08:00') });
    const wish = shop.wish(await shop.pay(1_000), 1_000);
    await shop.plan(wish.out_refund_no, { kind: 'late_success', days: 1 });
    await shop.refund(wish);

    await shop.turn(30 * DAY);

    const bill = await fetchBill(shop, DAY_ONE);
    expect(bill.lines.map((line) => line['退款状态'])).toEqual(['', 'PROCESSING']);
  });

  test('payments that failed are in no bill', async () => {
    const shop = await openShop();
    for (const state of ['NOTPAY', 'CLOSED', 'REVOKED']) await shop.pay(100, { trade_state: state });
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);

    expect((await fetchBill(shop, DAY_ONE)).lines).toHaveLength(1);
  });

  test('an order dated back is in the bill of its day', async () => {
    const shop = await openShop();
    const order = await shop.pay(100, { paid_at: '2026-08-30T08:00:00+08:00' });

    const bill = await fetchBill(shop, 'bill_date=2026-08-30');

    expect(bill.lines).toMatchObject([{ 商户订单号: order.payment_no, 交易时间: '2026-08-30 08:00:00' }]);
  });
});
