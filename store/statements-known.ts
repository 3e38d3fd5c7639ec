/** Deliveries that nothing is left to do with, told by what is known of them before they are read. */
import type { StatementKind } from '../domain/statement/statement.ts';
import type { Db } from './pool.ts';

/** A statement that is there. */
export interface KnownStatement {
  readonly fileId: string;
  readonly lines: number;
}

/** What a delivery is told by; one of them is enough. */
export interface Marks {
  /** The hash that the channel gives of its unpacked bytes. */
  readonly hash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
  /** Where its bytes are kept: the same bytes of a day are kept in one place. */
  readonly uri?: string;
}

/**
 * The live statement of the day that has these very bytes, if it is matched and whoever its lines are news for was told. Without
 * that, a run was ended in between, and what is left of it is still to be done.
 */
export async function findKnown(
  db: Db,
  day: { readonly accountId: string; readonly kind: StatementKind; readonly billDate: string },
  { hash, uri }: Marks,
): Promise<(KnownStatement & { readonly uri: string }) | null> {
  const hex = (algorithm: 'sha1' | 'sha256'): string | null =>
    hash?.algorithm === algorithm ? hash.hex.toLowerCase() : null;
  const { rows } = await db.query<{ id: bigint; lines: number; uri: string }>(
    `select f.id, f.lines, f.uri from yuanlu.statement_files f
      where f.account_id = $1 and f.kind = $2 and f.bill_date = $3 and f.status = 'loaded' and f.matched_at is not null
        and f.uri is not null and (f.uri = $4 or f.sha1 = $5 or f.sha256 = $6)
        and not exists (select from yuanlu.match_news n where n.file_id = f.id and n.told_at is null)`,
    [day.accountId, day.kind, day.billDate, uri ?? null, hex('sha1'), hex('sha256')],
  );
  const [row] = rows;
  return row === undefined ? null : { fileId: String(row.id), lines: row.lines, uri: row.uri };
}
