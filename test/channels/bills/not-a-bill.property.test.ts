/** Whatever a download brings: a bill is read, and anything else is refused in words of the catalogue. It always ends. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRORS, isErrorCode } from '../../../domain/errors.ts';
import { inGb18030 } from '../gb18030.ts';
import { ALL, PAYMENT, REFUNDED, billOf } from '../wechat/bills.ts';
import { pieceSizes, someBill } from './any-bill.ts';
import { read, refusalOf, verdictOf } from './readings.ts';

const BILL = billOf([PAYMENT, REFUNDED]);

describe('a refusal', () => {
  test.each<[what: string, file: Buffer | string, code: string, details: object]>([
    [
      'of an error page says how it begins',
      '<html>\r\n<body>502 Bad Gateway',
      'statement_unrecognised',
      { starts_with: '<html>' },
    ],
    [
      'of an error answer says how it begins',
      '{"code":"SYSTEM_ERROR","message":"系统错误"}',
      'statement_unrecognised',
      { starts_with: '{"code":"SYSTEM_ERROR","message":"系统错误"}' },
    ],
    [
      'shows nothing of a file that a terminal would obey',
      '\u001b[2Jhello\u0007',
      'statement_unrecognised',
      { starts_with: '·[2Jhello·' },
    ],
    [
      'of GB 18030 says so',
      inGb18030(BILL.slice(1)),
      'statement_encoding_invalid',
      { reason: 'GB 18030 instead of UTF-8', from_line: 1 },
    ],
    [
      'of UTF-16 says so',
      Buffer.from(BILL, 'utf16le'),
      'statement_encoding_invalid',
      { reason: 'UTF-16 instead of UTF-8' },
    ],
    ['of nothing says so', '', 'statement_truncated', { size_bytes: 0 }],
    ['of a BOM alone is the refusal of a file cut short', '\uFEFF', 'statement_truncated', { size_bytes: 3 }],
    [
      'of names in Latin letters says how it begins',
      'time,appid,mchid\r\n',
      'statement_unrecognised',
      { starts_with: 'time,appid,mchid' },
    ],
    [
      'of a bill with a blank line before it is one of a file that we do not know',
      `\r\n${BILL}`,
      'statement_unrecognised',
      {},
    ],
    [
      'of two BOMs is one of a file that we do know: blanks about names mean nothing',
      '\uFEFF\uFEFF交易时间\r\n',
      'statement_unrecognised',
      {},
    ],
    [
      'of names without an end is the refusal of a file cut short',
      '交易时间,公众账号ID',
      'statement_truncated',
      { line: 1 },
    ],
  ])('%s', (_what, file, code, details) => {
    expect(refusalOf(file)).toMatchObject({ code, details });
  });

  test('of a long page shows no more than sixty characters of it', () => {
    const refusal = refusalOf(`<!DOCTYPE html>${'x'.repeat(5_000)}`);

    expect(String(refusal?.details['starts_with'])).toHaveLength(60);
  });

  test('names the line from which on the bytes are foreign', () => {
    const lines = billOf([PAYMENT, REFUNDED, PAYMENT])
      .split('\r\n')
      .map((line) => Buffer.from(`${line}\r\n`));
    const spoilt = lines.map((line, at) =>
      at === 2 ? Buffer.concat([Buffer.from('`\xff', 'latin1'), line]) : line,
    );
    const eachLine = spoilt.map((line) => line.length);

    expect(refusalOf(Buffer.concat(spoilt), eachLine)).toMatchObject({
      code: 'statement_encoding_invalid',
      details: { from_line: 3, reason: 'not UTF-8' },
    });
  });

  test.each<[what: string, bytes: number[]]>([
    ['a byte that is in no UTF-8', [0xff]],
    ['a trail byte alone', [0x80]],
    ['a character cut short', [0xe8, 0x93]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character in too many bytes', [0xc0, 0xaf]],
    ['a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a NUL', [0x00]],
  ])('F48: is the answer to %s, in a cell that nobody reads as in any other', (_what, bytes) => {
    const [before = '', after = ''] = BILL.split('batch=7');

    const file = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);

    expect(verdictOf(file)).toBe('statement_encoding_invalid');
    expect(verdictOf(file, [1])).toBe('statement_encoding_invalid');
  });

  test('F48: is not the answer to characters that are merely odd', () => {
    const odd = '\u0001\u0008\u001b\u007f\u0085\u2028\uFEFF\uFFFD🖥';

    expect(read(billOf([{ ...PAYMENT, 商户订单号: odd }])).lines).toMatchObject([{ payment_no: odd }]);
  });
});

describe('whatever the bytes are', () => {
  /** Ends with an error of the catalogue, or with a reading in which every row is accounted for. */
  function expectAnEnd(file: Buffer, sizes?: readonly number[]): void {
    const refusal = refusalOf(file, sizes);
    if (refusal === null) {
      const { lines, summary } = read(file, sizes);
      expect(lines.length + summary.quarantinedCount).toBe(summary.lines);
      expect(lines.filter((line) => line.line_type === 'refund')).toHaveLength(summary.refundLines);
      return;
    }
    expect(isErrorCode(refusal.code) ? ERRORS[refusal.code].status : 0).toBe(422);
  }

  test('any bytes come to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000, size: 'max' }), pieceSizes, (bytes, sizes) => {
        expectAnEnd(Buffer.from(bytes), sizes);
      }),
      { numRuns: 150 },
    );
  });

  test('names of a bill with any bytes behind them come to an end', () => {
    const head = Buffer.from(`\uFEFF${ALL.join(',')}\r\n`);
    const part = fc.constantFrom(
      '`',
      ',`',
      '\r\n',
      '\r',
      '\n',
      '2025-06-30 10:00:00',
      '总交易单数',
      ',',
      '0.00',
      'CNY',
      'REFUND',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 200, size: 'max' }), pieceSizes, (parts, sizes) => {
        expectAnEnd(Buffer.concat([head, Buffer.from(parts.join(''))]), sizes);
      }),
      { numRuns: 200 },
    );
  });

  test('a bill whose lines are shuffled, doubled and lost comes to an end', () => {
    fc.assert(
      fc.property(someBill, fc.infiniteStream(fc.nat(50)), fc.nat(12), ({ text, parts }, dice, count) => {
        const eol = parts.eol ?? '\r\n';
        const lines = text.split(eol);
        const picked = Array.from(
          { length: count },
          () => lines[(dice.next().value as number) % lines.length] ?? '',
        );

        expectAnEnd(Buffer.from([lines[0], ...picked].join(eol)));
      }),
      { numRuns: 200 },
    );
  });

  test('a bill with bytes changed, lost and doubled in many places comes to an end', () => {
    const edit = fc.record({ at: fc.nat(9_999), lose: fc.nat(40), add: fc.uint8Array({ maxLength: 8 }) });
    fc.assert(
      fc.property(
        someBill,
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        pieceSizes,
        (bill, edits, sizes) => {
          let bytes = Buffer.from(bill.text);
          for (const { at, lose, add } of edits) {
            const place = at % (bytes.length + 1);
            bytes = Buffer.concat([bytes.subarray(0, place), add, bytes.subarray(place + lose)]);
          }

          expectAnEnd(bytes, sizes);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('two bills one behind the other are not taken for one', () => {
    fc.assert(
      fc.property(someBill, someBill, (one, other) => {
        expect(verdictOf(one.text + other.text)).not.toBe('taken');
      }),
      { numRuns: 100 },
    );
  });
});
