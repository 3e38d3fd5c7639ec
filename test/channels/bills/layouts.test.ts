/** F52: a bill is known by the names of its columns, and by nothing else. */
import { describe, expect, test } from 'vitest';
import { ALL, PAYMENT, REFUND, REFUNDED, SUCCESS, billOf } from '../wechat/bills.ts';
import type { Row } from '../wechat/bills.ts';
import type { Cells, LayoutName } from './composed-bills.ts';
import { COLUMNS, LEGACY, compose, summaryOf } from './composed-bills.ts';
import { read, refusalOf, verdictOf } from './readings.ts';

const without = (columns: readonly string[], ...names: string[]): string[] =>
  columns.filter((name) => !names.includes(name));

const renamed = (columns: readonly string[], from: string, to: string): string[] =>
  columns.map((name) => (name === from ? to : name));

function legacyBill(columns: readonly string[], row: Cells, totals?: [string, string][]): string {
  return compose({ columns, rows: [row], totals: totals ?? summaryOf('LEGACY', [row]) });
}

const LEGACY_REFUND: Cells = {
  ...(REFUNDED as Cells),
  总金额: '0.00',
  代金券或立减优惠金额: '0.00',
  代金券或立减优惠退款金额: '0.00',
};

const MOVEMENT: Cells = {
  记账时间: '2025-06-30 10:51:46',
  微信支付业务单号: '4200002211202506301029384756',
  业务类型: '交易',
  收支类型: '收入',
  '收支金额（元）': '123.45',
  业务凭证号: 'ORD20250630000017',
};

function fundFlow(columns: readonly string[], cells: Cells = MOVEMENT): string {
  return compose({ columns, rows: [cells], totals: summaryOf('FUND_FLOW', [MOVEMENT]) });
}

describe('the variant', () => {
  test.each<[LayoutName, string, string]>([
    ['ALL', billOf([PAYMENT, REFUNDED]), 'all'],
    ['SUCCESS', billOf([PAYMENT], { columns: SUCCESS }), 'success'],
    ['REFUND', billOf([REFUNDED], { columns: REFUND }), 'refund'],
    ['LEGACY', legacyBill(LEGACY, LEGACY_REFUND), 'legacy_all'],
    ['FUND_FLOW', fundFlow(COLUMNS.FUND_FLOW), 'fund_flow'],
  ])('%s is known by its names', (_layout, text, variant) => {
    expect(read(text).summary).toMatchObject({ variant, quarantinedCount: 0, totals: { agree: true } });
  });

  test.each([
    ['ALL', 27],
    ['SUCCESS', 20],
    ['REFUND', 29],
    ['LEGACY', 24],
    ['FUND_FLOW', 11],
  ] as const)('%s has %i columns, as the document says', (layout, count) => {
    expect(COLUMNS[layout]).toHaveLength(count);
  });

  test('of an old bill of refunds or of payments is told apart as well', () => {
    const refunds = [...LEGACY.slice(0, 14), '退款申请时间', '退款成功时间', ...LEGACY.slice(14)];
    const payments = [...LEGACY.slice(0, 14), ...LEGACY.slice(20)];
    const payment: Cells = { ...(PAYMENT as Cells), 总金额: '123.45' };
    const totals: [string, string][] = [
      ['总交易单数', '1'],
      ['总交易额', '123.45'],
      ['手续费总金额', '0.74000'],
    ];

    expect(read(legacyBill(refunds, LEGACY_REFUND)).summary.variant).toBe('legacy_refund');
    expect(read(legacyBill(payments, payment, totals)).summary.variant).toBe('legacy_success');
  });
});

describe('a trade bill', () => {
  test.each([
    '交易时间',
    '商户号',
    '微信订单号',
    '商户订单号',
    '交易状态',
    '应结订单金额',
    '手续费',
    '订单金额',
  ])('without the column %s stops visibly, and the error names it', (name) => {
    const refusal = refusalOf(billOf([PAYMENT], { columns: without(SUCCESS, name) }));

    expect(refusal?.code).toBe('statement_unrecognised');
    if (name !== '交易时间') expect(refusal?.details).toMatchObject({ missing_columns: name });
  });

  test.each(['微信退款单号', '商户退款单号', '退款金额', '退款状态', '申请退款金额'])(
    'that has columns of refunds, but not %s, stops visibly',
    (name) => {
      expect(refusalOf(billOf([REFUNDED], { columns: without(ALL, name) }))?.details).toMatchObject({
        missing_columns: name,
      });
    },
  );

  test.each([
    '公众账号ID',
    '特约商户号',
    '设备号',
    '用户标识',
    '交易类型',
    '代金券金额',
    '退款类型',
    '费率备注',
  ])('without the column %s, which we do not need, is read', (name) => {
    const { lines } = read(billOf([PAYMENT, REFUNDED], { columns: without(ALL, name) }));

    expect(lines.map((line) => line.amount_minor)).toEqual(['12345', '2345']);
  });

  test('without bank and currency has lines in CNY and of no funding', () => {
    const { lines } = read(billOf([PAYMENT], { columns: without(ALL, '付款银行', '货币种类') }));

    expect(lines).toMatchObject([{ currency: 'CNY', funding: null }]);
  });

  test.each([
    ['微信订单号', '微信支付订单号'],
    ['微信退款单号', '微信支付退款单号'],
  ])('may write %s as %s', (from, to) => {
    const row: Row = { ...REFUNDED, [to]: REFUNDED[from] ?? '' };

    const { lines } = read(billOf([row], { columns: renamed(ALL, from, to) }));

    expect(lines).toMatchObject([
      { transaction_id: '4200002211202506301029384756', channel_refund_no: '50302302102025063099887766554' },
    ]);
  });

  test.each(['微信订单号', '手续费', '退款金额'])('with a new name for %s stops visibly', (name) => {
    expect(verdictOf(billOf([REFUNDED], { columns: renamed(ALL, name, `${name}（新）`) }))).toBe(
      'statement_unrecognised',
    );
  });

  test('with a new column is read, wherever it stands and whatever is in it', () => {
    for (let at = 0; at <= ALL.length; at += 1) {
      const columns = [...ALL.slice(0, at), '新增列', ...ALL.slice(at)];
      const { lines, summary } = read(billOf([{ ...PAYMENT, 新增列: '新, 值' }, REFUNDED], { columns }));

      expect(summary).toMatchObject({ variant: 'all', quarantinedCount: 0, totals: { agree: true } });
      expect(lines.map((line) => line.refund_no)).toEqual([null, 'RF20250630000003']);
    }
  });

  test.each([
    ['the same name twice', [...ALL, '退款金额'], '退款金额'],
    ['two names of the same column', [...ALL, '微信支付订单号'], '微信订单号'],
    ['the old and the new name of the amount', [...ALL, '总金额'], '应结订单金额'],
  ])('with %s stops visibly: nobody can say which is meant', (_what, columns, name) => {
    expect(refusalOf(billOf([REFUNDED], { columns }))).toMatchObject({
      code: 'statement_unrecognised',
      details: { column_twice: name },
    });
  });

  test('with a column twice that we do not read is read', () => {
    expect(verdictOf(billOf([PAYMENT], { columns: [...ALL, '设备号'] }))).toBe('taken');
  });

  test('may have blanks about its names, and backticks before them', () => {
    const columns = ALL.map((name, at) => (at % 2 === 0 ? ` ${name} ` : `\`${name}`));
    const rows = [PAYMENT, REFUNDED].map((row) =>
      Object.fromEntries(columns.map((spelt, at) => [spelt, row[ALL[at] ?? ''] ?? ''])),
    );

    const text = compose({ columns, rows, totals: summaryOf('ALL', [PAYMENT as Cells, REFUNDED as Cells]) });

    expect(read(text).lines).toEqual(read(billOf([PAYMENT, REFUNDED])).lines);
  });
});

describe('the old layout', () => {
  test('has no order value: a refund is about what the payer got', () => {
    const { lines } = read(legacyBill(LEGACY, LEGACY_REFUND));

    expect(lines).toMatchObject([
      { line_type: 'refund', amount_minor: '2345', payer_minor: '2345', refund_no: 'RF20250630000003' },
    ]);
  });

  test('has no order value: a payment is about its only amount', () => {
    const row: Cells = {
      ...LEGACY_REFUND,
      交易状态: 'SUCCESS',
      总金额: '8.00',
      退款金额: '0.00',
      退款状态: '',
    };

    expect(read(legacyBill(LEGACY, row)).lines).toMatchObject([
      { line_type: 'payment', amount_minor: '800', payer_minor: '800', status: 'SUCCESS' },
    ]);
  });

  test('sums up coupons under their old name', () => {
    const row: Cells = { ...LEGACY_REFUND, 代金券或立减优惠退款金额: '3.00' };

    expect(read(legacyBill(LEGACY, row)).summary.totals).toMatchObject({
      agree: true,
      declared: { coupon_refund_minor: 300n },
      computed: { coupon_refund_minor: 300n },
    });
  });

  test.each([
    ['2014-11-10 16：33：45', '2014-11-10 16:33:45+08'],
    ['2014-11-10 16:33:45', '2014-11-10 16:33:45+08'],
  ])('writes a time as %s', (time, stored) => {
    expect(read(legacyBill(LEGACY, { ...LEGACY_REFUND, 交易时间: time })).lines).toMatchObject([
      { occurred_at: stored },
    ]);
  });

  test('with a time whose day does not exist sets the row aside, wide colons or not', () => {
    const { summary } = read(legacyBill(LEGACY, { ...LEGACY_REFUND, 交易时间: '2014-11-31 16：33：45' }));

    expect(summary.quarantined).toMatchObject([
      { lineNo: 2, code: 'line_time_invalid', reason: 'no time as documented' },
    ]);
    expect(summary.quarantined[0]?.raw).toContain('2014-11-31 16：33：45');
  });
});

describe('a fund-flow bill', () => {
  test.each(['收支金额（元）', '收支金额(元)', '收支金额', '收支金额 (元)'])(
    'may name its amount %s',
    (name) => {
      const columns = renamed(COLUMNS.FUND_FLOW, '收支金额（元）', name);

      const { lines, summary } = read(fundFlow(columns, { ...MOVEMENT, [name]: '123.45' }));

      expect(lines).toMatchObject([{ amount_minor: '12345' }]);
      expect(summary.totals.agree).toBe(true);
    },
  );

  test.each(['微信支付业务单号', '业务类型', '收支类型', '收支金额（元）', '业务凭证号'])(
    'without the column %s stops visibly',
    (name) => {
      expect(verdictOf(fundFlow(without(COLUMNS.FUND_FLOW, name)))).toBe('statement_unrecognised');
    },
  );

  test('without the columns that we do not read is read', () => {
    const columns = without(COLUMNS.FUND_FLOW, '资金流水单号', '业务名称', '账户结余（元）', '备注');

    expect(read(fundFlow(columns)).lines).toMatchObject([{ line_type: 'in', amount_minor: '12345' }]);
  });

  test('with both ways of writing a bracket in one column name twice stops visibly', () => {
    expect(verdictOf(fundFlow([...COLUMNS.FUND_FLOW, '收支金额(元)']))).toBe('statement_unrecognised');
  });
});

test('a bill that has the times of both kinds is a trade bill: its other columns decide', () => {
  expect(read(billOf([PAYMENT], { columns: [...ALL, '记账时间'] })).summary.kind).toBe('trade');
  expect(verdictOf(fundFlow([...COLUMNS.FUND_FLOW, '交易时间']))).toBe('statement_unrecognised');
});
