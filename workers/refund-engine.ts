/** Starting and telling refund workflows, with the id policies that make every start the same start. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowIdReusePolicy } from '@temporalio/common';
import { TypedSearchAttributes, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RefundEngine, RefundToStart } from '../api/refund-engine.ts';
import type { RefundTeller } from '../activities/deps.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { refundWorkflowId } from '../domain/ids.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import type { refund } from '../workflows/refund.ts';
import type { channelReported, RefundStart, statementMatched } from '../workflows/refund-messages.ts';
import { REFUND_QUEUE } from '../workflows/task-queues.ts';
import { BUSINESS_DATE, CHANNEL, NEEDS_REVIEW, REFUND_STATE } from './search-attributes.ts';

/** How long a caller waits for Temporal before being told that it is away. */
const DEADLINE_MS = 2_000;

interface RefundName {
  readonly merchantId: string;
  readonly refundNo: string;
}

export interface TemporalRefundEngine extends RefundEngine, RefundTeller {
  /**
   * As `start`, and a new run where the one before has ended, however it did: an open refund needs a workflow.
   * @throws AppError `temporal_unavailable`
   */
  startAgain(refund: RefundToStart): Promise<void>;
}

export function refundEngine(client: Client, clock: Clock): TemporalRefundEngine {
  const signal = async (name: RefundName, message: string, argument: string): Promise<void> => {
    const handle = client.workflow.getHandle<typeof refund>(refundWorkflowId(name.merchantId, name.refundNo));
    try {
      await within(client, () => handle.signal(message, argument));
    } catch (error) {
      // A refund that has ended needs no telling: what is new was recorded before the signal.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
  return {
    start: (name) => within(client, () => startRefund(client, name, { clock, reuse: 'REJECT_DUPLICATE' })),
    startAgain: (name) =>
      within(client, () => startRefund(client, name, { clock, reuse: 'ALLOW_DUPLICATE' })),
    channelReported: (name, callbackId) =>
      signal(name, 'channelReported' satisfies typeof channelReported.name, callbackId),
    statementMatched: (name, lineRef) =>
      signal(name, 'statementMatched' satisfies typeof statementMatched.name, lineRef),
    healthy: async () => {
      try {
        await within(client, () => client.workflowService.getSystemInfo({}));
        return true;
      } catch {
        return false;
      }
    },
  };
}

function startOf({ merchantId, refundNo, committedId }: RefundToStart): RefundStart {
  return { merchantId, refundNo, ...(committedId === undefined ? {} : { committedId }) };
}

/** Starts a refund's workflow, or finds the one that runs or ran under its id. */
async function startRefund(
  client: Client,
  name: RefundToStart,
  o: { readonly clock: Clock; readonly reuse: WorkflowIdReusePolicy },
): Promise<void> {
  try {
    await client.workflow.start<typeof refund>('refund', {
      workflowId: refundWorkflowId(name.merchantId, name.refundNo),
      taskQueue: REFUND_QUEUE,
      workflowIdReusePolicy: o.reuse,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [startOf(name)],
      typedSearchAttributes: new TypedSearchAttributes([
        { key: CHANNEL, value: name.channel },
        { key: REFUND_STATE, value: 'requested' },
        { key: NEEDS_REVIEW, value: false },
        { key: BUSINESS_DATE, value: beijingDateOf(o.clock.now()) },
      ]),
      staticSummary: `refund ${name.refundNo}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Runs a call with an end. @throws AppError `temporal_unavailable` when Temporal does not answer in time. */
export async function within<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, call);
  } catch (error) {
    if (isUnavailable(error)) throw new AppError('temporal_unavailable', {}, { cause: error });
    throw error;
  }
}

/**
 * gRPC: cancelled (1), deadline exceeded (4), resource exhausted (8), aborted (10), unavailable (14): nobody can say whether it was
 * done, and it may be asked again.
 */
const AWAY: ReadonlySet<unknown> = new Set([1, 4, 8, 10, 14]);

/** Whether Temporal could not be had, wherever the SDK wrapped the word of gRPC. */
function isUnavailable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && AWAY.has(cause.code)) return true;
  }
  return false;
}
