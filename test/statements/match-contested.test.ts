/** I11: one line, one refund. What claims the same twice is a duplicate, what differs is named, nothing is dropped. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listBreaks } from '../../store/breaks.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { countOf, fresh, openAccounts, pay } from '../store/books.ts';
import { DAY, DAY_AFTER, DAY_BEFORE, bring, lineOf, newsOf, shortFates, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  await openAccounts(db.pool);
});

const fates = async (lines: readonly PlainLine[]) => {
  const { fileId, result } = await bring(db, { lines });
  return { short: await shortFates(db, fileId), fileId, result };
};

const stranger = (o: Partial<PlainLine> = {}): PlainLine => ({
  at: `${DAY} 12:00:00`,
  transactionId: fresh('TX'),
  channelRefundNo: fresh('59'),
  refundNo: fresh('X'),
  amount: 700,
  ...o,
});

describe('F47 a refund that several lines claim', () => {
  test('has the first of equal lines; each further one is kept as a duplicate of it', async () => {
    const refund = await taken(db, 500n);
    const { short, fileId, result } = await fates(Array.from({ length: 5 }, () => lineOf(refund)));
    expect(short).toEqual([`${refund.refundNo}@1`, ...Array<string>(4).fill('duplicate_line')]);
    expect(result).toMatchObject({ refundNo: 1, breaks: { duplicate_line: 4 } });
    const { breaks } = await listBreaks(db.pool, { fileId, limit: 10 });
    expect(breaks.map(({ line, detail }) => [line?.lineNo, detail])).toEqual(
      [3, 4, 5, 6].map((lineNo) => [lineNo, { of_file: fileId, of_line: 2 }]),
    );
    expect(await countOf(db, 'statement_lines where file_id = $1', [fileId])).toBe(5);
  });

  test('has the line with our number before one with only the channel’s', async () => {
    const refund = await taken(db, 500n);
    const { short } = await fates([lineOf(refund, { refundNo: '' }), lineOf(refund)]);
    expect(short).toEqual(['duplicate_line', `${refund.refundNo}@1`]);
  });

  test('has the line whose amount agrees before one of another amount', async () => {
    const refund = await taken(db, 500n);
    const { short } = await fates([lineOf(refund, { amount: 499 }), lineOf(refund)]);
    expect(short).toEqual(['duplicate_line', `${refund.refundNo}@1`]);
  });

  test.each([
    ['in order', [DAY, DAY_AFTER]],
    ['the later day first', [DAY_AFTER, DAY]],
  ])('has the line of the earlier day, also where its file was matched %s', async (_, days) => {
    const refund = await taken(db, 500n);
    const files = new Map<string, string>();
    for (const billDate of days) {
      const { fileId } = await bring(db, {
        billDate,
        lines: [lineOf(refund, { at: `${billDate} 12:00:00` })],
      });
      files.set(billDate, fileId);
    }
    expect(await shortFates(db, files.get(DAY) ?? '')).toEqual([`${refund.refundNo}@1`]);
    expect(await shortFates(db, files.get(DAY_AFTER) ?? '')).toEqual(['duplicate_line']);
    expect(await countOf(db, 'matches')).toBe(1);
  });

  test('where a number is a payment’s, a second line of that payment is a duplicate, whatever the best line so far leaves out', async () => {
    const refund = await taken(db, 500n);
    const at = (billDate: string, o: Partial<PlainLine>) =>
      bring(
        db,
        { billDate, lines: [lineOf(refund, { at: `${billDate} 12:00:00`, ...o })] },
        { numberWithin: 'payment' },
      );
    const foreign = { channelRefundNo: fresh('59') };
    const late = await at(DAY_AFTER, foreign);
    await at(DAY, { refundNo: '', transactionId: '' });
    expect(await shortFates(db, late.fileId)).toEqual(['number_differs']);

    await at(DAY_BEFORE, {});
    expect(await shortFates(db, late.fileId)).toEqual(['duplicate_line']);
  });

  test('where a number is a payment’s and nobody knows it, a line of another one is judged again when a better line comes', async () => {
    const payment = await pay(db.pool, 5_000n);
    const refund = await taken(db, 500n, { payment });
    const at = (billDate: string, transactionId: string, o: Partial<PlainLine> = {}) =>
      bring(
        db,
        { billDate, lines: [lineOf(refund, { at: `${billDate} 12:00:00`, transactionId, ...o })] },
        { numberWithin: 'payment' },
      );
    const [one, other] = [fresh('T'), fresh('T')];
    const last = await at(DAY_AFTER, one, { channelRefundNo: '' });
    const between = await at(DAY, other, { channelRefundNo: '' });
    expect(await shortFates(db, last.fileId)).toEqual(['missing_in_books']);

    await at(DAY_BEFORE, one);
    expect(await shortFates(db, last.fileId)).toEqual(['duplicate_line']);
    expect(await shortFates(db, between.fileId)).toEqual(['missing_in_books']);
  });
});

describe('F47 lines that nobody knows', () => {
  test('printed twice are one stranger and its duplicate', async () => {
    const line = stranger();
    const { short } = await fates([line, line]);
    expect(short).toEqual(['missing_in_books', 'duplicate_line']);
  });

  test('without any number are never duplicates: five equal ones are five', async () => {
    const line = stranger({ refundNo: '', channelRefundNo: '', transactionId: '' });
    const { short } = await fates(Array.from({ length: 5 }, () => line));
    expect(short).toEqual(Array<string>(5).fill('missing_in_books'));
  });

  test('of one number and several amounts are several', async () => {
    const line = stranger();
    const { short } = await fates([line, { ...line, amount: 701 }]);
    expect(short).toEqual(['missing_in_books', 'missing_in_books']);
  });

  test('F69 are named as the statement names them, with all that it says', async () => {
    const line = stranger();
    const { fileId } = await fates([line]);
    const { breaks } = await listBreaks(db.pool, { fileId, limit: 10 });
    expect(breaks).toMatchObject([
      {
        kind: 'missing_in_books',
        line: { fileId, lineNo: 2, billDate: DAY },
        refundId: null,
        refundNo: line.refundNo,
        channelRefundNo: line.channelRefundNo,
        transactionId: line.transactionId,
        amountMinor: 700n,
        expectedMinor: null,
        currency: 'CNY',
        occurredAt: new Date('2026-11-24T04:00:00Z'),
        status: 'open',
      },
    ]);
  });
});

describe('F63 a line of another amount', () => {
  test.each([499, 501, 0])('(%i for 500) is matched and named with both amounts', async (amount) => {
    const refund = await taken(db, 500n);
    const { short, fileId, result } = await fates([lineOf(refund, { amount })]);
    expect(short).toEqual([`${refund.refundNo}@1+amount_differs`]);
    expect(result).toMatchObject({ refundNo: 0, breaks: { amount_differs: 1 } });
    expect(result.decisive).toEqual({ fileId, refunds: 1 });
    expect(await newsOf(db, fileId)).toEqual([refund.refundNo]);
    const { breaks } = await listBreaks(db.pool, { fileId, limit: 10 });
    expect(breaks).toMatchObject([
      { refundId: refund.id, refundNo: refund.refundNo, amountMinor: BigInt(amount), expectedMinor: 500n },
    ]);
  });
});

test('I8 every refund line of a mixed file is counted once, and the counts are those of the database', async () => {
  const [named, byChannel, byAmount, differs] = [
    await taken(db, 100n),
    await taken(db, 200n),
    await taken(db, 300n),
    await taken(db, 400n),
  ];
  const lines = [
    lineOf(named),
    lineOf(named),
    lineOf(byChannel, { refundNo: '' }),
    lineOf(byAmount, { refundNo: '', channelRefundNo: '' }),
    lineOf(differs, { amount: 1 }),
    stranger(),
    lineOf(named, { type: 'payment' }),
  ];

  const { result, fileId } = await fates(lines);

  const { breaks, ...passes } = result;
  expect(passes).toMatchObject({ refundNo: 1, channelRefundNo: 1, transactionAmount: 1 });
  expect(Object.entries(breaks).filter(([, count]) => count > 0)).toEqual([
    ['missing_in_books', 1],
    ['amount_differs', 1],
    ['duplicate_line', 1],
  ]);
  expect(await countOf(db, `breaks where file_id = $1 and status = 'open'`, [fileId])).toBe(3);
  expect(await countOf(db, 'matches where file_id = $1', [fileId])).toBe(4);
});
