/**
 * Fetches the statements of a range of days, a few at a time. Each day is the same `statementDay` run that the
 * scheduler would have started, under the same id: days that ran before cost nothing.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, ParentClosePolicy, executeChild, proxyActivities } from '@temporalio/workflow';
import type { Activities, BackfillRange, BackfillResult } from '../activities/index.ts';
import { statementWorkflowId } from '../domain/ids.ts';
import { DATABASE } from './activity-options.ts';
import { statementDay } from './statement-day.ts';

const { listBillDates } = proxyActivities<Activities>(DATABASE);

/** Days in flight at once: a channel's bill address allows a few calls a second. */
const IN_FLIGHT_MAX = 4;

export async function backfill(range: BackfillRange): Promise<BackfillResult> {
  const dates = await listBillDates(range);
  const waiting = [...dates];
  const result = { loaded: 0, same: 0, empty: 0, alreadyRun: 0, failed: [] as string[] };

  const worker = async (): Promise<void> => {
    for (let date = waiting.shift(); date !== undefined; date = waiting.shift()) {
      const outcome = await runDay({
        accountId: range.accountId,
        kind: range.kind,
        billDate: date,
        recheck: 0,
      });
      if (outcome === 'failed') result.failed.push(date);
      else result[outcome] += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT_MAX, dates.length) }, worker));
  return { ...result, failed: result.failed.toSorted() };
}

type DayOutcome = 'loaded' | 'same' | 'empty' | 'alreadyRun' | 'failed';

async function runDay(day: BackfillDay): Promise<DayOutcome> {
  try {
    const { outcome } = await executeChild(statementDay, {
      workflowId: statementWorkflowId(day.accountId, day.kind, day.billDate),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [day],
    });
    return outcome;
  } catch (error) {
    // Somebody ended the range: then no day of it has failed, and those that never began are none of its result.
    if (CancellationScope.current().consideredCancelled) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'alreadyRun';
    return 'failed'; // its own history says why; the other days go on
  }
}

type BackfillDay = Parameters<typeof statementDay>[0];
