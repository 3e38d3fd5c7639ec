/**
 * One statement of one account, kind and bill date: wait until the channel has made it, fetch it, load it, match it.
 *
 *   fetch   asks until the file exists (the activity's own retries); a day without movements is recorded as empty
 *   load    streams it into its own partition; totals, hash and owner are checked before anything is kept
 *   match   set-based; what is left becomes breaks
 *   report  the few refunds for which a line is news are told
 *
 * Running it again is a no-op: the same bytes are recognised. Other bytes for the same day are a new revision.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities, StatementDay, StatementDayResult } from '../activities/index.ts';
import { DATABASE, NOT_RETRYABLE, STATEMENT } from './activity-options.ts';
import { STATEMENT_QUEUE } from './task-queues.ts';

const { fetchStatement, loadStatement, matchStatement } = proxyActivities<Activities>({
  ...STATEMENT,
  taskQueue: STATEMENT_QUEUE,
  retry: { ...STATEMENT.retry, nonRetryableErrorTypes: [...NOT_RETRYABLE] },
});
const { recordEmptyDay, reportMatches } = proxyActivities<Activities>(DATABASE);

export async function statementDay(day: StatementDay): Promise<StatementDayResult> {
  const file = await fetchStatement(day);
  if (file.outcome === 'empty') return recordEmptyDay(day);

  const loaded = await loadStatement(day, file);
  if (loaded.outcome === 'same') return loaded;

  const matched = await matchStatement(loaded.fileId);
  await reportMatches(matched.decisive);
  return { outcome: 'loaded', fileId: loaded.fileId, lines: loaded.lines };
}
