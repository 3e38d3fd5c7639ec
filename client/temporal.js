/**
 * Starts refunds from a backend that lives on Temporal: `import { startRefund } from 'yuanlu/temporal'`. It uses the client it
 * is given and imports nothing, so that there is one copy of the SDK. Its types are in temporal.d.ts.
 */

const QUEUE = 'refund';
const EIGHT_HOURS_MS = 8 * 3_600_000;

export function refundWorkflowId({ merchantId, refundNo }) {
  return `refund/${merchantId}/${refundNo}`;
}

export async function startRefund(client, request, { channel, now = new Date() }) {
  const { merchantId, refundNo } = request;
  const workflowId = refundWorkflowId(request);
  try {
    return await client.workflow.start('refund', {
      workflowId,
      taskQueue: QUEUE,
      // Whoever starts it, the API or this backend, and however often: it is one refund.
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ merchantId, refundNo, request }],
      typedSearchAttributes: [
        { key: { name: 'Channel', type: 'KEYWORD' }, value: channel },
        { key: { name: 'RefundState', type: 'KEYWORD' }, value: 'requested' },
        { key: { name: 'NeedsReview', type: 'BOOL' }, value: false },
        { key: { name: 'BusinessDate', type: 'KEYWORD' }, value: beijingDateOf(now) },
      ],
      staticSummary: `refund ${refundNo}`,
    });
  } catch (error) {
    if (error?.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    return client.workflow.getHandle(workflowId);
  }
}

/** China has one zone, eight hours before UTC and without summer time. */
function beijingDateOf(instant) {
  return new Date(instant.getTime() + EIGHT_HOURS_MS).toISOString().slice(0, 'yyyy-mm-dd'.length);
}
