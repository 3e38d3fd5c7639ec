/** `yuanlu statements run`: starts the very workflows that the scheduler would start, and waits for them. */
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { AppError, isErrorCode } from '../../domain/errors.ts';
import { backfillWorkflowId, statementWorkflowId } from '../../domain/ids.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import type { Context } from '../../workers/context.ts';
import { refundEngine } from '../../workers/refund-engine.ts';
import type { backfill } from '../../workflows/backfill.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { createOutput, grouped, progress } from '../output.ts';
import type { RunFlags } from '../register-books.ts';
import { withBooks } from './books.ts';
import { following } from './run-progress.ts';
import { assertHasKind, statementKind } from './statements.ts';

export async function runStatementCommand(options: RunFlags): Promise<void> {
  const output = createOutput(options.json);
  const kind = statementKind(options.kind);
  const from = parsePlainDate(options.date);
  const to = options.to === undefined ? null : parsePlainDate(options.to);
  await withBooks(async (context) => {
    assertHasKind(context.channels.get(options.account), kind);
    await assertTemporal(context);
    const accountId = options.account;
    if (to === null) {
      output.say(`waiting for the ${kind} statement of ${from}; Ctrl-C leaves it running`);
      const day = await told(runDay(context, { accountId, kind, billDate: from, recheck: 0 }));
      output.result(day, () => dayText(from, day));
    } else {
      output.say(`waiting for the ${kind} statements of ${from} to ${to}; Ctrl-C leaves them running`);
      const range = await told(runRange(context, { accountId, kind, from, to }));
      output.result(range, () => rangeText(range));
    }
  });
}

/** @throws AppError `temporal_unavailable` at once, instead of a wait without an end. */
async function assertTemporal(context: Context): Promise<void> {
  const there = await refundEngine(context.temporal.client, context.clock).healthy();
  if (!there) throw new AppError('temporal_unavailable', { address: context.config.temporalAddress });
}

/** What made a run fail, in the catalogue's words: it is buried under the workflow's and the activity's own failures. */
async function told<T>(run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof ApplicationFailure && typeof cause.type === 'string' && isErrorCode(cause.type)) {
        throw new AppError(cause.type, { why: cause.message }, { cause: error });
      }
    }
    throw error;
  }
}

function dayText(date: string, day: DayResult): string {
  if (day.outcome === 'empty') return `Nothing happened on ${date}: the channel has no statement for it.`;
  const lines = `${grouped(day.lines)} lines`;
  return day.outcome === 'same'
    ? `The statement of ${date} is the file that is known already (${day.fileId}, ${lines}): nothing was written.`
    : `Statement ${day.fileId} of ${date} is loaded and matched: ${lines}. See \`yuanlu breaks list\`.`;
}

function rangeText(range: RangeResult): string {
  const counts = [
    `${grouped(range.loaded)} days loaded`,
    `${grouped(range.same)} known already`,
    `${grouped(range.empty)} empty`,
    `${grouped(range.alreadyRun)} had been run before`,
  ].join(', ');
  return range.failed.length === 0 ? `${counts}.` : `${counts}; failed: ${range.failed.join(', ')}.`;
}

type Day = Parameters<typeof statementDay>[0];
type DayResult = Awaited<ReturnType<typeof statementDay>>;
type Range = Parameters<typeof backfill>[0];
type RangeResult = Awaited<ReturnType<typeof backfill>>;

async function runDay(context: Context, day: Day): Promise<DayResult> {
  const workflowId = statementWorkflowId(day.accountId, day.kind, day.billDate);
  const { client } = context.temporal;
  try {
    const run = await client.workflow.start<typeof statementDay>('statementDay', {
      taskQueue: REFUND_QUEUE,
      workflowId,
      // A run that failed may be repeated by hand; one that ended well is asked for its result.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [day],
    });
    return await shown(run);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return client.workflow.getHandle<typeof statementDay>(workflowId).result();
  }
}

async function runRange(context: Context, range: Range): Promise<RangeResult> {
  const run = await context.temporal.client.workflow.start<typeof backfill>('backfill', {
    taskQueue: REFUND_QUEUE,
    workflowId: backfillWorkflowId(range.accountId, range.kind, range.from, range.to),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [range],
  });
  return shown(run);
}

/** The result of a run, whose progress is told meanwhile. */
async function shown<T>(run: Pick<WorkflowHandle, 'describe'> & { result(): Promise<T> }): Promise<T> {
  const line = progress();
  try {
    return await following(line, run, run.result());
  } finally {
    line.done();
  }
}
