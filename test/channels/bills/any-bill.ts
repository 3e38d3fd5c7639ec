/** Bills of any layout with anything in their texts, and rows spoilt in ways that a row can be spoilt. */
import fc from 'fast-check';
import type { Cells, LayoutName, Parts } from './composed-bills.ts';
import { COLUMNS, compose, printed, summaryOf } from './composed-bills.ts';

/** Characters that mean something to somebody: to the bill, to COPY, to UTF-8. */
const CHARACTERS = [
  '`',
  ',',
  '\\',
  '\t',
  '\b',
  'N',
  '.',
  '0',
  'a',
  '"',
  '：',
  '蓝',
  '🖥',
  '\u007f',
  '\u2028',
  '\uFEFF',
];

/** Text of a cell. The channel itself takes out line ends, and comma and backtick together end a cell. */
const text: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...CHARACTERS), { maxLength: 12 })
  .map((characters) => characters.join('').replaceAll(',`', ',.'));

const fen = fc.oneof(
  fc.bigInt({ min: 0n, max: 500_000n }),
  fc.constantFrom(0n, 1n, 999_999_999_999_999n, 10n ** 9n, 2n ** 31n - 1n, 2n ** 31n),
);
const yuan = fen.map((minor) => printed(minor, 2));
const fee = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).map((e5) => printed(e5, 5));

const two = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((number) => String(number).padStart(2, '0'));

/** Days up to the 31st of every month: some do not exist. */
const time = fc
  .tuple(
    two(0, 99),
    two(1, 12),
    two(1, 31),
    two(0, 23),
    two(0, 59),
    two(0, 59),
    fc.constantFrom(':', ':', '：'),
  )
  .map(([year, month, day, h, m, s, colon]) => `20${year}-${month}-${day} ${[h, m, s].join(colon)}`);

const number = fc.oneof(fc.constant('0'), fc.constant(''), fc.stringMatching(/^[45][0-9]{27}$/), text);

const tradeCells: fc.Arbitrary<Cells> = fc
  .record({
    时间: time,
    商户号: fc.constantFrom('1900000109', '1900000110', '16000001'),
    numbers: fc.tuple(number, number, number, number),
    texts: fc.tuple(text, text, text, text, text),
    state: fc.constantFrom('SUCCESS', 'REFUND', 'REFUND', 'REVOKED'),
    yuan: fc.tuple(yuan, yuan, yuan, yuan, yuan),
    fee,
  })
  .map((row) => ({
    交易时间: row.时间,
    商户号: row.商户号,
    特约商户号: '0',
    微信订单号: row.numbers[0],
    商户订单号: row.numbers[1],
    用户标识: row.texts[0],
    交易状态: row.state,
    付款银行: row.texts[1],
    货币种类: 'CNY',
    应结订单金额: row.yuan[0],
    总金额: row.yuan[0],
    微信退款单号: row.numbers[2],
    商户退款单号: row.numbers[3],
    退款金额: row.yuan[1],
    充值券退款金额: row.yuan[2],
    代金券或立减优惠退款金额: row.yuan[2],
    退款状态: row.texts[2],
    商品名称: row.texts[3],
    商户数据包: row.texts[4],
    手续费: row.fee,
    订单金额: row.yuan[3],
    申请退款金额: row.yuan[4],
  }));

const fundFlowCells: fc.Arbitrary<Cells> = fc.record({
  记账时间: time,
  微信支付业务单号: number,
  业务名称: text,
  业务类型: fc.oneof(fc.constantFrom('退款', '退款关闭', '交易', '退还交易手续费', '扣除交易手续费'), text),
  收支类型: fc.constantFrom('收入', '支出'),
  '收支金额（元）': yuan,
  备注: text,
  业务凭证号: number,
});

/** Ways in which one cell of a row is not as documented. */
const spoiltCell: fc.Arbitrary<readonly [column: string, cell: string]> = fc.constantFrom(
  ['应结订单金额', '1,234.50'],
  ['总金额', '1e3'],
  ['退款金额', '-0.01'],
  ['退款金额', '12.345'],
  ['申请退款金额', ''],
  ['订单金额', '１.00'],
  ['手续费', '0.000001'],
  ['手续费', ' 0.1'],
  ['交易时间', '2025-02-29 10:00:00'],
  ['交易时间', '2025-06-30 24:00:00'],
  ['交易时间', '2025-06-30 10：00:00'],
  ['交易时间', '2025-06-30T10:00:00'],
  ['交易状态', 'success'],
  ['交易状态', ''],
  ['货币种类', 'USD'],
  ['货币种类', ''],
  ['商户号', ''],
  ['记账时间', ''],
  ['收支类型', '转入'],
  ['收支金额（元）', '-1.00'],
  ['收支金额（元）', '12345678901234.00'],
);

export interface SomeBill {
  readonly layout: LayoutName;
  readonly parts: Parts;
  readonly text: string;
}

const layoutName = fc.constantFrom<LayoutName[]>('ALL', 'SUCCESS', 'REFUND', 'LEGACY', 'FUND_FLOW');
const eol = fc.constantFrom('\r\n', '\n', '\r');

/** Good rows and up to two spoilt ones, few enough to be set aside. The summary adds up what can be read. */
export const someBill: fc.Arbitrary<SomeBill> = layoutName.chain((layout) => {
  const cells = layout === 'FUND_FLOW' ? fundFlowCells : tradeCells;
  return fc
    .record({
      good: fc.array(cells, { maxLength: 6 }),
      spoilt: fc.array(fc.tuple(cells, spoiltCell), { maxLength: 2 }),
      eol,
      bom: fc.boolean(),
      extra: fc.boolean(),
      seed: fc.infiniteStream(fc.nat(100)),
    })
    .map(({ good, spoilt, eol: lineEnd, bom, extra, seed }) => {
      const rows = [...good, ...spoilt.map(([row, [column, cell]]) => ({ ...row, [column]: cell }))];
      const columns = [...COLUMNS[layout], ...(extra ? ['新增列'] : [])]
        .map((name) => ({ name, place: seed.next().value as number }))
        .sort((one, other) => (extra ? one.place - other.place : 0))
        .map(({ name }) => name);
      const parts: Parts = { columns, rows, totals: summaryOf(layout, rows), eol: lineEnd, bom };
      return { layout, parts, text: compose(parts) };
    });
});

/** Sizes of the pieces in which a file comes in: many small ones, some none at all, then larger ones. */
export const pieceSizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 700 })),
  { minLength: 1, maxLength: 60 },
);
