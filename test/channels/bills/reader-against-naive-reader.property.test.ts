/** The byte splitter says of any bill what a few lines of string handling say of it. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { AppError } from '../../../domain/errors.ts';
import type { Reading } from '../statement-reading.ts';
import { readAll } from '../statement-reading.ts';
import { pieceSizes, someBill } from './any-bill.ts';
import type { SomeBill } from './any-bill.ts';
import { scaled } from './composed-bills.ts';
import type { NaiveReading } from './naive-reader.ts';
import { readNaively } from './naive-reader.ts';

/** Null for a bill of which several rows, and not one good one, could be read: that one is refused as a whole. */
function read(bill: string, sizes?: readonly number[]): Reading | null {
  const naive = readNaively(bill);
  const isNothingElse = naive.rows > 1 && naive.setAside.length === naive.rows;
  try {
    return readAll(wechatBillReader(), Buffer.from(bill), sizes);
  } catch (error) {
    if (isNothingElse && error instanceof AppError && error.code === 'statement_unrecognised') return null;
    throw error;
  }
}

function expectSame(reading: Reading, naive: NaiveReading): void {
  expect(reading.lines).toEqual(naive.lines);
  expect(reading.summary).toMatchObject({
    lines: naive.rows,
    refundLines: naive.lines.filter((line) => line.line_type === 'refund').length,
    quarantinedCount: naive.setAside.length,
    merchantNos: naive.merchants,
    firstDate: naive.dates[0] ?? null,
    lastDate: naive.dates.at(-1) ?? null,
  });
  expect(reading.summary.quarantined.map((one) => one.lineNo)).toEqual(naive.setAside);
}

describe('the reader and the naive reader', () => {
  test('say the same lines, rows set aside, dates and merchants of any bill, however it is cut', () => {
    fc.assert(
      fc.property(someBill, pieceSizes, ({ text }, sizes) => {
        const reading = read(text, sizes);

        if (reading !== null) expectSame(reading, readNaively(text));
      }),
      { numRuns: 500 },
    );
  });

  test('say the same of bills that have lost a cell, gained one or lost a backtick', () => {
    const damage = fc.constantFrom<((row: string) => string)[]>(
      (row) => row.slice(0, row.lastIndexOf(',`')),
      (row) => `${row},\`more`,
      (row) => row.replace(',`', ','),
      (row) => row.replace(',`', '`'),
    );
    fc.assert(
      fc.property(someBill, damage, fc.nat(5), (bill, spoil, turn) => {
        const text = spoiltRow(bill, spoil, turn);
        const reading = read(text);

        if (reading !== null) expectSame(reading, readNaively(text));
      }),
      { numRuns: 300 },
    );
  });

  test('declare what the summary prints, figure by figure', () => {
    fc.assert(
      fc.property(someBill, ({ text, layout }) => {
        const reading = read(text);
        if (reading === null) return;

        const { figures } = readNaively(text);
        const fees = figures['手续费总金额'];
        const { declared } = reading.summary.totals;
        const count = figures['总交易单数'] ?? figures['资金流水总笔数'] ?? '';
        expect(declared[layout === 'FUND_FLOW' ? 'movements' : 'orders']).toBe(
          BigInt(Number.parseInt(count, 10)),
        );
        if (fees !== undefined) expect(declared['fee_e5']).toBe(scaled(fees, 5));
        if (layout === 'FUND_FLOW') expect(declared['out_minor']).toBe(scaled(figures['支出金额'] ?? '', 2));
        else
          expect(declared['settlement_minor']).toBe(
            scaled(figures['应结订单总金额'] ?? figures['总交易额'] ?? '', 2),
          );
        expect(Object.keys(declared)).toHaveLength(Object.keys(figures).length);
      }),
      { numRuns: 200 },
    );
  });

  test('I8: totals made from the rows agree, whatever was set aside', () => {
    fc.assert(
      fc.property(someBill, ({ text }) => {
        const reading = read(text);

        if (reading !== null) expect(reading.summary.totals.agree).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** One row of the bill changed, where it has rows. */
function spoiltRow({ parts, text }: SomeBill, spoil: (row: string) => string, turn: number): string {
  const { rows, eol = '\r\n' } = parts;
  if (rows.length === 0) return text;
  const at = 1 + (turn % rows.length);
  return text
    .split(eol)
    .map((line, index) => (index === at ? spoil(line) : line))
    .join(eol);
}

const vectors = process.env['YUANLU_VECTORS'];
if (vectors !== undefined) {
  test('the published bill says the same to both', () => {
    const bill = readFileSync(join(vectors, 'bills/wechat-trade-ALL.csv'), 'utf8');

    const reading = read(bill, [7, 1_000, 13]);

    if (reading === null) throw new Error('the published bill is refused');
    expectSame(reading, readNaively(bill));
    expect(reading.lines).toHaveLength(45);
  });
}
