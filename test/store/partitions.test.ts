/** Tables of files that are attached while others read: whoever looks after it was told sees the rows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { matchMovements } from '../../store/flow-match.ts';
import { matchStatement } from '../../store/match.ts';
import { tellPartitions } from '../../store/partitions.ts';
import type { Pool, Tx } from '../../store/pool.ts';
import { createPool, inTransaction } from '../../store/pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { importPlain } from '../statements/bills.ts';
import { WORDS } from '../statements/flow-days.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT as BOOKS, minute, openAccounts } from './books.ts';

const ACCOUNT = 'wx-one';
const BILL_DATE = '2026-11-23';
const AT_ONCE = 3;
const FILES_EACH = 120;

let db: TestDatabase;
let owner: Pool;
beforeAll(async () => {
  db = await testDatabase();
  owner = createPool({ url: db.url, role: null, max: AT_ONCE, name: 'test-attaching' });
});
afterAll(async () => {
  await owner.end();
  await db.drop();
});

/** A table of matches with one row, in its place. */
async function attach(fileId: number): Promise<void> {
  const leaf = `yuanlu.matches_f${String(fileId)}`;
  await inTransaction(owner, async (tx) => {
    await tx.query(`create table ${leaf} (like yuanlu.matches including constraints)`);
    await tx.query(
      `insert into ${leaf} (file_id, account_id, bill_date, refund_id, amount_minor, occurred_at, line_no, pass, amount_agrees)
       values ($1, $2, $3, 1, 1, now(), 1, 1, true)`,
      [fileId, ACCOUNT, BILL_DATE],
    );
    await tx.query('select yuanlu.attach_match_table($1, $2, $3)', [fileId, ACCOUNT, BILL_DATE]);
  });
}

async function isSeen(reader: Tx, fileId: number): Promise<boolean> {
  const { rows } = await reader.query(
    'select from yuanlu.matches where account_id = $1 and bill_date = $2 and file_id = $3',
    [ACCOUNT, BILL_DATE, fileId],
  );
  return rows.length === 1;
}

/** Looks for each of the files as soon as it is told of, until there are no more; answers which were not seen. */
async function lookForEach(told: readonly number[], isOver: () => boolean): Promise<number[]> {
  const reader = await db.pool.connect();
  const unseen: number[] = [];
  try {
    for (let next = 0; next < told.length || !isOver(); ) {
      const fileId = told[next] ?? 0;
      const seen = await isSeen(reader, fileId);
      if (fileId === 0) continue;
      if (!seen) unseen.push(fileId);
      next += 1;
    }
  } finally {
    reader.release();
  }
  return unseen;
}

test('a table of a file that was told of is seen at the first look after that, by whoever was reading when it was attached', async () => {
  const told: number[] = [];
  const state = { over: false };
  const looking = Array.from({ length: AT_ONCE }, () => lookForEach(told, () => state.over));
  const attaching = Array.from({ length: AT_ONCE }, async (_, at) => {
    for (let nth = 0; nth < FILES_EACH; nth += 1) {
      const fileId = 1 + at + nth * AT_ONCE;
      await attach(fileId);
      await tellPartitions(db.ingest, 'matches', { accountId: ACCOUNT, billDate: BILL_DATE });
      told.push(fileId);
    }
  });
  await Promise.all(attaching).finally(() => {
    state.over = true;
  });
  // Untold, some ten looks of a thousand see nothing. A process that lost its processor for longer than it is waited for may still be one.
  expect((await Promise.all(looking)).flat().length).toBeLessThanOrEqual(1);
});

test('matching tells of the lines and of the matches of a statement, comparing of the movements of its day', async () => {
  await openAccounts(db.pool);
  const { fileId } = await importPlain(db, { billDate: BILL_DATE });
  const told: unknown[] = [];
  const query = {
    value: (text: string, values: unknown[]) => {
      told.push(values);
      return db.ingest.query(text, values);
    },
  };
  const heard = Object.create(db.ingest, { query }) as Pool;

  await matchStatement(heard, fileId, { now: minute(70) });
  await matchMovements(heard, {
    accountId: BOOKS,
    billDate: BILL_DATE,
    words: WORDS,
    kinds: ['trade'],
    numberWithin: 'account',
    now: minute(71),
  });

  expect(told).toEqual(
    ['statement_lines', 'matches', 'movement_matches'].map((parent) => [parent, BOOKS, BILL_DATE]),
  );
});

test('telling of partitions takes the name of no other table', async () => {
  await expect(
    db.ingest.query(`select yuanlu.tell_partitions('refunds', 'wx-one', '2026-11-23')`),
  ).rejects.toThrow('refunds has no partitions of files');
});
