/** The fund-flow bill: every movement of the balance in order, each with the balance after it, and sums that agree. */
import { assert, describe, expect, test } from 'vitest';
import { fen, fetchBill } from './plain-bill.ts';
import type { PlainBill } from './plain-bill.ts';
import type { Shop } from './shop.ts';
import { DAY, openShop } from './shop.ts';

const DAY_ONE = 'bill_date=2026-09-01';
const NEXT_TEN = '2026-09-02T10:00:00+08:00';
const OPENING = 100_000n;

function expectItAddsUp(bill: PlainBill, opening: bigint): bigint {
  let balance = opening;
  const sums = { 收入: { count: 0, minor: 0n }, 支出: { count: 0, minor: 0n } };
  for (const line of bill.lines) {
    const minor = fen(line['收支金额（元）']);
    const way = line['收支类型'] === '收入' ? '收入' : '支出';
    expect(line['收支类型']).toBe(way);
    expect(minor).toBeGreaterThan(0n);
    sums[way].count += 1;
    sums[way].minor += minor;
    balance += way === '收入' ? minor : -minor;
    expect(fen(line['账户结余（元）'])).toBe(balance);
  }
  expect(bill.summary['资金流水总笔数']).toBe(String(bill.lines.length));
  for (const way of ['收入', '支出'] as const) {
    expect(bill.summary[`${way}笔数`]).toBe(String(sums[way].count));
    expect(fen(bill.summary[`${way}金额`])).toBe(sums[way].minor);
  }
  return balance;
}

describe('a fund-flow bill', () => {
  test('has the 11 documented columns and the 5 documented sums', async () => {
    const shop = await openShop();
    await shop.pay(1_000);
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    expect(bill.columns).toEqual([
      ...['记账时间', '微信支付业务单号', '资金流水单号', '业务名称', '业务类型', '收支类型'],
      ...['收支金额（元）', '账户结余（元）', '资金变更提交申请人', '备注', '业务凭证号'],
    ]);
    expect(Object.keys(bill.summary)).toEqual([
      '资金流水总笔数',
      '收入笔数',
      '收入金额',
      '支出笔数',
      '支出金额',
    ]);
  });

  test('shows a payment and its refund with their fees, each under both numbers', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    const order = await shop.pay(12_345);
    const { json } = await shop.refund(shop.wish(order, 2_345, { reason: '尺码不符' }));
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    const ofOrder = {
      微信支付业务单号: order.transaction_id,
      业务凭证号: order.payment_no,
      业务名称: '交易',
    };
    const ofRefund = {
      微信支付业务单号: json['refund_id'],
      业务凭证号: json['out_refund_no'],
      备注: '尺码不符',
    };
    expect(bill.lines).toMatchObject([
      {
        ...ofOrder,
        业务类型: '交易',
        收支类型: '收入',
        '收支金额（元）': '123.45',
        '账户结余（元）': '1123.45',
      },
      { ...ofOrder, 业务类型: '扣除交易手续费', 收支类型: '支出', '收支金额（元）': '0.74' },
      { ...ofRefund, 业务名称: '退款', 业务类型: '退款', 收支类型: '支出', '收支金额（元）': '23.45' },
      {
        ...ofRefund,
        业务名称: '退款',
        业务类型: '退还交易手续费',
        收支类型: '收入',
        '收支金额（元）': '0.14',
      },
    ]);
    expect(bill.lines.at(-1)?.['账户结余（元）']).toBe('1099.40');
    expect(new Set(bill.lines.map((line) => line['资金流水单号'])).size).toBe(4);
  });

  test('gives the money of a CLOSED refund back on the day on which it closed', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    const order = await shop.pay(1_000, { source: 'credit_card' });
    const wish = shop.wish(order, 1_000);
    await shop.plan(wish.out_refund_no, { kind: 'closed' });
    const { json } = await shop.refund(wish);
    await shop.turn(4 * DAY);

    const days = ['2026-09-01', '2026-09-02', '2026-09-03', '2026-09-04'];
    const closings: Record<string, string>[] = [];
    for (const day of days) {
      const offer = await shop.call('GET', `/v3/bill/fundflowbill?bill_date=${day}`);
      if (offer.status !== 200) continue;
      const { lines } = await fetchBill(shop, `bill_date=${day}`, 'fundflowbill');
      closings.push(...lines.filter((line) => line['业务类型'] === '退款关闭'));
    }

    expect(closings).toMatchObject([
      { 微信支付业务单号: json['refund_id'], 收支类型: '收入', '收支金额（元）': '10.00' },
    ]);
    expect(closings[0]?.['记账时间']?.slice(0, 10)).not.toBe('2026-09-01');
  });

  test('shows what was topped up and withdrawn', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    await shop.control('POST', '/top-up', { amount_minor: '5000' });
    await shop.control('POST', '/withdraw', { amount_minor: '2000' });
    await shop.turnTo(NEXT_TEN);

    const bill = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    expect(bill.lines).toMatchObject([
      { 业务名称: '充值/提现', 业务类型: '充值', 收支类型: '收入', '收支金额（元）': '50.00' },
      { 业务名称: '充值/提现', 业务类型: '提现', 收支类型: '支出', '收支金额（元）': '20.00' },
    ]);
    expectItAddsUp(bill, OPENING);
  });

  test('adds up line by line, and each day begins where the day before ended', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    let balance = OPENING;
    for (const day of ['2026-09-01', '2026-09-02', '2026-09-03']) {
      for (const [index, source] of ['wallet', 'debit_card', 'credit_card'].entries()) {
        const order = await shop.pay(1_111 * (index + 1), { source, coupon_minor: '111' });
        const wish = shop.wish(order, 777);
        if (index === 0) await shop.plan(wish.out_refund_no, { kind: 'closed' });
        await shop.refund(wish);
        await shop.turn(600);
      }
      await shop.turn(DAY);

      balance = expectItAddsUp(await fetchBill(shop, `bill_date=${day}`, 'fundflowbill'), balance);
    }
  });

  test('agrees with the trade bill on what left the merchant, less what was closed', async () => {
    const shop = await openShop();
    for (let index = 0; index < 5; index += 1) {
      await shop.refund(shop.wish(await shop.pay(1_000, { coupon_minor: '333' }), 500 + index));
    }
    await shop.turnTo(NEXT_TEN);

    const trade = await fetchBill(shop, DAY_ONE);
    const flow = await fetchBill(shop, DAY_ONE, 'fundflowbill');

    const left = flow.lines
      .filter((line) => line['业务类型'] === '退款')
      .reduce((sum, line) => sum + fen(line['收支金额（元）']), 0n);
    expect(left).toBe(fen(trade.summary['退款总金额']));
    const fees = flow.lines
      .filter((line) => line['业务类型']?.includes('手续费'))
      .reduce(
        (sum, line) => sum + fen(line['收支金额（元）']) * (line['收支类型'] === '支出' ? 1n : -1n),
        0n,
      );
    expect(fees).toBe(fen(trade.summary['手续费总金额']));
  });
});

describe('the bills of the other fund accounts', () => {
  const fundBill = (shop: Shop, type: string): Promise<PlainBill> =>
    fetchBill(shop, `${DAY_ONE}&account_type=${type}`, 'fundflowbill');
  const told = ({ lines }: PlainBill): string[] =>
    lines.map(
      (line) => `${String(line['业务类型'])} ${String(line['收支类型'])} ${String(line['收支金额（元）'])}`,
    );

  test('have what moved on them, and only that: a refund that the operation account pays, a fee that the fees account takes', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    await shop.control('POST', '/transfer', { from: 'BASIC', to: 'OPERATION', amount_minor: '5000' });
    await shop.control('POST', '/transfer', { from: 'BASIC', to: 'FEES', amount_minor: '100' });
    const order = await shop.pay(10_000, { fee_account: 'FEES' });
    const wish = shop.wish(order, 4_000);
    await shop.plan(wish.out_refund_no, { kind: 'paid_from_operation' });

    const { json } = await shop.refund(wish);
    expect(json['funds_account']).toBe('OPERATION');
    await shop.turnTo(NEXT_TEN);

    const [basic, operation, fees] = await Promise.all(
      ['BASIC', 'OPERATION', 'FEES'].map((type) => fundBill(shop, type)),
    );
    assert(basic !== undefined && operation !== undefined && fees !== undefined);
    expect(told(basic)).toEqual(['账户互转 支出 50.00', '账户互转 支出 1.00', '交易 收入 100.00']);
    expect(told(operation)).toEqual(['账户互转 收入 50.00', '退款 支出 40.00']);
    expect(told(fees)).toEqual([
      '账户互转 收入 1.00',
      '扣除交易手续费 支出 0.60',
      '退还交易手续费 收入 0.24',
    ]);
    expect(expectItAddsUp(basic, OPENING)).toBe(104_900n);
    expect(expectItAddsUp(operation, 0n)).toBe(1_000n);
    expect(expectItAddsUp(fees, 0n)).toBe(64n);
    expect(basic.lines[0]?.['微信支付业务单号']).toBe(operation.lines[0]?.['微信支付业务单号']);
    expect(operation.lines[1]).toMatchObject({
      微信支付业务单号: json['refund_id'],
      业务凭证号: wish.out_refund_no,
    });
    expect(await shop.control('GET', '/ledger')).toMatchObject({ balanced: true, double_payments: 0 });
  });

  test('give back to the operation account what it paid for a refund that is closed', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    await shop.control('POST', '/transfer', { from: 'BASIC', to: 'OPERATION', amount_minor: '5000' });
    const wish = shop.wish(await shop.pay(10_000), 4_000);
    await shop.plan(wish.out_refund_no, { kind: 'paid_from_operation' });
    await shop.plan(wish.out_refund_no, { kind: 'closed' });
    await shop.refund(wish);
    await shop.turnTo(NEXT_TEN);

    const operation = await fundBill(shop, 'OPERATION');
    expect(told(operation)).toEqual(['账户互转 收入 50.00', '退款 支出 40.00', '退款关闭 收入 40.00']);
    expect(expectItAddsUp(operation, 0n)).toBe(5_000n);
  });

  test('are those of an account with money: without it the refund waits, the transfer and the payment are refused', async () => {
    const shop = await openShop({ balanceMinor: OPENING });
    const wish = shop.wish(await shop.pay(10_000), 4_000);
    await shop.plan(wish.out_refund_no, { kind: 'paid_from_operation' });
    expect(await shop.refund(wish)).toMatchObject({ status: 403, json: { code: 'NOT_ENOUGH' } });

    const moves = { from: 'OPERATION', to: 'BASIC', amount_minor: '1' };
    expect((await shop.tryControl('POST', '/transfer', moves)).status).toBe(422);
    const order = { payment_no: 'ORDER-FEES', amount_minor: '1000', fee_account: 'FEES' };
    const { status, json } = await shop.tryControl('POST', '/payments', order);
    expect(status).toBe(422);
    expect(json['message']).toContain('less than the fee');

    await shop.control('POST', '/transfer', { from: 'BASIC', to: 'OPERATION', amount_minor: '4000' });
    expect((await shop.refund(wish)).status).toBe(200);
  });
});
