/**
 * What a channel is. Each channel is a folder that implements this for one merchant account; nothing outside
 * `channels/` knows which one it talks to. Expected outcomes are returned as data; only bugs are thrown.
 */
import type { KeepUnbelieved } from './unbelieved.ts';
import type { Clock } from '../domain/clock.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ChannelDesk } from '../domain/overdue/desk.ts';
import type { HoldReason } from '../domain/refund/observation.ts';
import type { RefundNoRule } from '../domain/ids.ts';
import type { ChannelName, FundingSource } from '../domain/refund/refund.ts';
import type { ProofNumber, RefundSerials } from '../domain/refund/proof.ts';
import type { PaymentRef, RefundOrder } from '../domain/refund/refund-order.ts';
import type { RefundReport } from '../domain/refund/report.ts';
import type { MovementWord } from '../domain/statement/movement.ts';
import type { StatementRanges } from '../domain/statement/ranges.ts';
import type { StatementKind, StatementReader } from '../domain/statement/statement.ts';

export type { BankLegReport, RefundReport } from '../domain/refund/report.ts';
export type { PaymentRef, RefundOrder } from '../domain/refund/refund-order.ts';

/** Where a refund that its channel calls abnormal is to go instead. */
export type RedirectTarget =
  /** Back into the merchant's own account: the payer is paid outside this system. */
  { readonly to: 'merchant_account' } | PayerCard;

/**
 * A debit card of the payer's. Number and holder live in memory for the one call only: they are never stored, logged, or put
 * in an error. `bank` is one of the channel's own codes (`Redirect.banks`).
 */
export interface PayerCard {
  readonly to: 'payer_card';
  readonly bank: string;
  readonly cardNo: string;
  readonly holder: string;
}

/** How a refund that the payer's bank did not take is sent elsewhere. It keeps its number: it is the same refund. */
export interface Redirect {
  /** Codes of the banks whose debit cards the channel takes for this. */
  readonly banks: readonly string[];
  /**
   * Stands for a card where it may not be kept: the same for the same card, keyed by the account, and of no use for finding
   * the card.
   * @throws AppError `redirect_invalid` of a card that cannot be right
   */
  mark(card: PayerCard): string;
  /**
   * `reported`: the channel has it in hand again, on its new way. `held` and `refused`: not by this call. `unknown`: find
   * out by {@link Channel.queryRefund} before it is sent again.
   * @throws AppError `redirect_invalid`, `refund_no_invalid`, `amount_invalid`: nothing was sent
   */
  send(
    order: RefundOrder & { readonly channelRefundNo: string },
    target: RedirectTarget,
    signal?: AbortSignal,
  ): Promise<SubmitAnswer>;
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
  /**
   * The channel has the number and says in plain words that it did nothing under it, and that the same number may be sent
   * again: its code and words. Left out where it does not know the number.
   */
  readonly notDone?: string;
  /** What the channel would have to be told to find it, and was not known: it was not asked. A person says it. */
  readonly lacks?: 'paid_at';
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
  /**
   * Not made yet. `orEmpty`: the channel says the same of a day on which nothing happened, so from
   * `limits.emptyAfterMs` on it is taken for one.
   */
  | { readonly outcome: 'creating'; readonly orEmpty?: true }
  | HeldAnswer
  | UnknownAnswer;

/** Permission to download one statement now; lives minutes, is never stored. */
export interface StatementTicket {
  /**
   * Streams the file, still packed, as the channel sends it. Hosts outside the allow-list and redirects are refused.
   * @throws AppError `statement_host_refused`, `channel_unreachable`
   */
  download(signal?: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** The channel's hash of the unpacked bytes; null where it gives none. */
  readonly hash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
}

/** One statement, unpacked as far as its reader needs it. Nothing is read before `bytes` is. */
export interface StatementContent {
  readonly bytes: AsyncIterable<Buffer>;
  readonly reader: StatementReader;
}

/** What is said to a channel that has sent a notice. */
export interface CallbackReply {
  readonly status: number;
  /** Null for an answer without a body. */
  readonly body: { readonly type: string; readonly text: string } | null;
}

/** Numbers the channel sets, used before it has to refuse. */
export interface ChannelLimits {
  /** The refund numbers that the channel takes. */
  readonly refundNo: RefundNoRule;
  /** Age of a payment after which it cannot be refunded. */
  readonly refundableForMs: number;
  readonly partsPerPayment: number;
  /** Least time between two refunds of one payment. */
  readonly spacingPerPaymentMs: number;
  /** How long a refund may stay invisible to a query after it was sent. */
  readonly absenceGraceMs: number;
  /**
   * Attempts under one number that may end without a word before a person has to find out; null where the channel always
   * says yes or no in the end.
   */
  readonly silentAttemptsMax: number | null;
  /** The waits between questions about a refund, whether it was taken or its attempt has no answer; the last one repeats. */
  readonly pollLadderMs: readonly number[];
  /**
   * The wait between questions about the way to the payer's bank, after the channel has said success; null where the
   * channel tells nothing of that way.
   */
  readonly bankLegPollMs: number | null;
  /** When the statement of a day exists at the earliest, as time after the end of that day (Beijing). */
  readonly statementReadyAfterMs: number;
  /** From when on "not there" means "nothing happened", as time after the end of that day, where the channel cannot tell. */
  readonly emptyAfterMs: number;
  readonly statementKinds: readonly StatementKind[];
}

/** One merchant account at one channel. */
export interface Channel {
  readonly name: ChannelName;
  readonly accountId: string;
  readonly limits: ChannelLimits;
  /** What a line of this channel's trade statement proves about a refund. */
  readonly lineProves: 'acceptance' | 'completion' | 'clearing';
  /** How its fund-flow statement words what is about refunds; none where it has no such statement. */
  readonly movementWords: readonly MovementWord[];
  /** By which numbers a refund is found outside; what a payer is to quote first comes first. */
  proofNumbers(of: RefundSerials): readonly ProofNumber[];
  /** To whom one turns about a refund that is late. */
  readonly desk: ChannelDesk;
  submitRefund(order: RefundOrder, signal?: AbortSignal): Promise<SubmitAnswer>;
  queryRefund(order: RefundOrder, signal?: AbortSignal): Promise<QueryAnswer>;
  /** Null: the channel has no call for it. */
  readonly redirect: Redirect | null;
  queryPayment(payment: PaymentRef, signal?: AbortSignal): Promise<PaymentAnswer>;
  readCallback(message: CallbackMessage): Promise<CallbackReading>;
  /** The answer to a notice that was kept (null), or the one that makes the channel send it again. */
  callbackReply(fault: { readonly status: number; readonly title: string } | null): CallbackReply;
  /** Asks for the statement of `billDate` (yyyy-mm-dd, Beijing). */
  requestStatement(
    kind: StatementKind,
    billDate: string,
    signal?: AbortSignal,
  ): Promise<StatementAvailability>;
  /** Opens a delivery as it was downloaded. Null takes the kind that the content shows. */
  openStatement(kind: StatementKind | null, packed: AsyncIterable<Buffer>): StatementContent;
  /** How its statements are read by several workers at once. Left out where one worker reads the whole file. */
  readonly statementRanges?: StatementRanges;
}

/** What every channel needs from the process that opens it. */
export interface ChannelDeps {
  readonly clock: Clock;
  /** Cryptographically strong chance, for nonces. */
  readonly randomBytes: (sizeBytes: number) => Buffer;
  /** Keeps answers that cannot be believed, for people to look at; without it they are gone. */
  readonly keepUnbelieved?: KeepUnbelieved;
}

/** A certificate that an account stands or falls with. */
export interface AccountCertificate {
  /** The field of the entry that names its file, or what it is. */
  readonly name: string;
  readonly validTo: Date;
}

/** One account of the accounts file, its keys loaded, still without a connection. */
export interface ChannelAccount {
  readonly id: string;
  readonly merchantId: string;
  readonly channel: ChannelName;
  /** The merchant's number at the channel, as its statements and notices name it. */
  readonly externalId: string;
  /** Addresses by the name of their field: production lets only https and public hosts pass. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Those that the account itself holds; a channel may work without any. */
  readonly certificates: readonly AccountCertificate[];
  open(deps: ChannelDeps): Channel;
}

/** The content of a key file as text, or its bytes as base64. */
export type ReadKeyFile = (path: string, as?: 'utf8' | 'base64') => string;

/**
 * Reads an entry of the accounts file. `readFile` resolves paths as that file means them. What has a time of its own must
 * be valid at `wallNow`.
 * Throws AppError `config_invalid` with every error in `errors`.
 */
export type ReadAccount = (entry: unknown, readFile: ReadKeyFile, wallNow: Date) => ChannelAccount;
