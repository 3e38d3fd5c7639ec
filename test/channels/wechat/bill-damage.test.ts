/** What is no whole bill is refused before anything of it is believed; what is one with a bad row says which. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { AppError } from '../../../domain/errors.ts';
import { inGb18030 } from '../gb18030.ts';
import { readAll } from '../statement-reading.ts';
import type { Reading } from '../statement-reading.ts';
import { ALL, PAYMENT, REFUNDED, billOf } from './bills.ts';

function read(bytes: Buffer | string, sizes?: readonly number[]): Reading {
  return readAll(wechatBillReader(), Buffer.from(bytes), sizes);
}

function codeOf(bytes: Buffer | string): string {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'taken';
}

const BILL = billOf([PAYMENT, REFUNDED]);

describe('a file that is no bill', () => {
  test.each<[string, Buffer | string, string]>([
    ['nothing', '', 'statement_truncated'],
    ['an error page', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>', 'statement_unrecognised'],
    ['an error message', '{"code":"NO_STATEMENT_EXIST","message":"账单不存在"}', 'statement_unrecognised'],
    [
      'another channel’s file',
      '#支付宝业务明细查询\r\n#账号：[20881234567890120156]\r\n',
      'statement_unrecognised',
    ],
    ['a spreadsheet’s XML', '<?xml version="1.0"?>\n<Workbook/>', 'statement_unrecognised'],
    ['rows without names', BILL.split('\r\n').slice(1).join('\r\n'), 'statement_unrecognised'],
    ['random bytes', Buffer.from([0x80, 0x01, 0xfe, 0xff, 0x0a]), 'statement_unrecognised'],
    ['GB 18030', inGb18030(BILL.slice(1)), 'statement_encoding_invalid'],
    ['UTF-16', Buffer.from(BILL, 'utf16le'), 'statement_encoding_invalid'],
  ])('%s is refused', (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('F52: a column that we need is missing, or there twice', () => {
    expect(codeOf(billOf([PAYMENT], { columns: ALL.filter((name) => name !== '微信订单号') }))).toBe(
      'statement_unrecognised',
    );
    expect(codeOf(billOf([PAYMENT], { columns: [...ALL, '微信订单号'] }))).toBe('statement_unrecognised');
    expect(codeOf(billOf([PAYMENT], { columns: ALL.filter((name) => name !== '退款状态') }))).toBe(
      'statement_unrecognised',
    );
  });
});

describe('a bill that is not whole', () => {
  test('F43: cut anywhere, it is never taken for a whole one', () => {
    const bytes = Buffer.from(BILL);
    // Only its last line end may be missing.
    for (let length = 0; length < bytes.length - 2; length += 1) {
      expect(codeOf(bytes.subarray(0, length)), `cut after ${String(length)} bytes`).not.toBe('taken');
    }
  });

  test.each([
    ['no summary', billOf([PAYMENT], { summary: () => null })],
    [
      'names of totals without figures',
      billOf([PAYMENT], { summary: (names) => [names, []] }).replace(/`\r\n$/, ''),
    ],
    [
      'fewer figures than names',
      billOf([PAYMENT], { summary: (names, figures) => [names, figures.slice(1)] }),
    ],
    [
      'a figure that is none',
      billOf([PAYMENT], { summary: (names, figures) => [names, [...figures.slice(0, -1), 'x']] }),
    ],
    [
      'a summary without the count',
      billOf([PAYMENT], { summary: (names, figures) => [names.slice(1), figures.slice(1)] }),
    ],
    [
      'a total twice',
      billOf([PAYMENT], {
        summary: (names, figures) => [
          [...names, '退款总金额'],
          [...figures, '0.00'],
        ],
      }),
    ],
  ])('%s is refused', (_what, text) => {
    expect(codeOf(text)).toBe('statement_summary_missing');
  });

  test('text after the summary is refused: it could be another bill', () => {
    expect(codeOf(BILL + BILL)).toBe('statement_unrecognised');
    expect(codeOf(`${BILL}\r\n\r\n`)).toBe('taken');
  });

  test('F48: a NUL byte or bytes that are no text refuse the file, and say from which line on', () => {
    const nul = Buffer.from(BILL.replace('蓝牙耳机', 'a\0b'));
    const broken = Buffer.concat([
      Buffer.from(BILL).subarray(0, 600),
      Buffer.from([0xff]),
      Buffer.from(BILL).subarray(600),
    ]);

    expect(codeOf(nul)).toBe('statement_encoding_invalid');
    expect(codeOf(broken)).toBe('statement_encoding_invalid');
  });

  test('F48 I19: a line without an end is refused at its cap, whatever is to come', () => {
    const reader = wechatBillReader();
    const piece = Buffer.alloc(64 * 1024, 'a');
    reader.push(Buffer.from(`${ALL.join(',')}\r\n\``));

    let pushed = 0;
    const push = (): void => {
      for (; pushed < 1_000; pushed += 1) reader.push(piece);
    };

    expect(push).toThrow('statement_too_large');
    expect(pushed).toBeLessThan(40);
  });
});

describe('F48 I8: one bad row in a good bill', () => {
  const columns = ALL.length;
  test.each<[string, (row: string) => string, string]>([
    [
      'a field too few',
      (row) => row.replace(',`batch=7', ''),
      `${String(columns - 1)} fields instead of ${String(columns)}`,
    ],
    [
      'a field too many',
      (row) => row.replace(',`batch=7', ',`batch=7,`x'),
      `${String(columns + 1)} fields instead of ${String(columns)}`,
    ],
    ['no first backtick', (row) => row.slice(1), 'a row without its first backtick'],
    ['a time that is none', (row) => row.replace('2025-06-30 16', '2025-02-30 16'), 'no time as documented'],
    [
      'a time of another form',
      (row) => row.replace('2025-06-30 16:58:42', '2025/6/30 16:58'),
      'no time as documented',
    ],
    ['a state that nobody knows', (row) => row.replace('`REFUND,', '`MAYBE,'), 'an unknown trade state'],
  ])('%s is set aside; the file goes on and its totals are checked', (_what, spoil, reason) => {
    const [names = '', paid = '', refunded = '', ...tail] = BILL.split('\r\n');
    const text = [names, paid, spoil(refunded), ...tail].join('\r\n');

    const { lines, summary } = read(text);

    expect(lines.map((line) => line.line_no)).toEqual(['2']);
    expect(summary).toMatchObject({ lines: 2, quarantinedCount: 1, totals: { agree: true } });
    expect(summary.quarantined).toMatchObject([{ lineNo: 3, reason }]);
  });

  test('many bad rows, or nothing but bad ones, are a format that we do not know', () => {
    const bad = { ...REFUNDED, 申请退款金额: 'x' };

    expect(codeOf(billOf([bad, bad]))).toBe('statement_unrecognised');
    expect(
      codeOf(
        billOf([...Array.from({ length: 80 }, () => PAYMENT), ...Array.from({ length: 20 }, () => bad)]),
      ),
    ).toBe('statement_unrecognised');
    expect(codeOf(billOf([...Array.from({ length: 80 }, () => PAYMENT), bad, bad]))).toBe('taken');
  });

  test('rows set aside are kept with their text up to a bound, and counted beyond it', () => {
    const long = { ...REFUNDED, 申请退款金额: 'x', 商品名称: '长'.repeat(5_000) };
    const rows = [
      ...Array.from({ length: 12_000 }, () => PAYMENT),
      ...Array.from({ length: 1_100 }, () => long),
    ];

    const { summary } = read(billOf(rows));

    expect(summary.quarantinedCount).toBe(1_100);
    expect(summary.quarantined).toHaveLength(1_000);
    expect(Math.max(...summary.quarantined.map((one) => one.raw.length))).toBeLessThanOrEqual(2_000);
  });
});

describe('whatever the bytes are', () => {
  test('a bill with bytes changed, cut or doubled ends in words of the catalogue or in a reading that adds up', () => {
    const bytes = Buffer.from(billOf([PAYMENT, REFUNDED, PAYMENT, REFUNDED]));
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255), cut: fc.nat(30) });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
        (changes, size) => {
          let spoilt = Buffer.from(bytes);
          for (const { at, to, cut } of changes) {
            const place = at % spoilt.length;
            spoilt[place] = to;
            spoilt = Buffer.concat([
              spoilt.subarray(0, place),
              spoilt.subarray(Math.min(spoilt.length, place + cut)),
            ]);
            if (spoilt.length === 0) spoilt = Buffer.from('x');
          }
          try {
            const { lines, summary } = read(spoilt, [size]);
            expect(lines.length + summary.quarantinedCount).toBe(summary.lines);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('random bytes are refused in words of the catalogue', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(codeOf(Buffer.from(bytes))).toMatch(/^statement_/);
      }),
    );
  });
});
