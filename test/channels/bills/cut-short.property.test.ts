/** F42 F43 I9: a bill of which a part is missing is never taken for a whole one, wherever the cut is. */
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openWechatStatement, wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { ERRORS, AppError, isErrorCode } from '../../../domain/errors.ts';
import { readAll, readStream } from '../statement-reading.ts';
import { PAYMENT, REFUND, REFUNDED, SUCCESS, billOf } from '../wechat/bills.ts';
import { someBill } from './any-bill.ts';
import type { Cells, LayoutName } from './composed-bills.ts';
import { COLUMNS, compose, summaryOf } from './composed-bills.ts';
import { refusalOf, verdictOf } from './readings.ts';

const LEGACY_PAYMENT: Cells = { ...(PAYMENT as Cells), 总金额: '123.45', 代金券或立减优惠退款金额: '0.00' };
const OUTGOING: Cells = {
  记账时间: '2025-06-30 16:58:43',
  微信支付业务单号: '50302302102025063099887766554',
  业务类型: '退款',
  收支类型: '支出',
  '收支金额（元）': '20.00',
  业务凭证号: 'RF20250630000003',
};

function bill(layout: LayoutName, rows: readonly Cells[], eol?: string): string {
  const parts = { columns: COLUMNS[layout], rows, totals: summaryOf(layout, rows) };
  return compose(eol === undefined ? parts : { ...parts, eol });
}

/** Taken as a whole: no error, and totals that agree. */
function isTaken(bytes: Buffer): boolean {
  try {
    return readAll(wechatBillReader(), bytes).summary.totals.agree;
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('statement_')) return false;
    throw error;
  }
}

describe('F43 I9: a plain bill', () => {
  test.each<[string, string]>([
    ['ALL', bill('ALL', [PAYMENT as Cells, REFUNDED as Cells])],
    ['SUCCESS', billOf([PAYMENT, PAYMENT], { columns: SUCCESS })],
    ['REFUND', billOf([REFUNDED], { columns: REFUND })],
    ['LEGACY, whose last figure is a fee', bill('LEGACY', [LEGACY_PAYMENT])],
    ['FUND_FLOW, whose last figure ends in zeros', bill('FUND_FLOW', [OUTGOING])],
    ['without a single row', bill('ALL', [])],
    ['with LF', bill('ALL', [PAYMENT as Cells], '\n')],
    ['with CR', bill('ALL', [PAYMENT as Cells], '\r')],
  ])('%s is not taken when cut after any of its bytes but before its last line end', (_layout, text) => {
    const bytes = Buffer.from(text);
    const lastEnd = /(?:\r\n|\n|\r)$/.exec(text)?.[0] ?? '';
    const whole = bytes.length - lastEnd.length;

    for (let length = 0; length < whole; length += 1) {
      expect(isTaken(bytes.subarray(0, length)), `cut after ${String(length)} bytes`).toBe(false);
    }
    expect(isTaken(bytes)).toBe(true);
  });

  test('of any layout and with anything in its cells is not taken when cut', () => {
    const cut = fc.record({ some: someBill, at: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(cut, ({ some, at }) => {
        const bytes = Buffer.from(some.text);
        const lastEnd = /(?:\r\n|\n|\r)$/.exec(some.text)?.[0] ?? '';
        // A bill that lacks nothing but its last line end may be taken.
        const length = Math.floor(at * (bytes.length - lastEnd.length - 1));

        expect(isTaken(bytes.subarray(0, length))).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test('cut at the end of any line is refused with a code that lets it be downloaded again', () => {
    const text = billOf([PAYMENT, REFUNDED, PAYMENT]);
    const ends = [...text.matchAll(/\r\n/g)].map((end) => end.index + 2).slice(0, -1);

    const codes = ends.map((end) => verdictOf(text.slice(0, end)));

    expect(codes).toEqual(Array.from({ length: 5 }, () => 'statement_summary_missing'));
    expect(ERRORS.statement_summary_missing.retryable).toBe(true);
  });

  test('cut short is worth a second download wherever the cut is, and the error says so', () => {
    const bytes = Buffer.from(billOf([PAYMENT, REFUNDED]));

    for (let length = 0; length < bytes.length - 8; length += 1) {
      const refusal = refusalOf(bytes.subarray(0, length));
      const code = refusal?.code ?? 'taken';
      expect(isErrorCode(code) && ERRORS[code].retryable, `cut after ${String(length)}: ${code}`).toBe(true);
    }
  });

  test('cut in a row says in which line', () => {
    const text = billOf([PAYMENT, REFUNDED]);

    const refusal = refusalOf(text.slice(0, text.indexOf('ORIGINAL')));

    expect(refusal).toMatchObject({ code: 'statement_truncated', details: { line: 3 } });
  });
});

describe('the last line end of a bill', () => {
  test.each<[string, string, boolean]>([
    ['a figure with both its decimals', '23.45', true],
    ['a figure that may have lost a decimal', '23.4', false],
    ['a figure that may have lost its decimals', '23', false],
    ['a figure that ends in its dot', '23.', false],
  ])('may be missing behind %s: %s', (_what, figure, isWhole) => {
    const text = billOf(
      [{ ...REFUNDED, 退款金额: figure === '23.45' ? figure : '23.40', 申请退款金额: figure }],
      {
        lastEnd: false,
        summary: (names, figures) => [names, [...figures.slice(0, -1), figure]],
      },
    );

    expect(verdictOf(text) === 'taken').toBe(isWhole);
  });

  test('may be there by half: a CR whose LF is missing', () => {
    const text = billOf([PAYMENT, REFUNDED]);

    expect(isTaken(Buffer.from(text.slice(0, -1)))).toBe(true);
  });

  test('must be there where the last total is one that we do not know: nobody can tell whether it is whole', () => {
    const options = {
      summary: (names: string[], figures: string[]): readonly [string[], string[]] => [
        [...names, '新的总金额'],
        [...figures, '12.34'],
      ],
    };

    expect(verdictOf(billOf([PAYMENT], options))).toBe('taken');
    expect(verdictOf(billOf([PAYMENT], { ...options, lastEnd: false }))).toBe('statement_truncated');
  });

  test('must be there behind a count, and behind a fee without all five decimals', () => {
    const countLast = (lastEnd: boolean): string =>
      billOf([PAYMENT], {
        lastEnd,
        summary: (names, figures) => [
          [...names.slice(1), '总交易单数'],
          [...figures.slice(1), '1'],
        ],
      });
    const fees = (fee: string): string =>
      compose({
        columns: COLUMNS.LEGACY,
        rows: [LEGACY_PAYMENT],
        totals: [...summaryOf('LEGACY', [LEGACY_PAYMENT]).slice(0, -1), ['手续费总金额', fee]],
      }).replace(/\r\n$/, '');

    expect(verdictOf(countLast(true))).toBe('taken');
    expect(verdictOf(countLast(false))).toBe('statement_truncated');
    expect(verdictOf(fees('0.74000'))).toBe('taken');
    expect(verdictOf(fees('0.74'))).toBe('statement_truncated');
  });
});

describe('F42 I9: a packed bill', () => {
  const text = billOf([PAYMENT, REFUNDED]);
  const packed = gzipSync(text);

  async function codeOf(bytes: Buffer): Promise<string> {
    const { bytes: pieces, reader } = openWechatStatement(once(bytes));
    try {
      const { summary } = await readStream(reader, pieces);
      return summary.totals.agree ? 'taken' : 'totals differ';
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
  }

  test('is taken whole, and cut after any of its bytes it is not', async () => {
    expect(await codeOf(packed)).toBe('taken');

    for (let length = 0; length < packed.length; length += 1) {
      expect(await codeOf(packed.subarray(0, length)), `cut after ${String(length)} bytes`).not.toBe('taken');
    }
  });

  test('that is whole but holds a bill that is not is refused for the bill', async () => {
    expect(await codeOf(gzipSync(text.slice(0, 700)))).toBe('statement_truncated');
    expect(await codeOf(gzipSync(''))).toBe('statement_truncated');
  });

  test('with any one of its bits turned is never read as another bill', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(7), async (at, bit) => {
        const spoilt = Buffer.from(packed);
        spoilt[at] = (spoilt[at] ?? 0) ^ (1 << bit);

        const { bytes, reader } = openWechatStatement(once(spoilt));
        const reading = await readStream(reader, bytes).catch((error: unknown) => {
          if (error instanceof AppError) return null;
          throw error;
        });

        // Some bits of the head say nothing about the content (time, system, name): the bill is then the same.
        const original = readAll(wechatBillReader(), Buffer.from(text));
        if (reading !== null) expect(reading).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });
});

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield await Promise.resolve(bytes);
}
