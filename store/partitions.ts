/** Tables of files that have their place among the others by now: every server process is told of it, and what one sees is checked. */
import type { Pool } from './pool.ts';
import { BlindConnection } from './pool.ts';
import type { StatementFile } from './statements-files.ts';

/**
 * Says so once more after the commit that attached them. A process that made its list of partitions at that moment may have kept it
 * without the new one; until it is told, it reads nothing there and says nothing (docs/adr/0005). Telling again changes nothing.
 * @param parent the table that the lines, the matches, or the matches of movements of all files are read through
 */
export async function tellPartitions(
  ingest: Pool,
  parent: 'statement_lines' | 'matches' | 'movement_matches',
  of: { readonly accountId: string; readonly billDate: string },
): Promise<void> {
  await ingest.query('select yuanlu.tell_partitions($1, $2, $3)', [parent, of.accountId, of.billDate]);
}

/** Compares the refund lines that were read with those that the file's row counts. @throws BlindConnection where they differ */
export function assertAllSeen(
  { id, refundLines }: Pick<StatementFile, 'id' | 'refundLines'>,
  seen: number,
): void {
  if (seen !== refundLines)
    throw new BlindConnection(
      `of ${String(refundLines)} refund lines of statement ${id} ${String(seen)} are seen`,
    );
}
