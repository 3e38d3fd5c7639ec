/** What the API asks of the engine that drives refunds. Implemented over Temporal's client by the composition root. */
import type { ChannelName } from '../domain/refund/refund.ts';

/** Which refund: the workflow id is made from these two. */
export interface RefundName {
  readonly merchantId: string;
  readonly refundNo: string;
}

/** A refund to start: its channel makes it findable among the workflows. */
export interface RefundToStart extends RefundName {
  readonly channel: ChannelName;
  /** The id of its row, where that is committed as `requested` and nothing more is known of it. */
  readonly committedId?: string;
}

export interface RefundEngine {
  /**
   * Starts the refund's workflow, or finds the one there is: calling it twice is calling it once.
   * @throws AppError `temporal_unavailable` after about two seconds without an answer
   */
  start(refund: RefundToStart): Promise<void>;
  /**
   * Tells the refund's workflow that evidence was recorded: a callback, by its id in the inbox, or a decision of people,
   * `approval/<id>`. Not telling is no loss: the scheduler tells it again of a callback, and asks about an open refund.
   * @throws AppError `temporal_unavailable`
   */
  channelReported(refund: RefundName, callbackId: string): Promise<void>;
  healthy(): Promise<boolean>;
}
