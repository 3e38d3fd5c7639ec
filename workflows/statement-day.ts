/**
 * One statement of one account, kind and bill date: wait until the channel has made it, fetch it, load it, match it.
 *
 *   fetch   asks until the file exists (the activity's own retries); a day without movements is recorded as empty, and with
 *           one whose file is there already nothing is left to do; a file that does not come whole is downloaded again
 *   load    streams it into its own partition; totals, hash and owner are checked before anything is kept. A large file is
 *           loaded in ranges by several workers (statement-ranges.ts)
 *   match   set-based; what is left becomes breaks
 *   report  the few refunds for which a line is news are told
 *
 * Running it again is a no-op: the same bytes are recognised. Other bytes for the same day are a new revision.
 */
import { ActivityFailure, ApplicationFailure, patched, proxyActivities } from '@temporalio/workflow';
import type { Activities, StatementDay, StatementDayResult } from '../activities/index.ts';
import { DOWNLOADED_AGAIN, NOT_RETRYABLE, STATEMENT, SWEEP } from './activity-options.ts';
import { loadInRanges } from './statement-ranges.ts';
import { STATEMENT_QUEUE } from './task-queues.ts';

const { fetchStatement, matchStatement } = proxyActivities<Activities>({
  ...STATEMENT,
  taskQueue: STATEMENT_QUEUE,
  retry: { ...STATEMENT.retry, nonRetryableErrorTypes: [...NOT_RETRYABLE] },
});
const { loadStatement } = proxyActivities<Activities>({
  ...STATEMENT,
  taskQueue: STATEMENT_QUEUE,
  retry: { ...STATEMENT.retry, nonRetryableErrorTypes: [...NOT_RETRYABLE, ...DOWNLOADED_AGAIN] },
});
/**
 * An empty day is followed by a look over the refunds of the account. A large day after an outage has very many refunds for
 * which its lines are news: they are rows, and only their count comes here.
 */
const { recordEmptyDay, reportMatches } = proxyActivities<Activities>(SWEEP);

/** Half an hour apart: a channel that has not mended its file in about half a day needs a person. */
const DOWNLOADS_MAX = 24;

/** Since December 2026 a day without news ends with its match. */
const NOTHING_TO_REPORT = '2026-12-nothing-to-report';
/** Since December 2026 a statement that is there already ends with its fetch; a worker of an older version loads it again. */
const KNOWN_WHEN_FETCHED = '2026-12-known-when-fetched';

export async function statementDay(day: StatementDay): Promise<StatementDayResult> {
  const loaded = await fetchAndLoad(day);
  if (loaded.outcome === 'empty') return recordEmptyDay(day);
  if (loaded.outcome === 'same') return loaded;

  const { decisive } = await matchStatement(loaded.fileId);
  // Handed on as it comes: where another worker matched, of an older version, it is a list of names.
  if (decisive.refunds !== 0 || !patched(NOTHING_TO_REPORT)) await reportMatches(decisive);
  return { outcome: 'loaded', fileId: loaded.fileId, lines: loaded.lines };
}

/** Downloads the file until it comes whole. Every delivery that did not is kept, with the reason why it was refused. */
async function fetchAndLoad(day: StatementDay): Promise<StatementDayResult> {
  for (let broken = 0; ; broken += 1) {
    const file = await fetchStatement(day, broken);
    if (file.outcome === 'empty') return file;
    if (file.known !== undefined && patched(KNOWN_WHEN_FETCHED)) return { outcome: 'same', ...file.known };
    try {
      const loaded = file.inRanges === true ? await loadInRanges(day, file) : null;
      return loaded ?? (await loadStatement(day, file));
    } catch (error) {
      if (!didNotComeWhole(error) || broken + 1 >= DOWNLOADS_MAX) throw error;
    }
  }
}

function didNotComeWhole(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return false;
  return DOWNLOADED_AGAIN.includes(error.cause.type ?? '');
}
