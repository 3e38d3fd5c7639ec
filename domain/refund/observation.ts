/**
 * An observation is one piece of evidence about a refund: an answer to our call, a callback, a statement line, or an
 * operator's act. Observations are append-only; the refund's state is a pure function of the set of them (state.ts).
 */

/** What the channel says of a refund that it knows. Neutral names; each channel maps its own words onto them. */
export type ChannelStatus = 'processing' | 'success' | 'closed' | 'abnormal';

/**
 * The way from the channel to the payer's bank, where the channel tells of it. `returned_to_wallet`: the bank did not take
 * it, so the money lies in the payer's wallet at the channel: arrived, at another place.
 */
export const BANK_LEGS = ['pending', 'arrived', 'returned_to_wallet'] as const;
export type BankLeg = (typeof BANK_LEGS)[number];

/**
 * Which of the merchant's fund accounts pays a refund, where it is not the one that payments come into. `other`: one that has
 * no statement.
 */
export type FundAccount = 'operation' | 'other';

/** Why a channel does not take a refund for now, and who can change that. */
export type HoldReason =
  /** Called too often: goes on by itself. */
  | 'rate_limited'
  /** Closed at this hour, or busy with something that passes: goes on by itself. */
  | 'try_later'
  /** The merchant's balance is short: goes on by itself after a top-up. */
  | 'short_balance'
  /** The payer's account at the channel is closed or frozen: a person decides. */
  | 'payer_account_closed'
  /** Our credentials, rights or product settings are refused: a person mends the account. */
  | 'account_config'
  /** A risk or business rule blocks it: a person decides. */
  | 'blocked'
  /** Sent several times under the same number, and the channel says neither yes nor no: a person finds out. */
  | 'channel_silent';

/** Where the evidence came from. */
export type ObservationSource =
  | 'submit'
  | 'query'
  | 'callback'
  | 'statement'
  | 'operator'
  | 'payment'
  | 'rules';

interface Base {
  readonly source: ObservationSource;
  /**
   * Identifies the evidence inside its source (attempt number, response id, notice id, file hash + line number).
   * The same (source, ref) is the same evidence: recording it twice changes nothing.
   */
  readonly ref: string;
  /** When we learned it (RFC 3339, UTC). */
  readonly at: string;
}

/** We are about to send submission attempt `attempt`. Written before the first byte leaves. */
export interface AttemptStarted extends Base {
  readonly kind: 'attempt_started';
  readonly attempt: number;
}

/** An attempt ended without an answer that can be trusted: time-out, 5xx, bad signature, unreadable body. */
export interface AttemptUnknown extends Base {
  readonly kind: 'attempt_unknown';
  readonly attempt: number;
  readonly why: string;
}

/** The channel said in plain words that it does not take this refund now; no money moved by this attempt. */
export interface AttemptHeld extends Base {
  readonly kind: 'attempt_held';
  readonly attempt: number;
  readonly reason: HoldReason;
  readonly channelCode: string;
}

/** The channel said no for good; no money moved by this attempt. */
export interface AttemptRefused extends Base {
  readonly kind: 'attempt_refused';
  readonly attempt: number;
  readonly channelCode: string;
}

/** The channel knows the refund and says how it stands (answer, query, callback). */
export interface ChannelReport extends Base {
  readonly kind: 'channel_report';
  readonly status: ChannelStatus;
  /** The amount the channel names for this refund, minor units; absent when it names none. */
  readonly amountMinor?: string;
  /** What was given back of the payment so far, this refund included, minor units: never less than the refund itself. */
  readonly refundedSoFarMinor?: string;
  /** The merchant's number of the payment and what was captured of it, minor units, where the channel's notices name them. */
  readonly paymentNo?: string;
  readonly capturedMinor?: string;
  /** What the payer's bank was given of this refund, minor units: never more than the refund itself. */
  readonly bankAmountMinor?: string;
  /** Our instant of the request as the channel names it (RFC 3339): with another one it speaks of another refund. */
  readonly requestedAt?: string;
  readonly channelRefundNo?: string;
  readonly transactionId?: string;
  /** When the channel accepted it / says the money left (RFC 3339). */
  readonly acceptedAt?: string;
  readonly succeededAt?: string;
  /** Where it lands, in the channel's words; display text only. */
  readonly landsIn?: string;
  /** The fund account that pays it, by the channel's word; left out where it is the ordinary one or is not named. */
  readonly fundAccount?: FundAccount;
  /** It lands, or has landed, on the merchant's own account and not with the payer, by the channel's word. */
  readonly returnedToMerchant?: true;
  /** What the channel itself says is wrong with it, in its code and words: a person looks into it, the state is as said. */
  readonly flaw?: string;
  /** The day on which the channel clears it, as the channel prints it; display text only. */
  readonly clearingDate?: string;
  /** What the payer gets back when coupons were part of the payment, minor units. */
  readonly payerAmountMinor?: string;
  /** `none`: the channel says where it went, and no bank is on that way. */
  readonly bankLeg?: BankLeg | 'none';
  /** When the channel expects the payer's bank to have posted it (RFC 3339). */
  readonly arrivalEstimateAt?: string;
  /** When the payer's bank acknowledged it, by the channel's word (RFC 3339): had it, or refused it. */
  readonly bankAcknowledgedAt?: string;
}

/** The channel does not know the refund, asked at `at`. Proves attempts void that began `graceMs` or more before. */
export interface ChannelAbsent extends Base {
  readonly kind: 'channel_absent';
  readonly graceMs: number;
  /** It has the number and says that it did nothing under it: its code and words. Absent where it does not know the number. */
  readonly notDone?: string;
  /** The channel's limit on attempts without a word, where it has one: from there on a person finds out. */
  readonly silentAttemptsMax?: number;
}

/** A line of the channel's statement names this refund. */
export interface StatementLineSeen extends Base {
  readonly kind: 'statement_line';
  /** What this channel's line proves: a WeChat row acceptance, an Alipay row completion, a UnionPay row clearing. */
  readonly proves: 'acceptance' | 'completion' | 'clearing';
  readonly amountMinor: string;
  readonly fileSha256: string;
  readonly lineNo: number;
  readonly billDate: string;
}

/**
 * The money came back after success: the payer's bank sent it back. Known by the line of a statement,
 * or by what two people saw.
 */
export interface Bounced extends Base {
  readonly kind: 'bounced';
  /** What two people saw, where no statement line says it: a bank's letter, a credit on the account. */
  readonly proof?: string;
  readonly amountMinor?: string;
  readonly fileSha256?: string;
  readonly lineNo?: number;
  readonly billDate?: string;
}

/** The channel's order query, or a notice, contradicts the payment as registered: nothing may be sent. */
export interface PaymentMismatch extends Base {
  readonly kind: 'payment_mismatch';
  readonly fields: readonly string[];
  /** A notice about this very refund contradicts the books: no later word of the channel's makes that good. */
  readonly code?: 'callback_contradicts_books';
}

/** The channel's order query agrees with the payment (after an earlier mismatch was mended, too). */
export interface PaymentConfirmed extends Base {
  readonly kind: 'payment_confirmed';
}

/**
 * Two named people decided what became of it, on proof from outside this system (four eyes, see `approval.ts`). It answers
 * the evidence that they had before them and no other: what comes in later is weighed against it.
 */
export interface Resolved extends Base {
  readonly kind: 'resolved';
  readonly as: Resolution;
  /** Keys ({@link observationKey}) of all the evidence that they had before them. */
  readonly knew: readonly string[];
  /** What they saw, in their words: a bank's letter, a ticket of the channel's. */
  readonly proof: string;
}

export type Resolution = 'paid' | 'not_paid';

/**
 * The merchant's own limits, above which two people release a refund before it is sent; and the rules of the quote that it cites,
 * within which no person is needed.
 */
export const REFUND_LIMITS = ['refund_minor', 'hourly_refunds', 'hourly_minor', 'quote_policy'] as const;
export type RefundLimit = (typeof REFUND_LIMITS)[number];

/** Above a limit of the merchant's when it was recorded: nothing is sent until two people have released it. */
export interface OverLimit extends Base {
  readonly kind: 'over_limit';
  readonly limits: readonly RefundLimit[];
}

/** Two named people released a refund that is over a limit (four eyes). */
export interface Released extends Base {
  readonly kind: 'released';
}

/** Where an abnormal refund can go instead; at WeChat Pay by its apply-abnormal-refund call. */
export const REDIRECTIONS = ['payer_card', 'merchant_account'] as const;
export type Redirection = (typeof REDIRECTIONS)[number];

/**
 * Two named people decided where an abnormal refund goes instead, and the channel is about to be told. Written before the
 * first byte leaves. The channel's word "abnormal" that they had before them is answered once it says anything else.
 */
export interface RedirectStarted extends Base {
  readonly kind: 'redirect_started';
  readonly to: Redirection;
  readonly knew: readonly string[];
}

/** The channel did not take the new destination, or gave no answer that can be trusted: what it says next decides. */
export interface RedirectEnded extends Base {
  readonly kind: 'redirect_ended';
  readonly end: 'held' | 'refused' | 'unknown';
  /** The channel's code, or why there was no answer. */
  readonly why: string;
}

/** How a payer is paid where the channel's way is closed. All of these are outside of this system. */
export const FALLBACK_METHODS = ['bank_transfer', 'alipay_transfer', 'wechat_transfer', 'cash'] as const;
export type FallbackMethod = (typeof FALLBACK_METHODS)[number];

/**
 * Two named people decided that the payer is paid another way, for the whole amount of this refund and under its number
 * (four eyes). From then on nothing is put to the channel under it.
 */
export interface FallbackApproved extends Base {
  readonly kind: 'fallback_approved';
  readonly method: FallbackMethod;
  /** Masked: whoever pays has it from the payer, not from here. */
  readonly payee: string;
  /** The last four of the account, where there is one. */
  readonly accountEnding?: string;
  readonly bank?: string;
  readonly knew: readonly string[];
}

/** A named person says that the fallback was paid, and by which number it is found outside. */
export interface FallbackPaid extends Base {
  readonly kind: 'fallback_paid';
  readonly reference: string;
  /** RFC 3339. */
  readonly paidAt: string;
  readonly by: string;
}

export type Observation =
  | AttemptStarted
  | AttemptUnknown
  | AttemptHeld
  | AttemptRefused
  | ChannelReport
  | ChannelAbsent
  | StatementLineSeen
  | Bounced
  | PaymentMismatch
  | PaymentConfirmed
  | Resolved
  | OverLimit
  | Released
  | RedirectStarted
  | RedirectEnded
  | FallbackApproved
  | FallbackPaid;

/** The identity of a piece of evidence within one refund. */
export function observationKey(observation: Observation): string {
  return `${observation.source}/${observation.kind}/${observation.ref}`;
}
