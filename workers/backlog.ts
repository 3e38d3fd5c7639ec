/** How far the workers are behind: what Temporal itself says of the queues that they take their tasks from. */
import type { Client } from '@temporalio/client';
import { CHANNEL_QUEUE, NOTICE_QUEUE, REFUND_QUEUE, STATEMENT_QUEUE } from '../workflows/task-queues.ts';

/** `temporal.api.enums.v1.TaskQueueType` of the two that hold work. */
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

/** Every queue that workers of this system poll. */
const QUEUES = [
  { name: REFUND_QUEUE, type: WORKFLOW_TASKS },
  { name: REFUND_QUEUE, type: ACTIVITY_TASKS },
  { name: CHANNEL_QUEUE, type: ACTIVITY_TASKS },
  { name: STATEMENT_QUEUE, type: ACTIVITY_TASKS },
  { name: NOTICE_QUEUE, type: ACTIVITY_TASKS },
] as const;

/**
 * The age of the oldest task that waits in any queue, wall ms; 0 when nothing waits.
 * @throws what the client throws when Temporal is away
 */
export async function oldestTaskAgeMs(client: Client, namespace: string): Promise<number> {
  const ages = await Promise.all(
    QUEUES.map(async ({ name, type }) => {
      const { stats } = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType: type,
        reportStats: true,
      });
      const { seconds, nanos } = stats?.approximateBacklogAge ?? {};
      return Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1e6;
    }),
  );
  return Math.max(...ages);
}
