/** COPY text as Postgres documents it: whatever is written comes back, and nothing in a cell can end it or its row. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CopyText } from '../../../channels/copy-text.ts';
import { PAYMENT, REFUNDED, billOf } from '../wechat/bills.ts';
import { read, readPieces } from './readings.ts';

const LETTERS: Readonly<Record<string, number>> = { b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** Reads one row of COPY text, byte by byte as the manual describes it; null for SQL null. */
function cellsOf(row: Buffer): (Buffer | null)[] {
  if (row.at(-1) !== 0x0a) throw new Error('a row ends with LF');
  const cells: (Buffer | null)[] = [];
  let raw: number[] = [];
  let bytes: number[] = [];
  const end = (): void => {
    cells.push(raw.length === 2 && raw[0] === 0x5c && raw[1] === 0x4e ? null : Buffer.from(bytes));
    raw = [];
    bytes = [];
  };
  for (let at = 0; at < row.length; at += 1) {
    const byte = row[at] ?? 0;
    if (byte === 0x09 || byte === 0x0a) {
      end();
      continue;
    }
    raw.push(byte);
    if (byte !== 0x5c) {
      bytes.push(byte);
      continue;
    }
    at += 1;
    const letter = row[at] ?? 0;
    raw.push(letter);
    bytes.push(LETTERS[String.fromCharCode(letter)] ?? letter);
  }
  return cells;
}

function written(write: (out: CopyText) => void, rowBytes = 1_000): Buffer {
  const out = new CopyText();
  out.reserve(rowBytes);
  write(out);
  out.endRow();
  return out.take();
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(fc.constantFrom(0x5c, 0x09, 0x0a, 0x0d, 0x4e, 0x2e, 0x08, 0x0b, 0x0c, 0x1b, 0x7f, 0x61), {
    maxLength: 60,
  }),
);

describe('a cell', () => {
  test('of any bytes comes back as it was, an empty one as nothing', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { minLength: 1, maxLength: 6 }), (cells) => {
        const row = written((out) => {
          for (const cell of cells) out.field(Buffer.from(cell), 0, cell.length);
        });

        expect(cellsOf(row)).toEqual(cells.map((cell) => (cell.length === 0 ? null : Buffer.from(cell))));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['\\N', '\\\\N'],
    ['\\.', '\\\\.'],
    ['a\tb', 'a\\tb'],
    ['a\nb', 'a\\nb'],
    ['a\rb', 'a\\rb'],
    ['\\', '\\\\'],
    ['蓝牙耳机, "白色"', '蓝牙耳机, "白色"'],
    ['\u0001\u001f', '\u0001\u001f'],
  ])('%j is written as %j', (text, as) => {
    const bytes = Buffer.from(text);

    expect(
      written((out) => {
        out.field(bytes, 0, bytes.length);
      }).toString(),
    ).toBe(`${as}\n`);
  });

  test('is only the part of its source that was asked for', () => {
    const source = Buffer.from('before|in\\side|after');

    const row = written((out) => {
      out.field(source, 7, 14);
    });

    expect(cellsOf(row).map(String)).toEqual(['in\\side']);
  });

  test('of nothing but escapes fits where room for its row was made', () => {
    const worst = Buffer.alloc(20_000, '\\');

    const row = written((out) => {
      out.field(worst, 0, worst.length);
    }, worst.length);

    expect(row).toHaveLength(2 * worst.length + 1);
    expect(cellsOf(row)).toEqual([worst]);
  });
});

describe('a number', () => {
  test('of up to 15 digits is written as it is', () => {
    const max = 999_999_999_999_999;
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -max, max })), (value) => {
        expect(
          written((out) => {
            out.integer(value);
          }).toString(),
        ).toBe(`${String(value)}\n`);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    0,
    9,
    10,
    99,
    100,
    999_999_999,
    1_000_000_000,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    9_999_999_999,
    10_000_000_000,
    100_000_000_000_001,
    999_999_999_999_999,
    -1,
    -(2 ** 31),
    -999_999_999_999_999,
  ])('%i is, where its digits become more', (value) => {
    expect(
      written((out) => {
        out.integer(value);
      }).toString(),
    ).toBe(`${String(value)}\n`);
  });
});

describe('text', () => {
  test('is handed out once, and what comes after it is apart from it', () => {
    const out = new CopyText();
    const row = (value: number): Buffer => {
      out.reserve(20);
      out.integer(value);
      out.endRow();
      return out.take();
    };

    const first = row(1);
    const second = row(2);

    expect([first.toString(), second.toString()]).toEqual(['1\n', '2\n']);
    expect(out.take()).toHaveLength(0);
  });

  test('keeps what it has when it needs more room, whatever it expected', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 20_000 }), (lengths, expected) => {
        const out = new CopyText();
        out.expect(expected);
        for (const length of lengths) {
          const cell = Buffer.alloc(length, 'x');
          out.reserve(length);
          out.field(cell, 0, length);
          out.endRow();
        }

        const rows = out.take().toString().split('\n').slice(0, -1);

        expect(rows.map((row) => (row === '\\N' ? 0 : row.length))).toEqual(lengths);
      }),
      { numRuns: 100 },
    );
  });

  test('has times with the offset of Beijing, words as they are and nothing as SQL null', () => {
    const row = written((out) => {
      out.time(Buffer.from('xx2025-06-30 10:51:45xx'), 2);
      out.word(Buffer.from('refund'));
      out.nothing();
      out.integer(7);
    });

    expect(row.toString()).toBe('2025-06-30 10:51:45+08\trefund\t\\N\t7\n');
  });
});

describe('the text of a bill', () => {
  /** Every byte that means something to COPY, but the line end. */
  const nasty = 'a\\b\\N\t\\.\u0008\u000b\u000c\u001b\u007f"\'';

  test('has thirteen cells in every row, whatever is in the numbers of the bill', () => {
    const rows = [
      { ...REFUNDED, 微信订单号: nasty, 商户订单号: `${nasty}\\`, 商户退款单号: '\\N', 付款银行: '\\.' },
      { ...PAYMENT, 付款银行: '\t' },
    ];

    const { copyText } = readPieces([Buffer.from(billOf(rows))]);
    const cells = copyText
      .split(/(?<=\n)/)
      .map((row) => cellsOf(Buffer.from(row, 'latin1')).map((cell) => cell?.toString() ?? null));

    expect(cells).toEqual([
      [
        '2',
        'refund',
        '2025-06-30 16:58:42+08',
        nasty,
        `${nasty}\\`,
        '50302302102025063099887766554',
        '\\N',
        '2345',
        '2345',
        '-14000',
        'CNY',
        'PROCESSING',
        '\\.',
      ],
      [
        '3',
        'payment',
        '2025-06-30 10:51:45+08',
        '4200002211202506301029384756',
        'ORD20250630000017',
        null,
        null,
        '12345',
        '12345',
        '74000',
        'CNY',
        'SUCCESS',
        '\t',
      ],
    ]);
  });

  test('escapes an LF in a bill whose lines end in CR, so that it ends no row', () => {
    const bill = billOf([{ ...PAYMENT, 商户订单号: 'A\nB\n\\.\n' }], { eol: '\r' });

    const { copyText } = readPieces([Buffer.from(bill)]);

    expect(copyText.match(/\n/g)).toHaveLength(1);
    expect(read(bill).lines).toMatchObject([{ payment_no: 'A\nB\n\\.\n' }]);
  });
});
