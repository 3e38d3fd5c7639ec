/** I8: the two last lines of a bill say what the rows must add up to. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAYMENT, REFUNDED, SUCCESS, billOf } from '../wechat/bills.ts';
import type { BillOptions } from '../wechat/bills.ts';
import { someBill } from './any-bill.ts';
import type { Cells } from './composed-bills.ts';
import { COLUMNS, compose, printed, rowText, summaryOf } from './composed-bills.ts';
import { read, refusalOf, verdictOf } from './readings.ts';

type Summary = NonNullable<BillOptions['summary']>;

const withFigure =
  (name: string, figure: string): Summary =>
  (names, figures) => [names, figures.map((one, at) => (names[at] === name ? figure : one))];

const agrees = (summary: Summary, rows = [PAYMENT, REFUNDED]): boolean =>
  read(billOf(rows, { summary })).summary.totals.agree;

describe('a count', () => {
  test.each(['2', '2.0', '2.00', '02'])('may be printed as %s', (figure) => {
    expect(agrees(withFigure('总交易单数', figure))).toBe(true);
  });

  test.each(['', '2.5', '-2', '2e0', '0x2', ' ', '２', '2.', '二', '2笔'])('is not "%s"', (figure) => {
    expect(verdictOf(billOf([PAYMENT, REFUNDED], { summary: withFigure('总交易单数', figure) }))).toBe(
      'statement_summary_missing',
    );
  });

  test.each(['1', '3', '0', '20'])('of %s disagrees with two rows', (figure) => {
    expect(agrees(withFigure('总交易单数', figure))).toBe(false);
  });
});

describe('a sum in yuan', () => {
  test.each(['123.45', '123.450', '0123.45'])('may be printed as %s', (figure) => {
    expect(agrees(withFigure('应结订单总金额', figure))).toBe(true);
  });

  test.each(['0', '0.0', '0.00', '-0.00'])('of nothing may be printed as %s', (figure) => {
    expect(agrees(withFigure('充值券退款总金额', figure))).toBe(true);
  });

  test.each(['', '123,45', '123.456', '1.2345e2', 'N/A', '￥123.45'])('is not "%s"', (figure) => {
    expect(verdictOf(billOf([PAYMENT, REFUNDED], { summary: withFigure('应结订单总金额', figure) }))).toBe(
      'statement_summary_missing',
    );
  });

  test.each(['123.44', '123.46', '-123.45', '0.00', '12345'])('of %s disagrees', (figure) => {
    expect(agrees(withFigure('应结订单总金额', figure))).toBe(false);
  });

  test('says both what is printed and what was added up, for the one who has to ask', () => {
    const { totals } = read(
      billOf([PAYMENT, REFUNDED], { summary: withFigure('退款总金额', '23.44') }),
    ).summary;

    expect(totals).toMatchObject({
      declared: { refund_minor: 2_344n },
      computed: { refund_minor: 2_345n },
      agree: false,
    });
  });
});

describe('F64 I18: a sum of fees', () => {
  const fees = (figure: string, ...rows: string[]): boolean =>
    agrees(
      withFigure('手续费总金额', figure),
      rows.map((fee) => ({ ...PAYMENT, 手续费: fee })),
    );

  test.each<[figure: string, rows: string[], does: boolean]>([
    ['0.08', ['0.04000', '0.04000'], true],
    ['0.08', ['0.04000', '0.04499'], true],
    ['0.08', ['0.04000', '0.03500'], true],
    ['0.08', ['0.04000', '0.04501'], false],
    ['0.08', ['0.04000', '0.03499'], false],
    ['0.01000', ['0.00500', '0.00500'], true],
    ['0.01000', ['0.00500', '0.00501'], false],
    ['-0.02000', ['-0.02000'], true],
    ['-0.02', ['-0.02000'], true],
    ['0.02', ['-0.02000'], false],
    ['1', ['0.60000'], true],
    ['1', ['0.40000'], false],
    ['0', ['0.30000', '-0.30000'], true],
  ])('printed as %s for fees of %j: agrees %s', (figure, rows, does) => {
    expect(fees(figure, ...rows)).toBe(does);
  });

  test('agrees at the precision it is printed with, for any fees', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -99_999n, max: 999_999n }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 5 }),
        (all, decimals) => {
          const sum = all.reduce((one, other) => one + other, 0n);
          const unit = 10n ** BigInt(5 - decimals);
          const half = unit / 2n;
          const units = sum >= 0n ? (sum + half) / unit : -((-sum + half) / unit);
          const figure = decimals === 0 ? String(units) : printed(units, decimals);

          expect(fees(figure, ...all.map((fee) => printed(fee, 5)))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each(['', '0.000001', '1,00', '0.6%'])('is not "%s"', (figure) => {
    expect(verdictOf(billOf([PAYMENT], { summary: withFigure('手续费总金额', figure) }))).toBe(
      'statement_summary_missing',
    );
  });
});

describe('the names of the totals', () => {
  test('may come in any order, with blanks about them', () => {
    const turned: Summary = (names, figures) => [
      [...names].reverse().map((name) => ` ${name}`),
      [...figures].reverse(),
    ];

    expect(read(billOf([PAYMENT, REFUNDED], { summary: turned })).summary.totals).toEqual(
      read(billOf([PAYMENT, REFUNDED])).summary.totals,
    );
  });

  test('may have new ones among them, also first: those have nothing to be compared with', () => {
    const more: Summary = (names, figures) => [
      ['新总金额', ...names, '又一总金额'],
      ['77.00', ...figures, '任意'],
    ];

    const { totals } = read(billOf([PAYMENT, REFUNDED], { summary: more })).summary;

    expect(totals).toEqual(read(billOf([PAYMENT, REFUNDED])).summary.totals);
  });

  test.each([0, 3, 6])(
    'may have the name of something that every object has: a word, no total (at %i)',
    (at) => {
      for (const word of ['constructor', '__proto__', 'toString']) {
        const odd: Summary = (names, figures) => [
          [...names.slice(0, at), word, ...names.slice(at)],
          [...figures.slice(0, at), 'x', ...figures.slice(at)],
        ];

        expect(agrees(odd)).toBe(true);
      }
    },
  );

  test.each(['总交易单数', '应结订单总金额', '退款总金额'])('must have %s among them', (name) => {
    const short: Summary = (names, figures) => {
      const at = names.indexOf(name);
      return [names.toSpliced(at, 1), figures.toSpliced(at, 1)];
    };

    expect(refusalOf(billOf([PAYMENT, REFUNDED], { summary: short }))?.code).toBe(
      'statement_summary_missing',
    );
  });

  test.each(['充值券退款总金额', '手续费总金额', '订单总金额', '申请退款总金额'])('may lack %s', (name) => {
    const short: Summary = (names, figures) => {
      const at = names.indexOf(name);
      return [names.toSpliced(at, 1), figures.toSpliced(at, 1)];
    };

    const { totals } = read(billOf([PAYMENT, REFUNDED], { summary: short })).summary;

    expect(totals.agree).toBe(true);
    expect(Object.keys(totals.declared)).toHaveLength(6);
    expect(Object.keys(totals.computed)).toHaveLength(7);
  });

  test('need not sum up refunds in a bill of payments, and may', () => {
    const seven: Summary = () => [
      [
        '总交易单数',
        '应结订单总金额',
        '退款总金额',
        '充值券退款总金额',
        '手续费总金额',
        '订单总金额',
        '申请退款总金额',
      ],
      ['1.0', '123.45', '0.00', '0.0', '0.74', '123.45', '0.00'],
    ];

    expect(read(billOf([PAYMENT], { columns: SUCCESS })).summary.totals.agree).toBe(true);
    expect(read(billOf([PAYMENT], { columns: SUCCESS, summary: seven })).summary.totals.agree).toBe(true);
  });

  test('with one total twice, or under both its names, say nothing that can be believed', () => {
    for (const again of ['退款总金额', '总退款金额']) {
      const twice: Summary = (names, figures) => [
        [...names, again],
        [...figures, '23.45'],
      ];

      expect(verdictOf(billOf([PAYMENT, REFUNDED], { summary: twice }))).toBe('statement_summary_missing');
    }
  });

  test('of a fund-flow bill end no trade bill, and the other way round', () => {
    const flow: Summary = () => [
      ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
      ['1', '1', '123.45', '0', '0.00'],
    ];
    const movement: Cells = {
      记账时间: '2025-06-30 10:51:46',
      收支类型: '收入',
      '收支金额（元）': '123.45',
    };
    const trade = compose({
      columns: COLUMNS.FUND_FLOW,
      rows: [movement, movement],
      totals: summaryOf('ALL', [PAYMENT as Cells]),
    });

    expect(verdictOf(billOf([PAYMENT], { summary: flow }))).not.toBe('taken');
    expect(verdictOf(trade)).not.toBe('taken');
  });
});

describe('F49: the line of figures', () => {
  const tail = (figures: string): string => {
    const [names = '', row = '', heads = ''] = billOf([PAYMENT]).split('\r\n');
    return [names, row, heads, figures, ''].join('\r\n');
  };
  const figures = ['1', '123.45', '0.00', '0.00', '0.74000', '123.45', '0.00'];

  test('may lack its backticks', () => {
    expect(read(tail(figures.join(','))).summary.totals.agree).toBe(true);
    expect(read(tail(rowText(figures))).summary.totals.agree).toBe(true);
  });

  test.each<[string, string]>([
    ['too few figures', rowText(figures.slice(1))],
    ['too many figures', rowText([...figures, '0.00'])],
    ['a thousands separator', rowText(['1', '1,123.45', ...figures.slice(2)])],
    ['words', '以上数据仅供参考'],
    ['another row', billOf([PAYMENT]).split('\r\n')[1] ?? ''],
  ])('is none with %s', (_what, line) => {
    expect(verdictOf(tail(line))).toBe('statement_summary_missing');
  });

  test('twice is text after the summary', () => {
    expect(verdictOf(tail(`${rowText(figures)}\r\n${rowText(figures)}`))).toBe('statement_unrecognised');
  });

  test('with the rest of its file behind it is refused at the line where that begins', () => {
    expect(refusalOf(`${billOf([PAYMENT, REFUNDED])}\r\nanything`)).toMatchObject({
      code: 'statement_unrecognised',
      details: { line: 7, reason: 'text after the summary' },
    });
  });
});

describe('F43 I8: rows and summary', () => {
  const lines = (text: string, eol: string): string[] => text.split(eol).slice(0, -1);

  /** Whether the reader takes the bill, totals and all. */
  function isWhole(text: string): boolean {
    return verdictOf(text) === 'taken' && read(text).summary.totals.agree;
  }

  test('do not agree when any row is missing or there twice', () => {
    fc.assert(
      fc.property(someBill, fc.nat(7), fc.boolean(), ({ parts, text }, turn, twice) => {
        const { rows, eol = '\r\n' } = parts;
        fc.pre(rows.length > 0);
        const at = 1 + (turn % rows.length);
        const all = lines(text, eol);
        const changed = all.toSpliced(at, 1, ...(twice ? [all[at] ?? '', all[at] ?? ''] : []));

        expect(isWhole(changed.map((line) => line + eol).join(''))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('agree in whatever order the rows are', () => {
    fc.assert(
      fc.property(someBill, ({ parts, text }) => {
        const turned = compose({ ...parts, rows: [...parts.rows].reverse() });

        expect(isWhole(turned)).toBe(isWhole(text));
      }),
      { numRuns: 100 },
    );
  });

  test('do not agree when one amount is changed to another', () => {
    const row = (minor: bigint): Cells => ({ ...(PAYMENT as Cells), 应结订单金额: printed(minor, 2) });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        (is, says) => {
          const bill = compose({
            columns: COLUMNS.ALL,
            rows: [row(is), row(5n)],
            totals: summaryOf('ALL', [row(says), row(5n)]),
          });

          expect(read(bill).summary.totals.agree).toBe(is === says);
        },
      ),
      { numRuns: 100 },
    );
  });
});
