/**
 * Statement files: imported whole or not at all. The lines of a file go into a table of its own in one transaction;
 * hash, owner, day and totals are checked before it commits. The same bytes again change nothing; other bytes for the
 * same day are a new revision, and the one before stays, superseded.
 */
import type { StatementReader } from '../domain/statement/statement.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { recordRefusal } from './statements-aside.ts';
import type { StatementFile, StatementFileRow } from './statements-files.ts';
import { STATEMENT_FILE_COLUMNS, toStatementFile } from './statements-files.ts';
import type { Delivery, ImportResult } from './statements-finish.ts';
import { finishImport, sameAs } from './statements-finish.ts';
import type { Progress } from './statements-load.ts';
import { BytesSeen, loadLines } from './statements-load.ts';
import { copyTransaction } from './statements-transaction.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';

export { recordEmptyStatement } from './statements-day.ts';
export { getStatementFile } from './statements-files.ts';
export type { ImportResult } from './statements-finish.ts';

export interface ImportOptions extends Delivery {
  /** The unpacked bytes. */
  readonly source: AsyncIterable<Buffer>;
  readonly reader: StatementReader;
  /** Called at most every 250 ms. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Imports one statement.
 * @throws AppError any `statement_…` code of the reader and of the checks; then no line is kept, and a row of
 *   statement_files with status `refused` says why. Faults of the database or of the source are passed on unrecorded.
 */
export async function importStatement(ingest: Pool, options: ImportOptions): Promise<ImportResult> {
  const announced = await findAnnounced(ingest, options);
  if (announced !== null) return sameAs(ingest, announced);

  const seen = new BytesSeen(options.expectHash?.algorithm === 'sha1');
  try {
    return await copyTransaction(ingest, async (tx) => {
      const result = await importInto(tx, options, seen);
      return { result, isKept: result.outcome === 'loaded' };
    });
  } catch (fault) {
    await recordRefusal(ingest, options, fault, seen);
    throw fault;
  }
}

async function importInto(tx: Tx, options: ImportOptions, seen: BytesSeen): Promise<ImportResult> {
  const loaded = await loadLines(
    tx,
    {
      accountId: options.accountId,
      billDate: options.billDate,
      fallbackDate: beijingDateOf(options.now),
      source: options.source,
      reader: options.reader,
      sha1: options.expectHash?.algorithm === 'sha1',
      onProgress: options.onProgress,
      signal: options.signal,
    },
    seen,
  );
  return finishImport(tx, options, loaded, { bytes: seen.bytes, ...seen.digests() });
}

/** The channel's hash is known before the download is read: a file that is live already need not be read again. */
export async function findAnnounced(
  db: Db,
  options: Pick<Delivery, 'accountId' | 'kind' | 'billDate' | 'expectHash'>,
): Promise<StatementFile | null> {
  if (options.expectHash === null || options.billDate === null) return null;
  const column = options.expectHash.algorithm === 'sha1' ? 'sha1' : 'sha256';
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and status = 'loaded' and ${column} = $3
        and ($4::text is null or kind = $4)`,
    [options.accountId, options.billDate, options.expectHash.hex.toLowerCase(), options.kind],
  );
  return rows[0] === undefined ? null : toStatementFile(rows[0]);
}
