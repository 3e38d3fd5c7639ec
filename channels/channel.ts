/**
 * What a channel is. Each channel is a folder that implements this for one merchant account; nothing outside
 * `channels/` knows which one it talks to. Expected outcomes are returned as data; only bugs are thrown.
 */
import type { ErrorCode } from '../domain/errors.ts';
import type { Currency } from '../domain/money.ts';
import type { ChannelStatus, HoldReason } from '../domain/refund/observation.ts';
import type { ChannelName, FundingSource } from '../domain/refund/refund.ts';
import type { StatementKind, StatementReader } from '../domain/statement/statement.ts';

/** A refund as it is put to the channel. The same number is always sent with the same content. */
export interface RefundOrder {
  readonly refundNo: string;
  readonly paymentNo: string;
  readonly transactionId: string | null;
  readonly amountMinor: bigint;
  readonly capturedMinor: bigint;
  readonly currency: Currency;
  readonly reason: string | null;
}

/** How the channel says a refund stands. */
export interface RefundReport {
  readonly status: ChannelStatus;
  readonly refundNo: string;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly amountMinor: bigint | null;
  readonly payerAmountMinor: bigint | null;
  readonly acceptedAt: Date | null;
  readonly succeededAt: Date | null;
  readonly landsIn: string | null;
}

/** Ends of any call. `responseId` is the channel's own id of the answer (WeChat: Request-ID), for support and audit. */
interface Answered {
  readonly responseId: string | null;
}

/** No trustworthy answer: time-out, broken connection, 5xx, unreadable or badly signed. Find out before anything else. */
export interface UnknownAnswer extends Answered {
  readonly outcome: 'unknown';
  readonly why: string;
}

/** Not taken now, in plain words; the same number may be sent again later. */
export interface HeldAnswer extends Answered {
  readonly outcome: 'held';
  readonly reason: HoldReason;
  readonly channelCode: string;
  readonly message: string;
  /** How long the channel asks to wait, when it says so. */
  readonly retryAfterMs: number | null;
}

/** Refused for good, in plain words; no money moves under this number by this call. */
export interface RefusedAnswer extends Answered {
  readonly outcome: 'refused';
  readonly channelCode: string;
  readonly message: string;
}

/** The channel knows the refund and says how it stands: accepted (processing), done (success), closed, abnormal. */
export interface ReportedAnswer extends Answered {
  readonly outcome: 'reported';
  readonly report: RefundReport;
}

/** The channel knows no such refund, or does not show it yet: see `limits.absenceGraceMs`. */
export interface AbsentAnswer extends Answered {
  readonly outcome: 'absent';
}

export type SubmitAnswer = ReportedAnswer | HeldAnswer | RefusedAnswer | UnknownAnswer;
export type QueryAnswer = ReportedAnswer | AbsentAnswer | HeldAnswer | UnknownAnswer;

/** What the channel says it captured. */
export interface PaymentReport {
  readonly paymentNo: string;
  readonly transactionId: string;
  readonly capturedMinor: bigint;
  readonly currency: string;
  readonly paidAt: Date;
  readonly fundingSource: FundingSource;
}

export type PaymentAnswer =
  | (Answered & { readonly outcome: 'reported'; readonly payment: PaymentReport })
  /** Known, but not paid (or revoked): nothing can be refunded. `channelState` is the channel's word. */
  | (Answered & { readonly outcome: 'unpaid'; readonly channelState: string })
  | AbsentAnswer
  | HeldAnswer
  | UnknownAnswer;

/** A callback exactly as it came in. Header names in lower case. */
export interface CallbackMessage {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export type CallbackReading =
  /** Genuine and about a refund. `noticeId` is the channel's dedupe key. */
  | {
      readonly verdict: 'refund';
      readonly noticeId: string;
      readonly eventType: string;
      readonly report: RefundReport;
    }
  /** Genuine, but of a kind that this system has no use for; kept and visible. */
  | { readonly verdict: 'unhandled'; readonly noticeId: string; readonly eventType: string }
  /** Not to be believed; `code` is from the catalogue (callback_…). */
  | { readonly verdict: 'refused'; readonly code: ErrorCode; readonly why: string };

/** Whether the statement of a day can be had. */
export type StatementAvailability =
  | { readonly outcome: 'ready'; readonly ticket: StatementTicket }
  /** Nothing happened on that day: final. */
  | { readonly outcome: 'empty' }
  /** Not made yet. */
  | { readonly outcome: 'creating' }
  | HeldAnswer
  | UnknownAnswer;

/** Permission to download one statement now; lives minutes, is never stored. */
export interface StatementTicket {
  readonly downloadUrl: string;
  readonly packed: 'gzip' | 'none';
  /** The channel's hash of the unpacked bytes; null where it gives none. */
  readonly hash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
}

/** Numbers the channel sets, used before it has to refuse. */
export interface ChannelLimits {
  /** Age of a payment after which it cannot be refunded. */
  readonly refundableForMs: number;
  readonly partsPerPayment: number;
  /** Least time between two refunds of one payment. */
  readonly spacingPerPaymentMs: number;
  /** How long a refund may stay invisible to a query after it was sent. */
  readonly absenceGraceMs: number;
  /** The waits between polls for a verdict, in order; the last one repeats. */
  readonly pollLadderMs: readonly number[];
  /** When the statement of a day exists at the earliest, as time after the end of that day (Beijing). */
  readonly statementReadyAfterMs: number;
  readonly statementKinds: readonly StatementKind[];
}

/** One merchant account at one channel. */
export interface Channel {
  readonly name: ChannelName;
  readonly accountId: string;
  readonly limits: ChannelLimits;
  /** What a line of this channel's trade statement proves about a refund. */
  readonly lineProves: 'acceptance' | 'completion' | 'clearing';
  submitRefund(order: RefundOrder, signal?: AbortSignal): Promise<SubmitAnswer>;
  queryRefund(refundNo: string, signal?: AbortSignal): Promise<QueryAnswer>;
  queryPayment(
    payment: { readonly paymentNo: string; readonly transactionId: string | null },
    signal?: AbortSignal,
  ): Promise<PaymentAnswer>;
  readCallback(message: CallbackMessage): Promise<CallbackReading>;
  /** Asks for the statement of `billDate` (yyyy-mm-dd, Beijing). */
  requestStatement(
    kind: StatementKind,
    billDate: string,
    signal?: AbortSignal,
  ): Promise<StatementAvailability>;
  /**
   * Streams the file, still packed, as the channel sends it. Hosts outside the allow-list and redirects are refused.
   * @throws AppError `statement_host_refused`, `channel_unreachable`
   */
  downloadStatement(ticket: StatementTicket, signal?: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** A fresh reader for the unpacked bytes of one statement. */
  statementReader(): StatementReader;
}
