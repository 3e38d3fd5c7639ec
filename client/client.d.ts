/** Types of `yuanlu/client`. A test holds them to the schemas that the API checks its requests and answers with. */

import type { Quote, QuoteAsked } from './quote.d.ts';

export type * from './quote.d.ts';

export type RefundState =
  | 'requested'
  | 'unknown'
  | 'processing'
  | 'succeeded'
  | 'settled'
  | 'needs_action'
  | 'failed'
  | 'returned';

export interface PaymentClaim {
  account_id: string;
  transaction_id?: string | undefined;
  /** Fen in digits. */
  captured_minor: string;
  currency: 'CNY';
  /** RFC 3339 with a zone. */
  paid_at?: string | undefined;
}

export interface RefundAsked {
  /** Your number; one is made when you give none. */
  refund_no?: string | undefined;
  payment_no: string;
  /** Needed when the payment was not registered before. */
  payment?: PaymentClaim | undefined;
  /** Fen in digits: "2345" is 23.45 CNY. */
  amount_minor: string;
  currency: 'CNY';
  /** Shown to the payer by the channel. */
  reason?: string | undefined;
  /** A quote for this payment, unused and not expired, whose total is the amount. */
  quote_id?: string | undefined;
  /** When returned goods came back to you, RFC 3339 with a zone; the 7 days of consumer law are counted from it. */
  goods_received_at?: string | undefined;
}

export interface Refund {
  refund_no: string;
  payment_no: string;
  account_id: string;
  channel: string;
  amount_minor: string;
  currency: string;
  reason: string | null;
  state: RefundState;
  state_reason: string | null;
  overdue_level: number;
  requested_at: string;
  goods_received_at: string | null;
  quote_id: string | null;
  accepted_at: string | null;
  succeeded_at: string | null;
  clearing_date: string | null;
  flaw: string | null;
  lands_in: string | null;
  bank_leg: 'pending' | 'arrived' | 'returned_to_wallet' | null;
  arrival_estimate_at: string | null;
  serials: { refund_no: string; channel_refund_no: string | null; transaction_id: string | null };
  proof: {
    name: { zh: string; en: string };
    value: string | null;
    readers: ('payer_bank' | 'payer_channel' | 'merchant_channel')[];
  }[];
  window: {
    promise_at: string;
    alarm_at: string;
    escalate_at: string | null;
    provisional: boolean;
    window_version: string | null;
    calendar_revision: string | null;
    basis: 'estimate' | 'bank' | 'source' | 'channel_default' | null;
  } | null;
  shop_promise: {
    business_days_min: number;
    business_days_max: number;
    by: string;
    provisional: boolean;
    version: string;
  };
  last_asked_at: string | null;
  last_answer: string | null;
  next_step: string;
}

export interface Payment {
  payment_no: string;
  account_id: string;
  transaction_id: string | null;
  captured_minor: string;
  reserved_minor: string;
  refundable_minor: string;
  currency: string;
  funding_source: 'wallet' | 'credit_line' | 'debit_card' | 'credit_card' | 'unknown';
  paid_at: string | null;
  confirmed_at: string | null;
}

export interface Observation {
  kind: string;
  source: string;
  ref: string;
  at: string;
  facts: Record<string, string | number | boolean | string[]>;
}

export interface FieldError {
  in: 'body' | 'query' | 'path' | 'header';
  pointer: string;
  detail: string;
}

/** RFC 9457. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  remedy: string;
  retryable: boolean;
  instance: string;
  errors?: FieldError[] | undefined;
}

/** Everything that this client throws, but for the reason of a signal that was aborted. */
export class YuanluError extends Error {}

/** The API said no. Decide by `code`: it is stable; https://…/docs lists them. */
export class ProblemError extends YuanluError {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  /** What to do. */
  readonly remedy: string;
  readonly errors: readonly FieldError[];
  readonly instance: string;
  readonly problem: Problem;
}

/** No answer that can be trusted after all attempts: nobody knows whether it was done. Repeat with the same key. */
export class UnreachableError extends YuanluError {}

/** The refund came to rest in another state than the one that was waited for. */
export class RefundEndedError extends YuanluError {
  readonly refund: Refund;
}

/** The time for waiting is over. The refund goes on; wait again. */
export class WaitTimeoutError extends YuanluError {
  readonly refund: Refund;
}

export interface ReceiptLinkAsked {
  /** 1 to 1,096; 90 unless given. */
  expires_in_days?: number | undefined;
  /** Takes the earlier links of the refund back. */
  replace?: boolean | undefined;
}

export interface ReceiptLinkMade {
  id: string;
  /** Id of the API key that asked for it. */
  created_by: string;
  created_at: string;
  expires_at: string;
  revoked_at: string | null;
  /** For the payer. Shown once: it is kept nowhere. */
  url: string;
}

export interface ClientOptions {
  /** Such as http://127.0.0.1:8080. */
  baseUrl: string | undefined;
  apiKey: string | undefined;
  /** Of one attempt; 15,000 unless given. A wait for news has its own time on top. */
  timeoutMs?: number;
  /** Of one call, the first included; 6 unless given. */
  attempts?: number;
  fetch?: typeof globalThis.fetch;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  random?: () => number;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  state?: RefundState;
  /** Rows in a page, 1 to 200. */
  limit?: number;
}

export interface WaitOptions extends CallOptions {
  /** For ever unless given. */
  timeoutMs?: number;
  /** Hears the refund at first and after every change. */
  onChange?: (refund: Refund) => void;
}

/**
 * The HTTP API. Each call is repeated with the same key and content while repeating can help: after no answer, after a
 * problem that is `retryable`, and not before `retry-after` is over.
 * Every method throws ProblemError or UnreachableError.
 */
export class YuanluClient {
  constructor(options: ClientOptions);

  /**
   * Asks for a refund. `idempotencyKey` names the refund that you mean to make; `refund_no` serves as one when there is none.
   * Keep it: after a crash the same key finds the refund instead of making another.
   */
  createRefund(asked: RefundAsked, options?: CallOptions & { idempotencyKey?: string }): Promise<Refund>;
  getRefund(refundNo: string, options?: CallOptions): Promise<Refund>;
  getObservations(refundNo: string, options?: CallOptions): Promise<Observation[]>;
  /** One page, newest first. */
  listRefunds(
    options?: ListOptions & { cursor?: string },
  ): Promise<{ refunds: Refund[]; next_cursor: string | null }>;
  /** Every refund, page after page. */
  refunds(options?: ListOptions): AsyncGenerator<Refund, void, void>;
  registerPayment(paymentNo: string, claim: PaymentClaim, options?: CallOptions): Promise<Payment>;
  getPayment(paymentNo: string, options?: CallOptions): Promise<Payment>;
  /** What the shop owes for a payment, with its reasons. Moves nothing; asked again, after a lost answer too, it is another quote. */
  quote(asked: QuoteAsked, options?: CallOptions): Promise<Quote>;
  getQuote(quoteId: string, options?: CallOptions): Promise<Quote>;
  /**
   * Makes a link to the receipt of a refund, for its payer. Its address is in this answer only. Where an answer was lost and it is
   * asked again there may be a second link, whose address nobody has.
   */
  createReceiptLink(
    refundNo: string,
    asked?: ReceiptLinkAsked,
    options?: CallOptions,
  ): Promise<ReceiptLinkMade>;
  /**
   * Waits until the refund is in the state, in one of the states, or as the function wants it; a settled one has succeeded.
   * @throws RefundEndedError when it came to rest otherwise, WaitTimeoutError when the time is over
   */
  waitUntil(
    refundNo: string,
    wanted: RefundState | readonly RefundState[] | ((refund: Refund) => boolean),
    options?: WaitOptions,
  ): Promise<Refund>;
}

/** `trade`: what was refunded. The others: what moved on the merchant's own accounts. */
export type StatementKind = 'trade' | 'fund_flow' | 'fund_flow_operation' | 'fund_flow_fees';

export type WebhookEvent =
  | {
      /** As in the header `webhook-id`: drop what you have had. */
      id: string;
      type:
        | 'refund.processing'
        | 'refund.succeeded'
        | 'refund.settled'
        | 'refund.needs_action'
        | 'refund.failed'
        | 'refund.returned'
        /** The flag was raised, or rose; with `overdue_level` 0 it was lifted. */
        | 'refund.overdue';
      /** When it happened. Events come in no order: ask the API where the refund stands now. */
      timestamp: string;
      data: { refund_no: string; state: RefundState; reason: string | null; overdue_level: number };
    }
  | {
      id: string;
      /** A channel's statement is not here long after its time, and the one that was missing came. */
      type: 'statement.missing' | 'statement.received';
      timestamp: string;
      data: { account_id: string; kind: StatementKind; bill_date: string; due_at: string };
    }
  | { id: string; type: 'webhook.test'; timestamp: string; data: Record<string, never> };

/** A webhook that must not be believed: answer 400 and do nothing. */
export class WebhookError extends YuanluError {
  /** `too_old`: signed more than five minutes ago, or in the future. */
  readonly code: 'header_missing' | 'secret_invalid' | 'signature_wrong' | 'too_old' | 'body_not_json';
}

/**
 * Checks a webhook and gives its event. `body` is what came, byte by byte: never what a framework made of it. `secret` is the
 * `whsec_…` of the endpoint, or several of them.
 * @throws WebhookError
 */
export function verifyWebhook(
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string | Uint8Array,
  secret: string | readonly string[],
  options?: { now?: Date },
): Promise<WebhookEvent>;
