/** `yuanlu statements run`: starts the very workflows that the scheduler would start, and waits for them. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { backfillWorkflowId, statementWorkflowId } from '../../domain/ids.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import type { Context } from '../../workers/context.ts';
import type { backfill } from '../../workflows/backfill.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { createOutput } from '../output.ts';
import type { RunFlags } from '../register-books.ts';
import { withBooks } from './books.ts';
import { statementKind } from './statements.ts';

export async function runStatementCommand(options: RunFlags): Promise<void> {
  const output = createOutput(options.json);
  const kind = statementKind(options.kind);
  const from = parsePlainDate(options.date);
  const result = await withBooks(async (context) => {
    context.channels.get(options.account);
    if (options.to !== undefined) {
      return runRange(context, { accountId: options.account, kind, from, to: parsePlainDate(options.to) });
    }
    output.say(`waiting for the ${kind} statement of ${from}; Ctrl-C leaves it running`);
    return runDay(context, { accountId: options.account, kind, billDate: from, recheck: 0 });
  });
  output.result(result, () => JSON.stringify(result));
}

type Day = Parameters<typeof statementDay>[0];
type Range = Parameters<typeof backfill>[0];

async function runDay(context: Context, day: Day): Promise<unknown> {
  const workflowId = statementWorkflowId(day.accountId, day.kind, day.billDate);
  const { client } = context.temporal;
  try {
    return await client.workflow.execute<typeof statementDay>('statementDay', {
      taskQueue: REFUND_QUEUE,
      workflowId,
      // A run that failed may be repeated by hand; one that ended well is asked for its result.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [day],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return client.workflow.getHandle<typeof statementDay>(workflowId).result();
  }
}

async function runRange(context: Context, range: Range): Promise<unknown> {
  return context.temporal.client.workflow.execute<typeof backfill>('backfill', {
    taskQueue: REFUND_QUEUE,
    workflowId: backfillWorkflowId(range.accountId, range.kind, range.from, range.to),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [range],
  });
}
