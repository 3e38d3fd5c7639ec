/** The end of an import, whoever has read the lines: checked as a whole, given its place, and live in place of the one before. */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import { AppError } from '../domain/errors.ts';
import { isFundFlow } from '../domain/statement/statement.ts';
import type { StatementKind, StatementSummary } from '../domain/statement/statement.ts';
import type { Db, Tx } from './pool.ts';
import { keepQuarantined } from './statements-aside.ts';
import { checkLoaded, totalsJson } from './statements-check.ts';
import { lockDay, supersede } from './statements-day.ts';
import type { StatementDay } from './statements-day.ts';
import { diffStatements } from './statements-diff.ts';
import type { StatementFile } from './statements-files.ts';
import { summaryOf } from './statements-files.ts';
import type { Loaded } from './statements-load.ts';

/** A delivery of a statement, and what is expected of it. */
export interface Delivery {
  readonly accountId: string;
  /** null takes the kind that the content shows. */
  readonly kind: StatementKind | null;
  /** yyyy-mm-dd, Beijing; null takes the day of the first line. */
  readonly billDate: string | null;
  /** Names one of several files of a day that are all live together; left out where a day is one file. */
  readonly part?: string;
  /** Where the packed file is kept. */
  readonly uri: string | null;
  readonly expectHash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
  readonly expectMerchantNo: string | null;
  /** What a line of the channel's trade statement proves about a refund; left out, the least: that it was accepted. */
  readonly proves?: StatementLineSeen['proves'];
  readonly now: Date;
}

/** The unpacked bytes of a delivery: how many, and their hashes. */
export interface BytesRead {
  readonly bytes: number;
  readonly sha256: string;
  readonly sha1: string | null;
}

export interface ImportResult {
  readonly fileId: string;
  /** `same`: these very bytes are already live for this day; nothing was written. */
  readonly outcome: 'loaded' | 'same';
  readonly revision: number;
  readonly billDate: string;
  readonly summary: StatementSummary;
  readonly sha256: string;
}

/**
 * Takes a file whose lines are in a table of their own for a statement of its day, or finds that its very bytes are live already.
 * @throws AppError what {@link checkLoaded} throws
 */
export async function finishImport(
  tx: Tx,
  options: Delivery,
  loaded: Loaded,
  read: BytesRead,
): Promise<ImportResult> {
  checkLoaded(options, loaded, read);

  const { summary, billDate } = loaded;
  const day = { accountId: options.accountId, kind: options.kind ?? summary.kind, billDate };
  const live = await lockDay(tx, day);
  const same = live.find((file) => file.sha256 === read.sha256);
  if (same !== undefined) return { ...sameResult(same), summary };
  await assertOfNoOther(tx, day, read.sha256);
  const revision = await keep(tx, options, loaded, { day, read, live });
  return {
    fileId: loaded.fileId,
    outcome: 'loaded',
    revision,
    billDate,
    summary,
    sha256: read.sha256,
  };
}

/**
 * A fund-flow file does not say which fund account it is of, but what is live for one is not the file of another.
 * @throws AppError `statement_account_differs`
 */
async function assertOfNoOther(tx: Tx, day: StatementDay, sha256: string): Promise<void> {
  if (!isFundFlow(day.kind)) return;
  const { rows } = await tx.query<{ id: bigint; kind: StatementKind }>(
    `select id, kind from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and sha256 = $3 and status = 'loaded' and kind <> 'trade' and lines > 0`,
    [day.accountId, day.billDate, sha256],
  );
  const [other] = rows;
  if (other === undefined) return;
  const found = `the very file of statement ${String(other.id)}, ${other.kind}`;
  throw new AppError('statement_account_differs', { expected: day.kind, found });
}

/** Gives the table of lines its place among the others, and the file its row. */
async function keep(
  tx: Tx,
  options: Delivery,
  loaded: Loaded,
  known: {
    readonly day: StatementDay;
    readonly read: BytesRead;
    readonly live: readonly StatementFile[];
  },
): Promise<number> {
  const { summary, billDate, fileId } = loaded;
  const { kind } = known.day;
  const part = options.part ?? '';
  const before = known.live.find((file) => file.part === part);
  const revision = await supersede(tx, { ...options, part, kind, billDate }, before);
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
      kind,
      billDate,
      part,
      revision,
      known.read.sha256,
      known.read.sha1,
      known.read.bytes,
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

/** A file that is there already. */
export async function sameAs(db: Db, file: StatementFile): Promise<ImportResult> {
  return { ...sameResult(file), summary: await summaryOf(db, file) };
}

function sameResult(file: StatementFile): Omit<ImportResult, 'summary'> {
  const { id: fileId, revision, billDate, sha256 } = file;
  return { fileId, outcome: 'same', revision, billDate, sha256: sha256 ?? '' };
}
