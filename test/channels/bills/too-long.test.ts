/** F48 I19: a line that does not end is refused at its cap, in the same way wherever it stands and however it comes. */
import { describe, expect, test } from 'vitest';
import { openWechatStatement, wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { AppError } from '../../../domain/errors.ts';
import { readStream } from '../statement-reading.ts';
import { ALL, PAYMENT, REFUNDED, billOf } from '../wechat/bills.ts';
import { cut, readPieces, refusalOf } from './readings.ts';

const MIB = 1024 ** 2;
/** Bytes of a line that are still read, its CR among them and its LF not. */
const CAP = MIB;

const SIZES = [64 * 1024, 1_000_003, 4 * MIB] as const;

/** A bill whose second row is of this many bytes, its CR included. */
function billWithRowOf(bytes: number): string {
  const bill = billOf([PAYMENT, { ...REFUNDED, 商品名称: 'FILL' }, PAYMENT]);
  const row = bill.split('\r\n')[2] ?? '';
  return bill.replace('FILL', 'x'.repeat(bytes - Buffer.byteLength(row) - 1 + 'FILL'.length));
}

describe.each(SIZES)('in pieces of %i bytes', (size) => {
  test('a row of as many bytes as a line may have is read', () => {
    const { summary } = readPieces(cut(Buffer.from(billWithRowOf(CAP)), [size]));

    expect(summary).toMatchObject({ lines: 3, quarantinedCount: 0, totals: { agree: true } });
  });

  test('a row of one byte more is refused, and its line is named', () => {
    expect(refusalOf(billWithRowOf(CAP + 1), [size])).toMatchObject({
      code: 'statement_too_large',
      details: { line: 3, cap: 'bytes of a line', cap_bytes: MIB },
    });
  });

  test.each<[what: string, bill: (long: string) => string, line: number]>([
    ['names', (long) => billOf([PAYMENT], { columns: [...ALL, long] }), 1],
    ['no first backtick', (long) => billOf([PAYMENT]).replace('`2025', `${long}\`2025`), 2],
    [
      'names of totals',
      (long) =>
        billOf([PAYMENT], {
          summary: (names, figures) => [
            [...names, long],
            [...figures, '1'],
          ],
        }),
      3,
    ],
    [
      'figures',
      (long) =>
        billOf([PAYMENT], {
          summary: (names, figures) => [
            [...names, 'x'],
            [...figures, long],
          ],
        }),
      4,
    ],
    ['text behind the summary', (long) => `${billOf([PAYMENT])}${long}\r\n`, 5],
  ])('a line of %s beyond the cap is refused', (_what, bill, line) => {
    const refusal = refusalOf(bill('n'.repeat(CAP + 1)), [size]);

    expect(refusal).toMatchObject({ code: 'statement_too_large', details: { line } });
  });
});

test('a row set aside is not kept whole, however long it was', () => {
  const long = { ...REFUNDED, 手续费: 'x', 商品名称: '长'.repeat(300_000) };
  const rows = [...Array.from({ length: 90 }, () => PAYMENT), long, long, long];

  const { quarantined, quarantinedCount } = readPieces([Buffer.from(billOf(rows))]).summary;

  expect(quarantinedCount).toBe(3);
  for (const { raw } of quarantined) expect(raw.length).toBeLessThanOrEqual(2_000);
});

describe('a line of 1 GB', () => {
  /** A download that would go on for a gigabyte, and how far it got. */
  function endless(head: string): {
    source: AsyncGenerator<Buffer, void>;
    sent: () => number;
    isClosed: () => boolean;
  } {
    let sent = 0;
    let closed = false;
    async function* source(): AsyncGenerator<Buffer, void> {
      const piece = Buffer.alloc(64 * 1024, 'a');
      try {
        yield await Promise.resolve(Buffer.from(head));
        for (; sent < 1024 * MIB; sent += piece.length) yield piece;
      } finally {
        closed = true;
      }
    }
    return { source: source(), sent: () => sent, isClosed: () => closed };
  }

  test.each<[what: string, head: string]>([
    ['names', '\uFEFF交易时间,'],
    ['a row', `${ALL.join(',')}\r\n\``],
    ['no row', `${ALL.join(',')}\r\n`],
    ['an error page', '<html>'],
  ])(
    'in place of %s is refused after the first of its megabytes, and its download is closed',
    async (_what, head) => {
      const { source, sent, isClosed } = endless(head);
      const { bytes, reader } = openWechatStatement(source);

      const refusal = await readStream(reader, bytes).catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(AppError);
      expect(refusal).toMatchObject({ code: 'statement_too_large' });
      expect(sent()).toBeLessThanOrEqual(CAP + 64 * 1024);
      expect(isClosed()).toBe(true);
    },
  );

  test('takes no more memory than its cap', () => {
    const reader = wechatBillReader();
    reader.push(Buffer.from(`${ALL.join(',')}\r\n\``));
    const piece = Buffer.alloc(1_000, 'a');
    const before = process.memoryUsage().arrayBuffers;

    let refused = 0;
    let peak = 0;
    for (let turn = 0; turn < 1_100 && refused === 0; turn += 1) {
      try {
        reader.push(piece);
      } catch {
        refused = turn;
      }
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }

    expect(refused).toBe(Math.floor(CAP / piece.length));
    expect(peak).toBeLessThan(8 * MIB);
  });
});

test('a line just under the cap that comes byte by byte is read in time', () => {
  const bill = Buffer.from(billWithRowOf(CAP));

  const { summary } = readPieces(cut(bill, [1]));

  expect(summary).toMatchObject({ lines: 3, quarantinedCount: 0 });
}, 20_000);
