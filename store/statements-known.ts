/** Deliveries that nothing is left to do with, told by what is known of them before they are read. */
import { hasUntoldNews } from './match-news.ts';
import type { Db } from './pool.ts';
import { findAnnounced } from './statements.ts';
import type { StatementFile, StatementFileRow } from './statements-files.ts';
import { STATEMENT_FILE_COLUMNS, toStatementFile } from './statements-files.ts';
import type { Delivery } from './statements-finish.ts';

/** A statement that is there. */
export interface KnownStatement {
  readonly fileId: string;
  readonly lines: number;
}

/** It, and where its bytes are kept; null of one that a person imported. */
interface Found {
  readonly known: KnownStatement;
  readonly uri: string | null;
}

type Day = Pick<Delivery, 'accountId' | 'kind' | 'billDate'>;

/** The statement of the day that the channel announces by its hash, where it is there and done. */
export async function knownByHash(
  db: Db,
  day: Day,
  expectHash: Delivery['expectHash'],
): Promise<Found | null> {
  return ifDone(db, await findAnnounced(db, { ...day, expectHash }));
}

/** The statement of the day whose bytes are kept there, where it is done: the same bytes of a day are kept in one place. */
export async function knownByPlace(db: Db, day: Day, uri: string): Promise<Found | null> {
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where account_id = $1 and kind = $2 and bill_date = $3 and status = 'loaded' and uri = $4`,
    [day.accountId, day.kind, day.billDate, uri],
  );
  return ifDone(db, rows[0] === undefined ? null : toStatementFile(rows[0]));
}

async function ifDone(db: Db, file: StatementFile | null): Promise<Found | null> {
  if (file === null || !(await isDone(db, file.id))) return null;
  return { known: { fileId: file.id, lines: file.lines }, uri: file.uri };
}

/**
 * Whether a live statement is matched, what follows from it was looked at, and whoever its lines are news for was told. Otherwise a run
 * was ended in between: a worker may have died between a commit and its answer.
 */
export async function isDone(db: Db, fileId: string): Promise<boolean> {
  return (await isFollowed(db, fileId)) && !(await hasUntoldNews(db, fileId));
}

/** Whether a statement is matched, and what follows from it was looked at. */
export async function isFollowed(db: Db, fileId: string): Promise<boolean> {
  const { rows } = await db.query<{ is_followed: boolean }>(
    'select followed_at is not null as is_followed from yuanlu.statement_files where id = $1',
    [fileId],
  );
  return rows[0]?.is_followed === true;
}

/** Notes that what follows from the match at `at` was looked at; a match that came since is still to be followed. */
export async function markFollowed(ingest: Db, fileId: string, at: Date): Promise<void> {
  await ingest.query(
    'update yuanlu.statement_files set followed_at = $2 where id = $1 and matched_at <= $2',
    [fileId, at],
  );
}
