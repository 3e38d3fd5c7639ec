/** F53 I14: amounts, times and lines are read from bytes exactly as from text, or not at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNREADABLE, dayText, fieldIs, readDay, readDecimal } from '../../../channels/byte-fields.ts';
import { BACKTICK, RowFields } from '../../../channels/wechat/bill-fields.ts';
import { Sum } from '../../../channels/sum.ts';
import { WholeLines } from '../../../channels/whole-lines.ts';
import { printed, rowText } from './composed-bills.ts';

const LF = 0x0a;

/** The text in the middle of other digits: nothing outside of the field may be read. */
function decimal(text: string, decimals: number): number {
  const bytes = Buffer.from(`9${text}9.9`);
  return readDecimal(bytes, 1, 1 + Buffer.byteLength(text), decimals);
}

function day(text: string): number {
  return readDay(Buffer.from(`0${text}0`), 1);
}

describe('an amount', () => {
  const scale = fc.constantFrom(2, 5);
  const fifteenDigits = fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n });

  test('that is printed with all its decimals is read back exactly, to 15 digits', () => {
    fc.assert(
      fc.property(fifteenDigits, scale, (value, decimals) => {
        expect(BigInt(decimal(printed(value, decimals), decimals))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test('keeps its value when zeros are added behind it or taken away', () => {
    fc.assert(
      fc.property(fifteenDigits, scale, fc.nat(20), (value, decimals, zeros) => {
        const text = printed(value, decimals);
        const shorter = text.replace(/0+$/, '').replace(/\.$/, '');

        expect(BigInt(decimal(text + '0'.repeat(zeros), decimals))).toBe(value);
        expect(BigInt(decimal(shorter, decimals))).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  test('of more decimals than it can have is not rounded, but not read', () => {
    fc.assert(
      fc.property(fifteenDigits, scale, fc.integer({ min: 1, max: 9 }), (value, decimals, digit) => {
        expect(decimal(printed(value, decimals) + String(digit), decimals)).toBe(UNREADABLE);
      }),
    );
  });

  test('of more digits than a double holds exactly is not read', () => {
    expect(decimal('9999999999999.99', 2)).toBe(999_999_999_999_999);
    expect(decimal('10000000000000.00', 2)).toBe(UNREADABLE);
    expect(decimal('00000000000000.01', 2)).toBe(UNREADABLE);
    expect(decimal('9999999999.99999', 5)).toBe(999_999_999_999_999);
    expect(decimal('10000000000.00000', 5)).toBe(UNREADABLE);
    expect(decimal('9'.repeat(400), 2)).toBe(UNREADABLE);
  });

  test('is text of the one form, and any other text is not read', () => {
    const near = fc.string({
      unit: fc.constantFrom('0', '1', '9', '.', '-', '+', ',', 'e', ' ', '１'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(near, (text) => {
        const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
        const surplus = (parts?.[3] ?? '').slice(2).replaceAll('0', '');
        const isAmount = parts !== null && surplus === '';

        expect(decimal(text, 2) === UNREADABLE).toBe(!isAmount);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '',
    '-',
    '.',
    '-.',
    '.5',
    '5.',
    '-5.',
    '--5',
    '5-',
    '1,234.50',
    '1e3',
    '0x1F',
    'NaN',
    '∞',
    '5\0',
    '٥',
  ])('is not %j', (text) => {
    expect(decimal(text, 2)).toBe(UNREADABLE);
  });

  test('of minus nothing is nothing', () => {
    expect(Object.is(decimal('-0.00', 2), 0)).toBe(true);
    expect(decimal('-0.01', 2)).toBe(-1);
  });
});

describe('a day', () => {
  test('is read from every time of every day from 2000 to 2099', () => {
    const instant = fc.date({
      min: new Date('2000-01-01T00:00:00Z'),
      max: new Date('2099-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, (date) => {
        const text = date.toISOString().slice(0, 19).replace('T', ' ');

        expect(day(text)).toBe(Number(text.slice(0, 10).replaceAll('-', '')));
        expect(dayText(day(text))).toBe(text.slice(0, 10));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is one that the calendar has, and a time one that the clock has', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, '0'));
    fc.assert(
      fc.property(fc.tuple(two, two, two, two, two, two), ([year, month, date, h, m, s]) => {
        const text = `20${year}-${month}-${date} ${h}:${m}:${s}`;
        const instant = new Date(
          Date.UTC(2000 + Number(year), Number(month) - 1, Number(date), Number(h), Number(m), Number(s)),
        );
        const isReal = instant.toISOString().slice(0, 19).replace('T', ' ') === text;

        expect(day(text) !== 0).toBe(isReal);
      }),
      { numRuns: 2_000 },
    );
  });

  test('has its marks in their places, and digits in all others', () => {
    const good = '2025-06-30 10:51:45';
    for (let at = 0; at < good.length; at += 1) {
      for (const wrong of ['x', '/', ';', '\0']) {
        expect(day(good.slice(0, at) + wrong + good.slice(at + 1)), `${wrong} at ${String(at)}`).toBe(0);
      }
    }
    expect(dayText(0)).toBeNull();
  });
});

describe('a word', () => {
  test('is in a field when it is all of it', () => {
    const bytes = Buffer.from('REFUNDED');

    expect(fieldIs(bytes, 0, 6, Buffer.from('REFUND'))).toBe(true);
    expect(fieldIs(bytes, 0, 8, Buffer.from('REFUND'))).toBe(false);
    expect(fieldIs(bytes, 0, 5, Buffer.from('REFUND'))).toBe(false);
    expect(fieldIs(bytes, 1, 7, Buffer.from('REFUND'))).toBe(false);
    expect(fieldIs(bytes, 3, 3, Buffer.from(''))).toBe(true);
  });
});

describe('I14: a sum', () => {
  test('is exact whatever is added, far beyond 2^53 and back', () => {
    const amount = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 60 }), (amounts) => {
        const sum = new Sum();
        for (const value of amounts) sum.add(value);

        expect(sum.value()).toBe(amounts.reduce((total, value) => total + BigInt(value), 0n));
        expect(sum.isPartial).toBe(false);
      }),
    );
  });

  test('of ten thousand times the largest amount is exact to its last fen', () => {
    const sum = new Sum();
    for (let turn = 0; turn < 10_000; turn += 1) sum.add(999_999_999_999_999);

    expect(sum.value()).toBe(9_999_999_999_999_990_000n);
  });

  test('with an amount that could not be read is a part, and says so', () => {
    const sum = new Sum();
    sum.add(5);
    sum.add(UNREADABLE);
    sum.add(7);

    expect({ value: sum.value(), isPartial: sum.isPartial }).toEqual({ value: 12n, isPartial: true });
  });
});

describe('the fields of a row', () => {
  const cell = fc
    .string({ unit: fc.constantFrom('`', ',', 'a', '蓝', '\\', '"', '\t'), maxLength: 8 })
    .map((text) => text.replaceAll(',`', ',.'));

  test('are those that were put together, with commas and backticks in them and whatever lies about the row', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 12 }),
        fc.constantFrom('\r\n', '\n', '\r'),
        (cells, eol) => {
          const bytes = Buffer.from(`before,\`x${eol}${rowText(cells)}${eol}\`after,\`y${eol}`);
          const from = Buffer.byteLength(`before,\`x${eol}`);
          const fields = new RowFields(cells.length);

          fields.split(bytes, from, eol === '\r' ? 0x0d : LF);

          const found = cells.map((_cell, at) =>
            bytes.toString('utf8', fields.edges[at], (fields.edges[at + 1] ?? 0) - 2),
          );
          expect(found).toEqual(cells);
          expect(fields.count).toBe(cells.length);
          expect(bytes.subarray(fields.lineEnd + 1).toString()).toBe(`\`after,\`y${eol}`);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are counted also beyond those that a bill has', () => {
    const fields = new RowFields(3);
    const bytes = Buffer.from('`1,`2,`3,`4,`5\n');

    fields.split(bytes, 0, LF);

    expect(bytes[0]).toBe(BACKTICK);
    expect(fields.count).toBe(5);
    expect(fields.lineEnd).toBe(bytes.length - 1);
  });
});

const addAll = (lines: WholeLines, bytes: Buffer): Buffer[] => [...lines.add(bytes)];

describe('whole lines', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', '`', '\r', '\n', '\r\n'), maxLength: 12 });

  test('and the rest are all bytes in their order, each with its place in the file', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const file = Buffer.from(pieces.join(''));
        const lines = new WholeLines();
        let seen = 0;
        for (const one of pieces) {
          for (const whole of lines.add(Buffer.from(one))) {
            expect(lines.at).toBe(seen);
            expect(whole.at(-1)).toBe(lines.eol);
            expect(file.subarray(seen, seen + whole.length).equals(whole)).toBe(true);
            seen += whole.length;
          }
        }
        const pending = lines.pending;
        const rest = lines.rest();

        expect(rest).toHaveLength(pending);
        expect(lines.at).toBe(seen);
        expect(file.subarray(seen).equals(rest)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('end with the same byte however the file is cut', () => {
    fc.assert(
      fc.property(piece, piece, fc.integer({ min: 1, max: 5 }), (one, other, size) => {
        const file = Buffer.from(one + other);
        const whole = new WholeLines();
        addAll(whole, file);
        const pieced = new WholeLines();
        for (let at = 0; at < file.length; at += size) addAll(pieced, file.subarray(at, at + size));

        expect(pieced.eol).toBe(whole.eol);
        expect(pieced.pending).toBe(whole.pending);
      }),
      { numRuns: 500 },
    );
  });

  test('are not searched for anew with every piece of a long line', () => {
    const lines = new WholeLines();
    addAll(lines, Buffer.from('first\n'));
    // A hundred thousand pieces joined one by one would be copied five thousand million times.
    const one = Buffer.from('x');
    for (let turn = 0; turn < 100_000; turn += 1) addAll(lines, one);

    const [line] = addAll(lines, Buffer.from('\nrest'));

    expect(line).toHaveLength(100_001);
    expect(lines.pending).toBe(4);
  });
});
