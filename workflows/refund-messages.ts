/** What a refund's workflow can be told and asked. Signals are past events, updates are commands, queries are nouns. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RefundRequest } from '../domain/refund/refund.ts';
import type { RefundState, StateReason } from '../domain/refund/state.ts';

/** What starts a refund's workflow: a row that is there already, or a request that the workflow records itself. */
export interface RefundStart {
  readonly merchantId: string;
  readonly refundNo: string;
  /** Given by the API, which has committed the row under this id as `requested`: nothing is left to record. */
  readonly committedId?: string;
  /** Given by backends that start the workflow themselves. */
  readonly request?: RefundRequest;
}

/** Where the refund stands, as far as its workflow has seen. */
export interface RefundProgress {
  readonly step: 'recording' | 'confirming' | 'submitting' | 'held' | 'awaiting' | 'ended';
  readonly state: RefundState;
  readonly reason: StateReason;
  /** Present while the channel still follows the money to the payer's bank. */
  readonly bankLeg?: 'pending';
}

/** A named person asks for another submission of the same number with the same content. */
export interface RetryCommand {
  readonly operator: string;
  readonly why: string;
}

/** Evidence was recorded from outside: a verified callback, by its id in the inbox, or a decision, `approval/<id>`. */
export const channelReported = defineSignal<[evidenceId: string]>('channelReported');

/** A statement line said something new about this refund; the reference is `<file sha256>:<line>`. */
export const statementMatched = defineSignal<[lineRef: string]>('statementMatched');

export const retrySubmission = defineUpdate<RefundProgress, [RetryCommand]>('retrySubmission');

export const progress = defineQuery<RefundProgress>('progress');
