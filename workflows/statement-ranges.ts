/**
 * A large statement, loaded by several workers: one cuts it into ranges, each range is a child workflow that whichever worker is
 * free loads, and one joins them. What is seen of it is as if one worker had loaded it: all of it at once, or nothing.
 *
 *   split   reads the file once; hash, packing and trailer are checked, each range is kept by itself
 *   range   one transaction each: its lines and what was found in them
 *   join    judges the file by all that was found, and makes it the statement of its day
 *   clear   removes what was only there meanwhile, also when it was refused or called off
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  executeChild,
  proxyActivities,
} from '@temporalio/workflow';
import type {
  Activities,
  FetchedStatement,
  LoadedStatement,
  StatementDay,
  StatementRange,
} from '../activities/index.ts';
import { rangeWorkflowId, statementWorkflowId } from '../domain/ids.ts';
import { DOWNLOADED_AGAIN, NOT_RETRYABLE, STATEMENT } from './activity-options.ts';
import { STATEMENT_QUEUE } from './task-queues.ts';

/** What is called off has stopped writing before it is cleared away. */
const { splitStatement, loadRange, joinStatement, clearSplit } = proxyActivities<Activities>({
  ...STATEMENT,
  taskQueue: STATEMENT_QUEUE,
  retry: { ...STATEMENT.retry, nonRetryableErrorTypes: [...NOT_RETRYABLE, ...DOWNLOADED_AGAIN] },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Ranges of one file in flight at once: beyond it the database is what is waited for. */
const IN_FLIGHT_MAX = 8;

/** Loads one range. A workflow of its own, so that it has a name and a history of its own. */
export async function statementRange(range: StatementRange): Promise<void> {
  await loadRange(range);
}

/** Null: the file is not one for several workers after all. */
export async function loadInRanges(
  day: StatementDay,
  file: FetchedStatement,
): Promise<LoadedStatement | null> {
  const split = await splitStatement(day, file);
  if (split.outcome === 'whole') return null;
  const { fileId } = split;
  try {
    await loadAll(day, fileId, split.ranges);
    return await joinStatement(day, file, fileId);
  } finally {
    await CancellationScope.nonCancellable(() => clearSplit(fileId));
  }
}

/** Waits for all that were begun, so that none still writes when this ends. */
async function loadAll(day: StatementDay, fileId: string, ranges: number): Promise<void> {
  const scope = new CancellationScope();
  const failures: unknown[] = [];
  let next = 1;
  const loader = async (): Promise<void> => {
    while (next <= ranges && failures.length === 0) {
      const rangeNo = next;
      next += 1;
      try {
        await runRange(day, { accountId: day.accountId, fileId, rangeNo });
      } catch (error) {
        failures.push(error);
        scope.cancel();
      }
    }
  };
  await scope.run(() => Promise.all(Array.from({ length: Math.min(IN_FLIGHT_MAX, ranges) }, loader)));
  if (failures.length > 0) throw reasonOf(failures[0]);
}

function runRange(day: StatementDay, range: StatementRange): Promise<void> {
  const statement = statementWorkflowId(day.accountId, day.kind, day.billDate);
  return executeChild(statementRange, {
    workflowId: rangeWorkflowId(statement, range.fileId, range.rangeNo),
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    args: [range],
  });
}

/** A file that is refused for one of its ranges is refused as if one worker had read it. */
function reasonOf(error: unknown): unknown {
  return error instanceof ChildWorkflowFailure && error.cause instanceof ActivityFailure
    ? error.cause
    : error;
}
