/** The exports' CSV: read back as written by any reader, and nothing in it computed, run or rounded by a spreadsheet. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOM, csvLine, figure, serial, text } from '../../cli/reconcile/csv.ts';

/** The one cell of a line, as a program reads it. */
function readBack(line: string): string {
  const rows: string[][] = parse(line);
  return rows[0]?.[0] ?? '';
}

describe('a line of CSV', () => {
  test('ends with CR LF, has commas between its cells and nothing for nothing', () => {
    expect(csvLine([text('a'), text(null), figure(null), serial(null), figure(-5n), text('')])).toBe(
      'a,,,,-5,\r\n',
    );
  });

  test.each([
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['two\nlines', '"two\nlines"'],
    [' blanks ', '" blanks "'],
    ['退款，一笔', '退款，一笔'],
  ])('quotes %j as RFC 4180 says, and only where it must', (value, written) => {
    expect(csvLine([text(value)])).toBe(`${written}\r\n`);
  });

  test('is read back by a CSV reader as it was, whatever the text', () => {
    const harmless = fc
      .string({ unit: 'grapheme' })
      .filter((value) => !/^[=+\-@\t\r\n\0＝＋－＠]/.test(value));

    fc.assert(
      fc.property(harmless, (value) => {
        expect(readBack(csvLine([text(value), text('end')]))).toBe(value);
      }),
    );
  });

  test('begins a file with a mark by which spreadsheets know UTF-8', () => {
    expect([...Buffer.from(BOM)]).toEqual([0xef, 0xbb, 0xbf]);
  });
});

describe('a text that a spreadsheet would take for a formula', () => {
  test.each([
    '=HYPERLINK("http://evil.example","click")',
    '+1+1',
    "-2+3+cmd|' /C calc'!A0",
    '@SUM(1+1)',
    '\t=1+1',
    '\r=1+1',
    '\n=1+1',
    '\0=1+1',
    '＝1+1',
    '＋1',
    '－1',
    '＠SUM(1)',
  ])('F91: %j has an apostrophe in front of it', (value) => {
    expect(readBack(csvLine([text(value)]))).toBe(`'${value}`);
    expect(readBack(csvLine([serial(value)]))).toBe(`'${value}`);
  });

  test('never begins a cell with one of its letters, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        for (const cell of [text(value), serial(value)])
          expect(readBack(csvLine([cell, text('end')]))).not.toMatch(/^[=+\-@\t\r\n\0]/);
      }),
    );
  });

  test('is no figure: a negative amount stays a number', () => {
    expect(csvLine([figure(-1_234n), figure('-12.34')])).toBe('-1234,-12.34\r\n');
  });
});

describe('a serial that a spreadsheet would round or turn into a date', () => {
  test.each([
    '50000709672019011908420787722',
    '0012',
    '12',
    '1E5',
    '2026-11-20',
    '1-2',
    '3/4',
    '10:20',
    'SEP1',
    'mar-03',
    '1-Dec',
    'JUNE2026',
  ])('%s ends in a tab, which keeps it text', (value) => {
    expect(readBack(csvLine([serial(value)]))).toBe(`${value}\t`);
  });

  test.each(['REF4200000263201902167700963919', 'R1', 'RF-2026-11-20', 'MARKET1', '4200ab', 'A_1|2'])(
    '%s is none of these and stays bare',
    (value) => {
      expect(csvLine([serial(value)])).toBe(`${value}\r\n`);
    },
  );

  test('is the same again once blanks around it are taken off', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Za-z_|*][0-9A-Za-z_\-|*@]{0,63}$/), (value) => {
        expect(readBack(csvLine([serial(value)])).trim()).toBe(value);
      }),
    );
  });
});
