/** F48 I8: a row that cannot be read is set aside with its place and the reason, and everything else goes on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL, PAYMENT, REFUNDED, SUCCESS, billOf } from '../wechat/bills.ts';
import type { Row } from '../wechat/bills.ts';
import { COLUMNS, compose, summaryOf } from './composed-bills.ts';
import type { Cells } from './composed-bills.ts';
import { read, refusalOf, verdictOf } from './readings.ts';

const AMOUNT = 'an amount that cannot be read';
const NEGATIVE = 'a negative amount';
const TIME = 'no time as documented';

describe('a row of a trade bill is set aside when', () => {
  test.each<[column: string, cell: string, reason: string]>([
    ['应结订单金额', '', AMOUNT],
    ['应结订单金额', '1,234.50', AMOUNT],
    ['退款金额', '12.345', AMOUNT],
    ['充值券退款金额', '1e3', AMOUNT],
    ['订单金额', '￥1.00', AMOUNT],
    ['申请退款金额', 'null', AMOUNT],
    ['手续费', '0.000001', AMOUNT],
    ['手续费', '-', AMOUNT],
    ['应结订单金额', '-0.01', NEGATIVE],
    ['退款金额', '-12.3', NEGATIVE],
    ['充值券退款金额', '-1.00', NEGATIVE],
    ['订单金额', '-1', NEGATIVE],
    ['申请退款金额', '-23.45', NEGATIVE],
    ['交易时间', '', TIME],
    ['交易时间', '2025-06-30', TIME],
    ['交易时间', '2025-06-31 10:00:00', TIME],
    ['交易时间', '2025-13-01 10:00:00', TIME],
    ['交易时间', '2025-00-01 10:00:00', TIME],
    ['交易时间', '2025-02-29 10:00:00', TIME],
    ['交易时间', '2100-02-29 10:00:00', TIME],
    ['交易时间', '1999-12-31 23:59:59', TIME],
    ['交易时间', '2025-06-30 24:00:00', TIME],
    ['交易时间', '2025-06-30 23:60:00', TIME],
    ['交易时间', '2025-06-30 23:59:60', TIME],
    ['交易时间', '2025-06-30 9:05:00 ', TIME],
    ['交易时间', '2025-06-30T10:00:00', TIME],
    ['交易时间', '2025/06/30 10:00:00', TIME],
    ['交易时间', '2025-06-30 10：00:00', TIME],
    ['交易时间', '２025-06-30 10:00:0', TIME],
    ['交易状态', '', 'an unknown trade state'],
    ['交易状态', 'success', 'an unknown trade state'],
    ['交易状态', 'REFUND ', 'an unknown trade state'],
    ['交易状态', 'CLOSED', 'an unknown trade state'],
    ['货币种类', 'USD', 'a currency other than CNY'],
    ['货币种类', '', 'a currency other than CNY'],
    ['货币种类', 'cny', 'a currency other than CNY'],
    ['商户号', '', 'no merchant number'],
  ])('%s is "%s": %s', (column, cell, reason) => {
    const { lines, summary } = read(billOf([PAYMENT, { ...REFUNDED, [column]: cell }, PAYMENT]));

    expect(lines.map((line) => line.line_no)).toEqual(['2', '4']);
    expect(summary).toMatchObject({ lines: 3, refundLines: 0, quarantinedCount: 1 });
    expect(summary.quarantined).toMatchObject([{ lineNo: 3, reason }]);
  });

  test('it is a refund, and the bill is one of payments', () => {
    const { summary } = read(billOf([PAYMENT, { ...PAYMENT, 交易状态: 'REFUND' }], { columns: SUCCESS }));

    expect(summary.quarantined).toMatchObject([
      { lineNo: 3, code: 'line_kind_unknown', reason: 'a refund in a bill of payments' },
    ]);
    expect(summary.refundLines).toBe(0);
  });

  test('it is a day that exists only in leap years, and only then', () => {
    const times = ['2024-02-29 00:00:00', '2000-02-29 23:59:59', '2023-02-29 00:00:00'];

    const { lines } = read(billOf(times.map((time) => ({ ...PAYMENT, 交易时间: time }))));

    expect(lines.map((line) => line.occurred_at)).toEqual([
      '2024-02-29 00:00:00+08',
      '2000-02-29 23:59:59+08',
    ]);
  });
});

describe('what a row may be', () => {
  test.each<[what: string, row: Row, line: object]>([
    ['a fee of two decimals', { ...PAYMENT, 手续费: '0.74' }, { fee_e5: '74000' }],
    ['a fee of five decimals', { ...PAYMENT, 手续费: '0.74001' }, { fee_e5: '74001' }],
    ['a fee of none', { ...PAYMENT, 手续费: '0.00000' }, { fee_e5: '0' }],
    ['a fee that comes back', { ...REFUNDED, 手续费: '-0.02000' }, { fee_e5: '-2000' }],
    ['a fee of minus nothing', { ...REFUNDED, 手续费: '-0.00' }, { fee_e5: '0' }],
    [
      'a refund made in the console',
      { ...REFUNDED, 商户退款单号: 'REF4200000263201902167700963919' },
      { refund_no: 'REF4200000263201902167700963919' },
    ],
    ['a refund without a number of ours', { ...REFUNDED, 商户退款单号: '' }, { refund_no: null }],
    [
      'a payment whose refund numbers are empty',
      { ...PAYMENT, 微信退款单号: '', 商户退款单号: '' },
      { channel_refund_no: null, refund_no: null },
    ],
    ['a refund number that begins with 0', { ...REFUNDED, 商户退款单号: '00' }, { refund_no: '00' }],
    ['a wallet', { ...PAYMENT, 付款银行: 'CFT' }, { funding: 'CFT' }],
    ['a bank left out', { ...PAYMENT, 付款银行: '' }, { funding: null }],
    ['a refund that had arrived', { ...REFUNDED, 退款状态: 'SUCCESS' }, { status: 'SUCCESS' }],
    ['a refund whose state is left out', { ...REFUNDED, 退款状态: '' }, { status: null }],
    [
      'a payment, whose state is that of the trade',
      { ...PAYMENT, 退款状态: 'PROCESSING' },
      { status: 'SUCCESS' },
    ],
    [
      'a payment that was revoked',
      { ...PAYMENT, 交易状态: 'REVOKED' },
      { line_type: 'revoked', status: 'REVOKED', amount_minor: '12345' },
    ],
    [
      'a payment with a coupon',
      { ...PAYMENT, 应结订单金额: '100.00', 代金券金额: '23.45' },
      { amount_minor: '12345', payer_minor: '10000' },
    ],
    [
      'a refund of the smallest amount',
      { ...REFUNDED, 退款金额: '0.01', 申请退款金额: '0.01' },
      { amount_minor: '1', payer_minor: '1' },
    ],
  ])('%s', (_what, row, line) => {
    const { lines, summary } = read(billOf([row]));

    expect(summary).toMatchObject({ quarantinedCount: 0, totals: { agree: true } });
    expect(lines).toMatchObject([line]);
  });

  test('F47: two rows that are equal are two lines: which of them is too many is not for a reader to say', () => {
    const { lines, summary } = read(billOf([REFUNDED, REFUNDED]));

    expect(lines[1]).toEqual({ ...lines[0], line_no: '3' });
    expect(summary).toMatchObject({ lines: 2, refundLines: 2, totals: { agree: true } });
  });

  test('F59: every merchant that a row names is told, once each', () => {
    const rows = ['1900000109', '1900000110', '1900000109', '16000001'].map((merchant) => ({
      ...PAYMENT,
      商户号: merchant,
    }));

    expect(read(billOf(rows)).summary.merchantNos).toEqual(['1900000109', '1900000110', '16000001']);
  });

  test('F59: a thousand merchants are told, and no more are kept than that', () => {
    const rows = Array.from({ length: 1_200 }, (_, at) => ({ ...PAYMENT, 商户号: String(10_000_000 + at) }));

    const { merchantNos } = read(billOf(rows)).summary;

    expect(merchantNos).toHaveLength(1_000);
    expect(merchantNos[999]).toBe('10000999');
  });

  test('F59: first and last day are those of the rows, in whatever order they come', () => {
    const rows = ['2025-07-01 00:00:10', '2025-06-29 23:59:59', '2025-06-30 12:00:00'].map((time) => ({
      ...PAYMENT,
      交易时间: time,
    }));

    expect(read(billOf(rows)).summary).toMatchObject({ firstDate: '2025-06-29', lastDate: '2025-07-01' });
  });

  test('a row set aside says nothing about days and merchants of the file', () => {
    const { summary } = read(
      billOf([PAYMENT, { ...PAYMENT, 商户号: '99999999', 交易时间: '2020-01-01 00:00:00', 交易状态: 'X' }]),
    );

    expect(summary).toMatchObject({ firstDate: '2025-06-30', merchantNos: ['1900000109'] });
  });
});

describe('the place of a row set aside', () => {
  test.each(['\r\n', '\n', '\r'])('is where its bytes are, with lines that end in %j', (eol) => {
    const rows = [
      { ...PAYMENT, 商品名称: '笔记本🖥' },
      { ...REFUNDED, 手续费: 'x' },
      PAYMENT,
      { ...PAYMENT, 交易状态: '' },
    ];
    const bytes = Buffer.from(billOf(rows, { eol }));

    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), (size) => {
        const { quarantined } = read(bytes, [size]).summary;

        expect(quarantined.map((one) => one.lineNo)).toEqual([3, 5]);
        for (const { byteOffset, raw } of quarantined) {
          const size = Buffer.byteLength(raw);
          expect(bytes.subarray(byteOffset, byteOffset + size).toString()).toBe(raw);
          expect(bytes.subarray(byteOffset - eol.length, byteOffset).toString()).toBe(eol);
          expect(bytes.subarray(byteOffset + size, byteOffset + size + eol.length).toString()).toBe(eol);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('goes with at most 2,000 characters of its text, and never with half of one', () => {
    const texts = ['a'.repeat(3_000), '长'.repeat(3_000), `${'🖥'.repeat(2_000)}`, `b${'🖥'.repeat(2_000)}`];
    const bad = texts.map((text) => ({ 交易时间: text }));

    const { quarantined } = read(billOf([...Array.from({ length: 5 }, () => PAYMENT), ...bad])).summary;

    expect(quarantined).toHaveLength(4);
    for (const [index, { raw }] of quarantined.entries()) {
      expect(raw.length).toBeGreaterThanOrEqual(1_999);
      expect(raw.length).toBeLessThanOrEqual(2_000);
      expect(Buffer.from(raw).toString()).toBe(raw);
      expect(`\`${texts[index] ?? ''}`.startsWith(raw)).toBe(true);
    }
  });
});

describe('how many rows may be set aside', () => {
  const bad: Row = { ...PAYMENT, 交易状态: '?' };
  const bill = (good: number, spoilt: number): string =>
    billOf([...Array.from({ length: good }, () => PAYMENT), ...Array.from({ length: spoilt }, () => bad)]);

  test.each<[good: number, spoilt: number, verdict: string]>([
    [0, 1, 'taken'],
    [0, 2, 'statement_unrecognised'],
    [1, 2, 'taken'],
    [1, 10, 'taken'],
    [1, 11, 'statement_unrecognised'],
    [90, 10, 'taken'],
    [89, 11, 'statement_unrecognised'],
    [99, 11, 'taken'],
    [180, 20, 'taken'],
    [180, 21, 'statement_unrecognised'],
  ])('%i good rows and %i bad ones: %s', (good, spoilt, verdict) => {
    expect(verdictOf(bill(good, spoilt))).toBe(verdict);
  });

  test('the refusal of a file of bad rows says how many, and what is the matter with the first', () => {
    expect(refusalOf(bill(20, 30))?.details).toEqual({
      reason: '30 of 50 rows cannot be read',
      first_bad_line: 22,
      first_reason: 'an unknown trade state',
    });
  });

  test('a bill whose rows have all gained a cell is refused: its names are not its own', () => {
    const text = billOf([PAYMENT, PAYMENT, REFUNDED]).replaceAll(',`batch=7', ',`batch=7,`8');

    expect(refusalOf(text)?.details).toMatchObject({
      first_reason: `${String(ALL.length + 1)} fields instead of ${String(ALL.length)}`,
    });
  });
});

describe('the totals of a bill with rows set aside', () => {
  const figures =
    (name: string, figure: string) =>
    (names: string[], all: string[]): readonly [string[], string[]] => [
      names,
      all.map((one, at) => (names[at] === name ? figure : one)),
    ];

  test('still count them, exactly', () => {
    const rows = [PAYMENT, { ...PAYMENT, 交易状态: '?' }];

    expect(read(billOf(rows)).summary.totals).toMatchObject({ agree: true, computed: { orders: 2n } });
    expect(read(billOf(rows, { summary: figures('总交易单数', '1') })).summary.totals.agree).toBe(false);
  });

  test('still add up the amounts of a row that is bad in another cell, exactly', () => {
    const rows = [PAYMENT, { ...PAYMENT, 交易时间: '?' }];

    expect(read(billOf(rows)).summary.totals.computed['settlement_minor']).toBe(24_690n);
    expect(read(billOf(rows, { summary: figures('应结订单总金额', '246.91') })).summary.totals.agree).toBe(
      false,
    );
  });

  test('leave open only the sum whose amount could not be read', () => {
    const rows = [PAYMENT, { ...REFUNDED, 退款金额: '?' }];

    expect(read(billOf(rows, { summary: figures('退款总金额', '23.45') })).summary.totals.agree).toBe(true);
    expect(read(billOf(rows, { summary: figures('申请退款总金额', '23.46') })).summary.totals.agree).toBe(
      false,
    );
    expect(read(billOf(rows, { summary: figures('手续费总金额', '0.70000') })).summary.totals.agree).toBe(
      false,
    );
  });

  test('never have less than what could be read: what is open adds something, or nothing', () => {
    const rows = [REFUNDED, { ...REFUNDED, 退款金额: '?' }];

    expect(read(billOf(rows, { summary: figures('退款总金额', '23.45') })).summary.totals.agree).toBe(true);
    expect(read(billOf(rows, { summary: figures('退款总金额', '23.44') })).summary.totals.agree).toBe(false);
  });

  test('take a fee that could not be read as any fee: fees have both signs', () => {
    const rows = [PAYMENT, { ...REFUNDED, 手续费: '?' }];

    expect(read(billOf(rows, { summary: figures('手续费总金额', '0.60000') })).summary.totals.agree).toBe(
      true,
    );
  });

  test('leave every sum open when a row has not its number of cells, but not the count', () => {
    const text = billOf([PAYMENT, REFUNDED]).replace(',`ORIGINAL', '');
    const more = text.replace('`2.0,`123.45', '`3.0,`123.45');

    expect(read(text).summary.totals.agree).toBe(true);
    expect(read(more).summary.totals.agree).toBe(false);
  });
});

test('I8: a fund-flow row set aside leaves open what it could have been, and no more', () => {
  const row: Cells = {
    记账时间: '2025-06-30 10:51:46',
    微信支付业务单号: '4200002211202506301029384756',
    业务类型: '交易',
    收支类型: '收入',
    '收支金额（元）': '5.00',
    业务凭证号: 'ORD1',
  };
  const bill = (rows: readonly Cells[], totals: [string, string][]): boolean =>
    read(compose({ columns: COLUMNS.FUND_FLOW, rows, totals })).summary.totals.agree;
  const good = summaryOf('FUND_FLOW', [row, row]);
  const noDirection = [row, { ...row, 收支类型: '' }];
  const noTime = [row, { ...row, 记账时间: '' }];
  const less = good.map(([name, figure]): [string, string] => [name, name === '收入金额' ? '4.99' : figure]);

  expect(bill(noDirection, good)).toBe(true);
  expect(bill(noDirection, less)).toBe(false);
  expect(bill(noTime, good)).toBe(true);
  expect(bill(noTime, less)).toBe(false);
});
