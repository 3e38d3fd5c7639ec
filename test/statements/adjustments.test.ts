/**
 * Corrections of earlier lines (a payer's bank gives a refund back, a chargeback): each that names one of our refunds is put
 * before a person, and none of them changes what matching says of the lines themselves.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noteAdjustments } from '../../store/match-adjustments.ts';
import { matchStatement } from '../../store/match.ts';
import { listBreaks } from '../../store/breaks.ts';
import { observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { minute, openAccounts, said } from '../store/books.ts';
import { DAY, DAY_AFTER, bring, lineOf, shortFates, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

/** The books cannot be emptied of refunds: each story has a trace number of its own. */
let trace = 100_000;
/** The channel's number with the story's trace inside, and as a correction names it. */
const numberOf = (begin = '05', end = '8'): string => `${begin}251124120000${String(trace)}${end}`;
const named = (): string => numberOf('__', '_');

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  trace += 1;
  await openAccounts(db.pool);
});

const adjustment = (o: Partial<PlainLine> = {}): PlainLine => ({
  at: `${DAY_AFTER} 09:30:00`,
  type: 'adjustment:in',
  channelRefundNo: named(),
  amount: 500,
  ...o,
});

async function succeeded(amountMinor: bigint, channelRefundNo: string): Promise<Refund> {
  const refund = await taken(db, amountMinor, { channelRefundNo });
  return observe(db.pool, refund.id, [said('success', 5, { channelRefundNo })]);
}

async function bringNext(lines: readonly PlainLine[], now = minute(60)): Promise<string> {
  const { fileId } = await bring(db, { lines, billDate: DAY_AFTER }, { now });
  await noteAdjustments(db.ingest, { fileId, now });
  return fileId;
}

async function openBreaks(): Promise<unknown[]> {
  const { breaks } = await listBreaks(db.pool, { status: 'open', limit: 20 });
  return breaks.map(({ kind, refundNo, line, amountMinor, expectedMinor }) => [
    kind,
    refundNo,
    line?.lineNo,
    amountMinor,
    expectedMinor,
  ]);
}

describe('F66 a correction that names a refund by part of the channel’s number', () => {
  test('and gives the money back is a returned refund, put before a person with both sides', async () => {
    const refund = await succeeded(500n, numberOf());
    await bring(db, { lines: [lineOf(refund)] });
    await bringNext([adjustment()]);

    expect(await openBreaks()).toEqual([['returned', refund.refundNo, 2, 500n, 500n]]);
  });

  test('changes no state by itself: what it means is for a person to say', async () => {
    const refund = await succeeded(500n, numberOf());
    await bring(db, { lines: [lineOf(refund)] });
    await bringNext([adjustment()]);

    expect((await getRefundById(db.pool, refund.id))?.state).toBe('settled');
  });

  test('and takes money from the merchant contradicts what happened', async () => {
    const refund = await succeeded(500n, numberOf());
    await bringNext([adjustment({ type: 'adjustment:out' })]);

    expect(await openBreaks()).toEqual([['state_conflict', refund.refundNo, 2, 500n, 500n]]);
  });

  test('is not guessed where two refunds fit', async () => {
    await succeeded(500n, numberOf());
    await succeeded(700n, numberOf('99', '1'));
    await bringNext([adjustment()]);

    expect(await openBreaks()).toEqual([['ambiguous', null, 2, 500n, null]]);
  });

  test('of a refund or a payment that is not ours stays a line and no more', async () => {
    await succeeded(500n, numberOf());
    trace += 1;
    const fileId = await bringNext([adjustment()]);

    expect(await openBreaks()).toEqual([]);
    const { rows } = await db.owner.query('select line_type from statement_lines where file_id = $1', [
      fileId,
    ]);
    expect(rows).toEqual([{ line_type: 'adjustment' }]);
  });
});

describe('F72 I11 such a break', () => {
  test('is opened once, however often the statement is matched', async () => {
    const refund = await succeeded(500n, numberOf());
    const fileId = await bringNext([adjustment(), lineOf(refund, { at: `${DAY_AFTER} 12:00:00` })]);
    for (const again of [70, 80]) {
      await matchStatement(db.ingest, fileId, { now: minute(again) });
      await noteAdjustments(db.ingest, { fileId, now: minute(again) });
    }

    expect(await openBreaks()).toEqual([['returned', refund.refundNo, 2, 500n, 500n]]);
    expect((await listBreaks(db.pool, { limit: 20 })).breaks).toHaveLength(1);
    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
  });

  test('is no claim on the refund: lines of other days are matched as if it were not there', async () => {
    const refund = await succeeded(500n, numberOf());
    await bringNext([adjustment()]);
    const { fileId, result } = await bring(db, { lines: [lineOf(refund)], billDate: DAY });

    expect(await shortFates(db, fileId)).toEqual([`${refund.refundNo}@1`]);
    expect(result).toMatchObject({ refundNo: 1, breaks: { duplicate_line: 0, missing_in_books: 0 } });
    expect(await openBreaks()).toEqual([['returned', refund.refundNo, 2, 500n, 500n]]);
  });

  test('F46 ends with the file, when a newer delivery of the day no longer has the line', async () => {
    await succeeded(500n, numberOf());
    await bringNext([adjustment()]);
    await bringNext([adjustment({ channelRefundNo: '__991124120000786300_' })], minute(90));

    expect(await openBreaks()).toEqual([]);
    expect((await listBreaks(db.pool, { limit: 20 })).breaks).toMatchObject([
      { kind: 'returned', status: 'closed', closedReason: 'superseded' },
    ]);
  });
});
