/** What is live for a day of an account: one delivery at a time, each taking the place of the one before. */
import { invariant } from '../domain/errors.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';
import type { StatementFile, StatementFileRow } from './statements-files.ts';
import { STATEMENT_FILE_COLUMNS, toStatementFile } from './statements-files.ts';

export interface StatementDay {
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly billDate: string;
}

/** One delivery of a day at a time; returns what is live for it. */
export async function lockDay(tx: Tx, day: StatementDay): Promise<StatementFile[]> {
  const { accountId, kind, billDate } = day;
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
    `yuanlu/statement/${accountId}/${kind}/${billDate}`,
  ]);
  const { rows } = await tx.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where account_id = $1 and kind = $2 and bill_date = $3 and status in ('loaded', 'empty')`,
    [accountId, kind, billDate],
  );
  return rows.map(toStatementFile);
}

/** Takes the delivery before out of use and says which number the next one has. */
export async function supersede(
  tx: Tx,
  day: StatementDay & { readonly part: string; readonly now: Date },
  before: StatementFile | undefined,
): Promise<number> {
  if (before !== undefined) {
    await tx.query(
      `update yuanlu.statement_files set status = 'superseded', superseded_at = $2 where id = $1`,
      [before.id, day.now],
    );
  }
  const { rows } = await tx.query<{ next: number }>(
    `select coalesce(max(revision), 0) + 1 as next from yuanlu.statement_files
      where account_id = $1 and kind = $2 and bill_date = $3 and part = $4`,
    [day.accountId, day.kind, day.billDate, day.part],
  );
  return rows[0]?.next ?? 1;
}

/**
 * Records that nothing happened on a day: final, so that no gap is suspected. A day that has lines is left as it is.
 */
export async function recordEmptyStatement(
  ingest: Pool,
  day: StatementDay & { readonly now: Date },
): Promise<{ fileId: string; outcome: 'recorded' | 'same' }> {
  return inTransaction(ingest, async (tx) => {
    const [live] = await lockDay(tx, day);
    if (live !== undefined) return { fileId: live.id, outcome: 'same' };
    const { rows } = await tx.query<{ id: bigint }>(
      `insert into yuanlu.statement_files (account_id, kind, bill_date, revision, status, received_at, matched_at)
       values ($1, $2, $3, 1, 'empty', $4, $4) returning id`,
      [day.accountId, day.kind, day.billDate, day.now],
    );
    invariant(rows[0] !== undefined, 'an inserted statement has an id');
    return { fileId: String(rows[0].id), outcome: 'recorded' };
  });
}
