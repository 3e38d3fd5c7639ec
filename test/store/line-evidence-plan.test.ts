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

test('the question for the lines of one refund is never planned for that refund alone', async () => {
  // With few statements either way is taken; with hundreds, planning anew for each refund costs more than the answer.
  const { rows } = await db.owner.query<{ settings: readonly string[] }>(
    `select proconfig as settings from pg_proc where proname = 'live_matches_of'`,
  );

  expect(rows.map(({ settings }) => settings)).toEqual([
    expect.arrayContaining(['plan_cache_mode=force_generic_plan']),
  ]);
});
