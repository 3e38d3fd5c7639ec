/** The statement lines of one refund are found from that refund, however many others there are. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../store/pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

test.each([
  ['matched_line_evidence', 'refund_id'],
  ['refund_status', 'id'],
])('%s asks for the lines of the one refund that is asked about', async (view, key) => {
  const plan = await inTransaction(db.pool, async (tx) => {
    // On an empty table reading all of it would be as good; the question is whether the other way is there.
    await tx.query('set local enable_seqscan = off');
    await tx.query('set local enable_bitmapscan = off');
    const { rows } = await tx.query<{ 'QUERY PLAN': string }>(
      `explain select * from ${view} where ${key} = 1`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });

  expect(plan).toMatch(/Index Scan using refunds_pkey on refunds r\b.*\n\s*Index Cond: \(id = /);
});
