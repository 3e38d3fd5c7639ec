/** Statements that are matched at the same moment, of one account or of several, each see their own lines. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { matchStatement } from '../../store/match.ts';
import { minute, openAccounts } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { DAY, DAY_AFTER, importPlain, lineOf, shortFates, taken } from './bills.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const SIZE = 12;

async function takenOften(): Promise<Refund[]> {
  const refunds: Refund[] = [];
  for (let one = 0; one < SIZE; one += 1) refunds.push(await taken(db, 100n));
  return refunds;
}

test('F98 I11 I22 two statements of the same size, matched at once and again at once, have each its own lines', async () => {
  const days = [
    { billDate: DAY, refunds: await takenOften() },
    { billDate: DAY_AFTER, refunds: await takenOften() },
  ];
  const files: string[] = [];
  for (const { billDate, refunds } of days) {
    const lines = refunds.map((refund) => lineOf(refund, { at: `${billDate} 12:00:00` }));
    files.push((await importPlain(db, { billDate, lines })).fileId);
  }

  for (const round of [1, 2]) {
    const results = await Promise.all(
      files.map((fileId) => matchStatement(db.ingest, fileId, { now: minute(60 + round) })),
    );

    for (const result of results) expect(result).toMatchObject({ refundNo: SIZE });
    for (const [index, fileId] of files.entries()) {
      const own = days[index]?.refunds.map(({ refundNo }) => `${refundNo}@1`);
      expect((await shortFates(db, fileId)).toSorted()).toEqual(own?.toSorted());
    }
  }
});
