/** A download comes in pieces that know nothing of lines: where they end must not matter. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { AppError } from '../../../domain/errors.ts';
import { PAYMENT, REFUNDED, billOf } from '../wechat/bills.ts';
import { pieceSizes, someBill } from './any-bill.ts';
import { cut, read, readPieces, verdictOf } from './readings.ts';
import type { Taken } from './readings.ts';

function outcome(pieces: Iterable<Buffer>): Taken | string {
  try {
    return readPieces(pieces);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

describe('the same bytes in other pieces', () => {
  test('give the same COPY text, byte for byte, and the same summary', () => {
    fc.assert(
      fc.property(someBill, pieceSizes, ({ text }, sizes) => {
        const bytes = Buffer.from(text);

        expect(outcome(cut(bytes, sizes))).toEqual(outcome([bytes]));
      }),
      { numRuns: 400 },
    );
  });

  test('of one byte each give the same, in every layout and with every line end', () => {
    fc.assert(
      fc.property(someBill, ({ text }) => {
        const bytes = Buffer.from(text);

        expect(outcome(cut(bytes, [1]))).toEqual(outcome([bytes]));
      }),
      { numRuns: 60 },
    );
  });

  test('cut in two at any byte give the same', () => {
    const bytes = Buffer.from(billOf([{ ...PAYMENT, 商品名称: '笔记本🖥' }, REFUNDED]));
    const whole = outcome([bytes]);

    for (let at = 0; at <= bytes.length; at += 1) {
      expect(outcome([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${String(at)}`).toEqual(whole);
    }
  });

  test('are refused whatever the pieces when they are refused in one', () => {
    const spoilt = fc.record({
      bill: someBill,
      at: fc.nat(5_000),
      byte: fc.constantFrom(0, 0xff, 0x80, 0xe8),
    });
    fc.assert(
      fc.property(spoilt, pieceSizes, ({ bill, at, byte }, sizes) => {
        const bytes = Buffer.from(bill.text);
        bytes[at % bytes.length] = byte;

        const whole = outcome([bytes]);
        const pieced = outcome(cut(bytes, sizes));

        expect(typeof pieced).toBe(typeof whole);
        if (typeof whole !== 'string') expect(pieced).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('with empty ones between them give the same', () => {
    const bytes = Buffer.from(billOf([PAYMENT, REFUNDED]));
    const pieces = [...cut(bytes, [300])].flatMap((piece) => [Buffer.alloc(0), piece, Buffer.alloc(0)]);

    expect(outcome(pieces)).toEqual(outcome([bytes]));
  });
});

describe('the line end', () => {
  test.each([1, 2, 3])(
    'that is cut between its CR and its LF is still one, in pieces of %i bytes',
    (size) => {
      const bill = billOf([PAYMENT, REFUNDED]);

      expect(read(bill, [size]).summary).toMatchObject({ lines: 2, quarantinedCount: 0 });
    },
  );

  test('is decided by the first line: a lone CR in a row of a bill with CR LF belongs to its cell', () => {
    const bill = billOf([{ ...PAYMENT, 商户订单号: 'A\rB' }, REFUNDED]);

    const { lines } = read(bill, [5]);

    expect(lines.map((line) => line.payment_no)).toEqual(['A\rB', REFUNDED['商户订单号']]);
  });

  test('is decided by the first line: an LF in a row of a bill with CR belongs to its cell', () => {
    const bill = billOf([{ ...PAYMENT, 商户订单号: 'A\nB' }, REFUNDED], { eol: '\r' });

    const { lines } = read(bill, [5]);

    expect(lines.map((line) => line.payment_no)).toEqual(['A\nB', REFUNDED['商户订单号']]);
  });

  test('may be LF in some lines and CR LF in others', () => {
    const bill = billOf([PAYMENT, REFUNDED]);
    const mixed = bill.replace(/\r\n`/g, '\n`');

    expect(mixed).not.toBe(bill);
    expect(read(mixed).lines).toEqual(read(bill).lines);
  });

  test.each(['\r\n', '\n', '\r'])('%j: blank lines count as lines of the file and as nothing else', (eol) => {
    const bill = billOf([PAYMENT, REFUNDED], { eol });
    const [names = '', paid = '', ...rest] = bill.split(eol);
    const spaced = [names, '', paid, '  ', ...rest, ''].join(eol);

    const { lines, summary } = read(spaced, [3]);

    expect(lines.map((line) => line.line_no)).toEqual(['3', '5']);
    expect(summary).toMatchObject({ lines: 2, quarantinedCount: 0, totals: { agree: true } });
  });
});

describe('the memory of a piece', () => {
  test('is the caller’s: a reader changes nothing in it, also where it makes wide colons plain', () => {
    const bytes = Buffer.from(billOf([{ ...PAYMENT, 交易时间: '2014-11-10 16：33：45' }, REFUNDED]));
    const before = Buffer.from(bytes);

    const { summary } = readPieces(cut(bytes, [400]));

    expect(summary.quarantinedCount).toBe(0);
    expect(bytes.equals(before)).toBe(true);
  });

  test('may be used again at once: nothing of the reader’s points into it', () => {
    const bill = billOf([PAYMENT, { ...REFUNDED, 手续费: 'none' }, REFUNDED]);
    const apart = readPieces(cut(Buffer.from(bill), [70]));

    const reader = wechatBillReader();
    const scratch = Buffer.alloc(70);
    const text: Buffer[] = [];
    for (const piece of cut(Buffer.from(bill), [70])) {
      piece.copy(scratch);
      text.push(reader.push(scratch.subarray(0, piece.length)));
      scratch.fill('x');
    }
    text.push(reader.end());

    expect(Buffer.concat(text).toString('latin1')).toBe(apart.copyText);
    expect(reader.summary()).toEqual(apart.summary);
  });

  test('of COPY text handed out is not written to again', () => {
    const reader = wechatBillReader();
    const bill = Buffer.from(billOf(Array.from({ length: 50 }, () => PAYMENT)));
    const handed = [...cut(bill, [500])].map((piece) => {
      const text = reader.push(piece);
      return { text, copy: Buffer.from(text) };
    });
    reader.end();

    expect(handed.filter(({ text }) => text.length > 0).length).toBeGreaterThan(10);
    for (const { text, copy } of handed) expect(text.equals(copy)).toBe(true);
  });
});

test('a bill is read only once it has all come: a reader asked for its summary before says so', () => {
  const reader = wechatBillReader();
  expect(() => reader.summary()).toThrow('invariant_broken');

  reader.push(Buffer.from(billOf([PAYMENT]).slice(0, 300)));

  expect(() => reader.summary()).toThrow('invariant_broken');
  expect(verdictOf(billOf([PAYMENT]).slice(0, 300))).toBe('statement_truncated');
});
