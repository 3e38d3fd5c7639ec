/** A fund-flow bill tells of money moved on the merchant's account, and by its numbers which refund or payment that was for. */
import { describe, expect, test } from 'vitest';
import type { Cells } from './composed-bills.ts';
import { COLUMNS, compose, summaryOf } from './composed-bills.ts';
import { read } from './readings.ts';

const TRANSACTION = '4200002211202506301029384756';
const REFUND_ID = '50302302102025063099887766554';

const PAID: Cells = {
  记账时间: '2025-06-30 10:51:46',
  微信支付业务单号: TRANSACTION,
  资金流水单号: '1900000109231202506301165882345',
  业务名称: '交易',
  业务类型: '交易',
  收支类型: '收入',
  '收支金额（元）': '123.45',
  '账户结余（元）': '99976.55',
  资金变更提交申请人: 'system',
  业务凭证号: 'ORD20250630000017',
};

const REFUNDED: Cells = {
  ...PAID,
  记账时间: '2025-06-30 16:58:43',
  微信支付业务单号: REFUND_ID,
  业务名称: '退款',
  业务类型: '退款',
  收支类型: '支出',
  '收支金额（元）': '23.45',
  备注: '尺码不符',
  业务凭证号: 'RF20250630000003',
};

const bill = (...rows: Cells[]): string =>
  compose({ columns: COLUMNS.FUND_FLOW, rows, totals: summaryOf('FUND_FLOW', rows) });

const OF_PAYMENT = {
  transaction_id: TRANSACTION,
  payment_no: 'ORD20250630000017',
  channel_refund_no: null,
  refund_no: null,
};
const OF_REFUND = {
  transaction_id: null,
  payment_no: null,
  channel_refund_no: REFUND_ID,
  refund_no: 'RF20250630000003',
};

describe('a movement', () => {
  test.each<[what: string, row: Cells, line: object]>([
    ['money that was paid', PAID, { ...OF_PAYMENT, line_type: 'in', amount_minor: '12345', status: '交易' }],
    [
      'the fee of a payment',
      { ...PAID, 业务类型: '扣除交易手续费', 收支类型: '支出', '收支金额（元）': '0.74' },
      { ...OF_PAYMENT, line_type: 'out', amount_minor: '74', status: '扣除交易手续费' },
    ],
    ['a refund', REFUNDED, { ...OF_REFUND, line_type: 'out', amount_minor: '2345', status: '退款' }],
    [
      'a refund that was closed gives its money back',
      { ...REFUNDED, 业务类型: '退款关闭', 收支类型: '收入' },
      { ...OF_REFUND, line_type: 'in', amount_minor: '2345', status: '退款关闭' },
    ],
    [
      'the fee that comes back with a refund',
      { ...REFUNDED, 业务类型: '退还交易手续费', 收支类型: '收入', '收支金额（元）': '0.14' },
      { ...OF_REFUND, line_type: 'in', amount_minor: '14', status: '退还交易手续费' },
    ],
    [
      'a refund with an older number of the channel',
      { ...REFUNDED, 微信支付业务单号: '2008450740201411110000174436' },
      { ...OF_REFUND, channel_refund_no: '2008450740201411110000174436' },
    ],
    [
      'a refund made in the console, without a number of ours',
      { ...REFUNDED, 业务凭证号: '' },
      { ...OF_REFUND, refund_no: null },
    ],
    [
      'a movement without any number',
      { ...PAID, 微信支付业务单号: '', 业务凭证号: '' },
      { transaction_id: null, payment_no: null, channel_refund_no: null, refund_no: null },
    ],
  ])('%s', (_what, row, line) => {
    const { lines, summary } = read(bill(row));

    expect(summary).toMatchObject({ kind: 'fund_flow', quarantinedCount: 0, totals: { agree: true } });
    expect(lines).toMatchObject([line]);
  });

  test('has no payer’s share, fee or bank: the bill does not tell of them', () => {
    expect(read(bill(PAID)).lines).toMatchObject([
      {
        payer_minor: null,
        fee_e5: null,
        funding: null,
        currency: 'CNY',
        occurred_at: '2025-06-30 10:51:46+08',
      },
    ]);
  });

  test('may have commas, backticks and a long remark', () => {
    const { lines } = read(bill({ ...PAID, 备注: `退款, 原因\`尺码\`${'长'.repeat(2_048)}` }, REFUNDED));

    expect(lines.map((line) => line.line_type)).toEqual(['in', 'out']);
  });

  test.each<[column: string, cell: string, reason: string]>([
    ['收支类型', '', 'neither income nor expense'],
    ['收支类型', '收入 ', 'neither income nor expense'],
    ['收支类型', 'IN', 'neither income nor expense'],
    ['收支金额（元）', '', 'an amount that cannot be read'],
    ['收支金额（元）', '1,000.00', 'an amount that cannot be read'],
    ['收支金额（元）', '0.001', 'an amount that cannot be read'],
    ['收支金额（元）', '-1.00', 'a negative amount'],
    ['记账时间', '2025-06-31 00:00:00', 'no time as documented'],
    ['记账时间', '2025-06-30', 'no time as documented'],
  ])('with %s "%s" is set aside: %s', (column, cell, reason) => {
    const { lines, summary } = read(bill(PAID, { ...REFUNDED, [column]: cell }, PAID));

    expect(lines.map((line) => line.line_no)).toEqual(['2', '4']);
    expect(summary).toMatchObject({ lines: 3, quarantinedCount: 1 });
    expect(summary.quarantined).toMatchObject([{ lineNo: 3, reason }]);
  });
});

describe('the totals of movements', () => {
  const withTotal = (name: string, figure: string): boolean => {
    const rows = [PAID, REFUNDED, REFUNDED];
    const totals = summaryOf('FUND_FLOW', rows).map(([one, is]): [string, string] => [
      one,
      one === name ? figure : is,
    ]);
    return read(compose({ columns: COLUMNS.FUND_FLOW, rows, totals })).summary.totals.agree;
  };

  test('are added up in and out', () => {
    expect(read(bill(PAID, REFUNDED, REFUNDED)).summary.totals).toEqual({
      declared: { movements: 3n, in_count: 1n, in_minor: 12_345n, out_count: 2n, out_minor: 4_690n },
      computed: { movements: 3n, in_count: 1n, in_minor: 12_345n, out_count: 2n, out_minor: 4_690n },
      agree: true,
    });
  });

  test.each([
    ['资金流水总笔数', '2'],
    ['收入笔数', '2'],
    ['收入金额', '123.46'],
    ['支出笔数', '1'],
    ['支出金额', '46.91'],
  ])('disagree when %s is printed as %s', (name, figure) => {
    expect(withTotal(name, figure)).toBe(false);
  });

  test('names no merchant: whose bill it is, the account that asked for it knows', () => {
    expect(read(bill(PAID, REFUNDED)).summary).toMatchObject({
      merchantNos: [],
      refundLines: 0,
      variant: 'fund_flow',
      firstDate: '2025-06-30',
      lastDate: '2025-06-30',
    });
  });
});
