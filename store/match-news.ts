/** Refunds for which the match of a file found news, told once a match: kept as rows, since a day may have very many of them. */
import type { Literals } from './match-scope.ts';
import type { Db, Tx } from './pool.ts';

/** News of a file's match, as workflows hand it on. */
export interface FileNews {
  readonly fileId: string;
  /** For how many refunds a line is news (unsent, unknown, failed, held; unfinished, where it proves more), or names another amount. */
  readonly refunds: number;
}

/** Writes down what the judgement has of it; what was told of an earlier match is to be told again. */
export async function writeNews(tx: Tx, s: Literals, fileId: string): Promise<FileNews> {
  const { rowCount } = await tx.query(
    `insert into yuanlu.match_news (file_id, refund_id)
     select distinct ${s.file}, refund_id from m_claim where news or not agrees
     on conflict (file_id, refund_id) do update set told_at = null`,
  );
  return { fileId, refunds: rowCount ?? 0 };
}

/** Ids of refunds that are still to be told, in order, from after the given one on. */
export async function untoldNews(
  db: Db,
  fileId: string,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await db.query<{ refund_id: bigint }>(
    `select refund_id from match_news
      where file_id = $1 and refund_id > $2 and told_at is null order by refund_id limit $3`,
    [fileId, page.after, page.limit],
  );
  return rows.map((row) => String(row.refund_id));
}

export async function markTold(
  db: Db,
  fileId: string,
  refundIds: readonly string[],
  now: Date,
): Promise<void> {
  await db.query('update match_news set told_at = $3 where file_id = $1 and refund_id = any ($2)', [
    fileId,
    refundIds,
    now,
  ]);
}

/** Whether a match of the file found news that nobody has told yet: its run was ended in between, or nobody ran one. */
export async function hasUntoldNews(db: Db, fileId: string): Promise<boolean> {
  return (await untoldNews(db, fileId, { after: '0', limit: 1 })).length > 0;
}
