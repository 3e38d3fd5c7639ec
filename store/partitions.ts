/** Tables of files that have their place among the others by now: every server process is told of it. */
import type { Pool } from './pool.ts';

/**
 * Says so once more after the commit that attached them. A process that made its list of partitions at that moment may have kept it
 * without the new one; until it is told, it reads nothing there and says nothing (docs/adr/0005). Never fails: what was committed is
 * done, and whoever would remember what it reads compares it with what the file's row says.
 * @param parent the table that the lines, the matches, or the matches of movements of all files are read through
 */
export async function tellPartitions(
  ingest: Pool,
  parent: 'statement_lines' | 'matches' | 'movement_matches',
  of: { readonly accountId: string; readonly billDate: string },
): Promise<void> {
  await ingest
    .query('select yuanlu.tell_partitions($1, $2, $3)', [parent, of.accountId, of.billDate])
    .catch(() => undefined);
}
