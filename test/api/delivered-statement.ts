/** A statement file in the books, as a refused delivery leaves it. */
import type { TestDatabase } from '../support/database.ts';
import { NOW } from './api-under-test.ts';

/** @returns its id */
export async function deliveredStatement(
  database: TestDatabase,
  accountId: string,
  billDate: string,
): Promise<string> {
  const { rows } = await database.owner.query<{ id: string }>(
    `insert into statement_files (account_id, kind, bill_date, revision, status, lines, refund_lines, quarantined,
       totals_declared, totals_computed, merchant_nos, refused_count, refusal_code, received_at, proves)
     values ($1, 'trade', $2, 0, 'refused', 3, 1, 1, '{"refund":"500"}', '{"refund":"499"}', '{}', 1, 'statement_totals_differ',
       $3, 'acceptance')
     returning id::text`,
    [accountId, billDate, NOW],
  );
  return rows[0]?.id ?? '';
}
