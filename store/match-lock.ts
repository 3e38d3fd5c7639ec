/** One match or sweep of an account at a time: what one of them judges, no other may be changing. */
import { AppError } from '../domain/errors.ts';
import type { Db, Tx } from './pool.ts';
import type { StatementFile, StatementFileRow } from './statements-files.ts';
import { STATEMENT_FILE_COLUMNS, toStatementFile } from './statements-files.ts';

/** Waits for its turn with the account; it ends with the transaction. */
export async function lockAccount(tx: Db, accountId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`yuanlu/match/${accountId}`]);
}

/**
 * The file, and until the end of the transaction nobody else matches or sweeps its account.
 * @throws AppError `statement_unknown` when no such file was loaded
 */
export async function lockFile(tx: Tx, fileId: string): Promise<StatementFile> {
  const select = `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files where id = $1 and status <> 'refused'`;
  const found = /^[0-9]{1,18}$/.test(fileId) ? await tx.query<StatementFileRow>(select, [fileId]) : null;
  if (found?.rows[0] === undefined) throw new AppError('statement_unknown', { file_id: fileId });
  const { accountId } = toStatementFile(found.rows[0]);
  await lockAccount(tx, accountId);
  // Read again under the locks: another run or a newer delivery may have been faster.
  const { rows } = await tx.query<StatementFileRow>(`${select} for update`, [fileId]);
  if (rows[0] === undefined) throw new AppError('statement_unknown', { file_id: fileId });
  return toStatementFile(rows[0]);
}
