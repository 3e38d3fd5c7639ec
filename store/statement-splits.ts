/** Statements that are being loaded in ranges: which they are, where their ranges lie, and how what is left of one is removed. */
import { invariant } from '../domain/errors.ts';
import type { FileHead, RangePlace } from '../domain/statement/ranges.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import type { FileStore } from './file-store.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';
import type { BytesRead } from './statements-finish.ts';

/** Who splits a delivery: a workflow by its id, and which run of it. */
export interface SplitOwner {
  readonly owner: string;
  readonly run: string;
}

export interface Split extends SplitOwner {
  /** Number of the statement file that it will be. */
  readonly fileId: string;
  readonly accountId: string;
  readonly kind: StatementKind;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  readonly uri: string;
  /** What was found when it was cut; null while it is not. */
  readonly cut: (BytesRead & { readonly head: FileHead }) | null;
}

export type NewSplit = Omit<Split, 'fileId' | 'cut'>;

interface SplitRow {
  readonly file_id: bigint;
  readonly owner: string;
  readonly run: string;
  readonly account_id: string;
  readonly kind: StatementKind;
  readonly bill_date: string;
  readonly uri: string;
  readonly state: 'open' | 'cut' | 'over';
  readonly head: FileHead | null;
  readonly sha256: string | null;
  readonly sha1: string | null;
  readonly size_bytes: bigint | null;
}

function toSplit(row: SplitRow): Split {
  const { head, sha256, sha1, size_bytes: bytes } = row;
  const isCut = row.state === 'cut' && head !== null && sha256 !== null && bytes !== null;
  return {
    fileId: String(row.file_id),
    owner: row.owner,
    run: row.run,
    accountId: row.account_id,
    kind: row.kind,
    billDate: row.bill_date,
    uri: row.uri,
    cut: isCut ? { head, sha256, sha1, bytes: Number(bytes) } : null,
  };
}

export async function getSplit(db: Db, fileId: string): Promise<Split | null> {
  const { rows } = await db.query<SplitRow>('select * from yuanlu.statement_splits where file_id = $1', [
    fileId,
  ]);
  return rows[0] === undefined ? null : toSplit(rows[0]);
}

/** What the workflow has under way, or was left of it by a run or a worker that is gone. */
export async function findSplit(db: Db, owner: string): Promise<Split | null> {
  const { rows } = await db.query<SplitRow>('select * from yuanlu.statement_splits where owner = $1', [
    owner,
  ]);
  return rows[0] === undefined ? null : toSplit(rows[0]);
}

export async function openSplit(db: Db, split: NewSplit): Promise<string> {
  const { rows } = await db.query<{ file_id: bigint }>(
    `insert into yuanlu.statement_splits (owner, run, account_id, kind, bill_date, uri)
     values ($1, $2, $3, $4, $5, $6) returning file_id`,
    [split.owner, split.run, split.accountId, split.kind, split.billDate, split.uri],
  );
  invariant(rows[0] !== undefined, 'a split has a number');
  return String(rows[0].file_id);
}

export async function addRange(
  db: Db,
  range: {
    readonly fileId: string;
    readonly rangeNo: number;
    readonly uri: string;
    readonly place: RangePlace;
  },
): Promise<void> {
  await db.query(
    `insert into yuanlu.statement_ranges (file_id, range_no, uri, lines_before, bytes_before)
     values ($1, $2, $3, $4, $5)`,
    [range.fileId, range.rangeNo, range.uri, range.place.lines, range.place.bytes],
  );
}

/** All ranges are kept: opens the table that their lines go into. */
export async function keepCut(
  ingest: Pool,
  split: NewSplit & { readonly fileId: string },
  cut: NonNullable<Split['cut']>,
): Promise<void> {
  await inTransaction(ingest, async (tx) => {
    const { rowCount } = await tx.query(
      `update yuanlu.statement_splits set state = 'cut', head = $2, sha256 = $3, sha1 = $4, size_bytes = $5
        where file_id = $1 and state = 'open'`,
      [split.fileId, cut.head, cut.sha256, cut.sha1, cut.bytes],
    );
    // Another attempt began meanwhile and took this one for dead.
    invariant(rowCount === 1, 'a split that was cut is still the one of its workflow');
    await tx.query('select yuanlu.open_line_table($1, $2, $3)', [
      split.fileId,
      split.accountId,
      split.billDate,
    ]);
  });
}

export async function countRanges(db: Db, fileId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    'select count(*)::int as n from yuanlu.statement_ranges where file_id = $1',
    [fileId],
  );
  return rows[0]?.n ?? 0;
}

/** How long a table is waited for that somebody still writes to, a worker that was taken for dead. Then it is tried again. */
const TABLE_WAIT = '30s';

/** Waits no longer than that for the table of a file, from here to the end of the transaction. */
export async function limitTableWait(tx: Tx): Promise<void> {
  await tx.query(`set local lock_timeout = '${TABLE_WAIT}'`);
}

/**
 * Removes what was only there for the work under way: the bytes of the ranges, and lines that became nobody's evidence. What
 * was joined stays. Repeated, or for a split that is gone, it does nothing.
 */
export async function clearSplit(ingest: Pool, files: FileStore, fileId: string): Promise<void> {
  const split = await getSplit(ingest, fileId);
  if (split === null) return;
  await inTransaction(ingest, async (tx) => {
    await limitTableWait(tx);
    await tx.query(`update yuanlu.statement_splits set state = 'over' where file_id = $1`, [fileId]);
    await tx.query('select yuanlu.drop_line_table($1)', [fileId]);
  });
  await files.clear(rangesName(split));
  await ingest.query('delete from yuanlu.statement_splits where file_id = $1', [fileId]);
}

/** Under which name the store has the ranges of a split, and nothing else. */
export function rangesName(split: Pick<Split, 'fileId' | 'accountId' | 'kind' | 'billDate'>): string {
  return `${split.accountId}/${split.kind}/${split.billDate}/ranges-${split.fileId}`;
}
