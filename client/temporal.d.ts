/** Types of `yuanlu/temporal`. A test holds them to what the workflow takes. */
import type { Client, WorkflowHandle } from '@temporalio/client';

export interface RefundRequest {
  readonly merchantId: string;
  /** One number is one refund for ever. */
  readonly refundNo: string;
  /** Fen in digits. */
  readonly amountMinor: string;
  readonly currency: 'CNY';
  /** Shown to the payer by the channel. */
  readonly reason?: string;
  /** When returned goods came back to you, RFC 3339 with a zone, not in the future. */
  readonly goodsReceivedAt?: string;
  /** The quote whose total it asks for (`POST /v1/quotes`). */
  readonly quoteId?: string;
  readonly paymentNo: string;
  /** Needed when the payment was not registered before. */
  readonly payment?: {
    readonly accountId: string;
    readonly transactionId?: string;
    readonly capturedMinor: string;
    readonly currency: 'CNY';
    readonly paidAt?: string;
  };
}

/** Where the refund stands, as its workflow has seen it; the result once the channel has had its last word. */
export interface RefundProgress {
  readonly step: 'recording' | 'confirming' | 'submitting' | 'held' | 'awaiting' | 'ended';
  readonly state:
    | 'requested'
    | 'unknown'
    | 'processing'
    | 'succeeded'
    | 'settled'
    | 'needs_action'
    | 'failed'
    | 'returned';
  readonly reason: string | null;
  readonly bankLeg?: 'pending';
}

export type RefundWorkflow = (start: {
  merchantId: string;
  refundNo: string;
  request?: RefundRequest;
}) => Promise<RefundProgress>;

export interface StartOptions {
  /** The channel of the payment's account: makes the refund findable among the workflows. */
  readonly channel: 'wechat' | 'alipay' | 'unionpay';
  readonly now?: Date;
}

/** The id under which a refund's workflow runs. */
export function refundWorkflowId(refund: Pick<RefundRequest, 'merchantId' | 'refundNo'>): string;

/**
 * Starts the refund, or finds the one that runs or ran under its number: calling it twice is calling it once. A conflict
 * with a refund of other content fails the workflow with `refund_conflict`; the first refund is untouched.
 * `client` must be of the namespace in which Yuanlu's worker runs.
 */
export function startRefund(
  client: Pick<Client, 'workflow'>,
  request: RefundRequest,
  options: StartOptions,
): Promise<WorkflowHandle<RefundWorkflow>>;
