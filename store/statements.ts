/**
 * Statement files: imported whole or not at all. The lines of a file go into a table of its own in one transaction;
 * hash, owner, day and totals are checked before it commits. The same bytes again change nothing; other bytes for the
 * same day are a new revision, and the one before stays, superseded.
 */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import type { StatementKind, StatementReader, StatementSummary } from '../domain/statement/statement.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { asAppError } from './pool.ts';
import { checkLoaded, totalsJson } from './statements-check.ts';
import { diffStatements } from './statements-diff.ts';
import { keepQuarantined, recordRefusal } from './statements-aside.ts';
import { lockDay, supersede } from './statements-day.ts';
import type { StatementFile, StatementFileRow } from './statements-files.ts';
import { STATEMENT_FILE_COLUMNS, summaryOf, toStatementFile } from './statements-files.ts';
import type { Loaded, Progress } from './statements-load.ts';
import { BytesSeen, loadLines } from './statements-load.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';

export { recordEmptyStatement } from './statements-day.ts';
export { getStatementFile } from './statements-files.ts';

export interface ImportOptions {
  readonly accountId: string;
  /** null takes the kind that the content shows. */
  readonly kind: StatementKind | null;
  /** yyyy-mm-dd, Beijing; null takes the day of the first line. */
  readonly billDate: string | null;
  /** Names one of several files of a day that are all live together; left out where a day is one file. */
  readonly part?: string;
  /** The unpacked bytes. */
  readonly source: AsyncIterable<Buffer>;
  readonly reader: StatementReader;
  /** Where the packed file is kept. */
  readonly uri: string | null;
  readonly expectHash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
  readonly expectMerchantNo: string | null;
  /** What a line of the channel's trade statement proves about a refund; left out, the least: that it was accepted. */
  readonly proves?: StatementLineSeen['proves'];
  readonly now: Date;
  /** Called at most every 250 ms. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface ImportResult {
  readonly fileId: string;
  /** `same`: these very bytes are already live for this day; nothing was written. */
  readonly outcome: 'loaded' | 'same';
  readonly revision: number;
  readonly billDate: string;
  /** When the file was matched; null where that is still to be done. */
  readonly matchedAt: Date | null;
  readonly summary: StatementSummary;
  readonly sha256: string;
}

interface Digests {
  readonly sha256: string;
  readonly sha1: string | null;
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
  const tx = await ingest.connect().catch((error: unknown) => {
    throw asAppError(error);
  });
  // A connection that dies here reports to its holder; unheard, that would end the process. The query fails as well.
  const heard = (): void => undefined;
  tx.on('error', heard);
  let fault: unknown;
  try {
    await tx.query('begin');
    const result = await importInto(tx, options, seen);
    await tx.query(result.outcome === 'loaded' ? 'commit' : 'rollback');
    return result;
  } catch (error) {
    fault = asAppError(error);
    await tx.query('rollback').catch(() => undefined);
  } finally {
    tx.off('error', heard);
    // A connection whose COPY was cut short is not worth keeping.
    tx.release(fault !== undefined);
  }
  await recordRefusal(ingest, options, fault, seen);
  throw fault;
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
  const digests = seen.digests();
  checkLoaded(options, loaded, digests);

  const { summary, billDate } = loaded;
  const live = await lockDay(tx, { ...options, kind: summary.kind, billDate });
  const same = live.find((file) => file.sha256 === digests.sha256);
  if (same !== undefined) return { ...sameResult(same), summary };
  const revision = await keep(tx, options, loaded, { digests, seen, live });
  return {
    fileId: loaded.fileId,
    outcome: 'loaded',
    revision,
    billDate,
    matchedAt: null,
    summary,
    sha256: digests.sha256,
  };
}

/** Gives the table of lines its place among the others, and the file its row. */
async function keep(
  tx: Tx,
  options: ImportOptions,
  loaded: Loaded,
  known: { readonly digests: Digests; readonly seen: BytesSeen; readonly live: readonly StatementFile[] },
): Promise<number> {
  const { summary, billDate, fileId } = loaded;
  const part = options.part ?? '';
  const before = known.live.find((file) => file.part === part);
  const revision = await supersede(tx, { ...options, part, kind: summary.kind, billDate }, before);
  await tx.query('select yuanlu.attach_line_table($1, $2, $3)', [fileId, options.accountId, billDate]);
  const diff =
    before?.status === 'loaded'
      ? await diffStatements(
          tx,
          { accountId: options.accountId, billDate },
          { before: before.id, after: fileId },
        )
      : null;
  await tx.query(
    `insert into yuanlu.statement_files (id, account_id, kind, bill_date, part, revision, status, sha256, sha1,
       size_bytes, uri, variant, currency, lines, refund_lines, quarantined, totals_declared, totals_computed,
       merchant_nos, first_date, last_date, detail, supersedes, received_at, proves)
     overriding system value
     values ($1, $2, $3, $4, $5, $6, 'loaded', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
       $21, $22, $23, $24)`,
    [
      fileId,
      options.accountId,
      summary.kind,
      billDate,
      part,
      revision,
      known.digests.sha256,
      known.digests.sha1,
      known.seen.bytes,
      options.uri,
      summary.variant,
      summary.currency,
      summary.lines,
      summary.refundLines,
      summary.quarantinedCount,
      totalsJson(summary.totals.declared),
      totalsJson(summary.totals.computed),
      summary.merchantNos,
      summary.firstDate,
      summary.lastDate,
      detailOf(summary, diff),
      before?.id ?? null,
      options.now,
      options.proves ?? 'acceptance',
    ],
  );
  await keepQuarantined(tx, fileId, summary);
  return revision;
}

function detailOf({ remarks = [] }: StatementSummary, diff: object | null): object {
  return { ...(diff === null ? {} : { diff }), ...(remarks.length === 0 ? {} : { remarks }) };
}

/** The channel's hash is known before the download is read: a file that is live already need not be read again. */
async function findAnnounced(db: Db, options: ImportOptions): Promise<StatementFile | null> {
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

async function sameAs(db: Db, file: StatementFile): Promise<ImportResult> {
  return { ...sameResult(file), summary: await summaryOf(db, file) };
}

function sameResult(file: StatementFile): Omit<ImportResult, 'summary'> {
  const { id: fileId, revision, billDate, matchedAt, sha256 } = file;
  return { fileId, outcome: 'same', revision, billDate, matchedAt, sha256: sha256 ?? '' };
}
