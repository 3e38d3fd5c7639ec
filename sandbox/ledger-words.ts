/** What a ledger speaks of: payments, refunds, movements of money, and what is shown of it. */
import type { FundAccount } from './ledger-accounts.ts';

export type PostingKind =
  | 'payment'
  | 'payment_fee'
  | 'refund_accepted'
  | 'refund_fee'
  | 'refund_paid'
  | 'refund_closed'
  | 'refund_closed_fee'
  | 'refund_returned'
  | 'refund_returned_fee'
  | 'refund_redirected'
  | 'top_up'
  | 'withdrawal'
  | 'transfer'
  | 'opening';

/** A payment as far as its money goes. Every channel's order is one. */
export interface LedgerPayment {
  readonly merchantNo: string;
  /** The channel's number of it. */
  readonly transactionId: string;
  /** The merchant's number of it. */
  readonly paymentNo: string;
  /** Who paid: one word that tells payers apart. */
  readonly payer: string;
  /** What the payer really paid. */
  readonly payerMinor: bigint;
  /** What the channel keeps of it. */
  readonly feeMinor: bigint;
  /** From which of the merchant's fund accounts the fee is taken, and to which that of a refund comes back; `basic` when absent. */
  readonly feeFrom?: FundAccount;
  readonly paidAtMs: number;
  readonly note: string;
}

/** A refund as far as its money goes. */
export interface LedgerRefund {
  readonly payment: LedgerPayment;
  readonly channelRefundNo: string;
  readonly refundNo: string;
  /** The payment within which the number is unique; absent where it is among all of the merchant's. */
  readonly uniqueWithin?: string;
  /** In terms of the payment, as asked for. */
  readonly amountMinor: bigint;
  /** What the payer is given. */
  readonly payerMinor: bigint;
  /** The fee that the merchant gets back with it. */
  readonly feeMinor: bigint;
  /** From which of the merchant's fund accounts it is paid, and to which it comes back; `basic` when absent. */
  readonly paidFrom?: FundAccount;
  /** By the API, or by hand in the merchant console. */
  readonly origin: 'api' | 'console';
  readonly acceptedAtMs: number;
  readonly note: string;
}

/** One movement of money. */
export interface Posting {
  readonly no: number;
  readonly atMs: number;
  readonly kind: PostingKind;
  readonly merchantNo: string;
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
  /** The channel's number of what it is about: transaction_id or refund_id. */
  readonly reference: string;
  /** The merchant's number of it. */
  readonly voucher: string;
  readonly by: 'api' | 'console';
  readonly note: string;
}

/** A refund that reached the payer. */
export interface PaidOut {
  readonly merchantNo: string;
  readonly refundNo: string;
  readonly channelRefundNo: string;
  readonly transactionId: string;
  readonly origin: 'api' | 'console';
  /** In terms of the order, as asked for. */
  readonly amountMinor: bigint;
  /** What the payer was given. */
  readonly payerMinor: bigint;
  /** How often it was paid. Anything but 1 is a double payment. */
  readonly count: number;
  readonly firstAt: Date;
}

export interface LedgerView {
  /** Fen by account: `merchant:<number>` (and `operation:`, `fees:`), `payer:<payer>`, `in_transit:<number>`, `fees`, `outside` (negative: what came in). */
  readonly balances: Readonly<Record<string, bigint>>;
  readonly paidOut: readonly PaidOut[];
  /** Payments of a number beyond its first. Must be 0. */
  readonly doublePayments: number;
  /** Payments of which more was paid back than was paid. Must be empty. */
  readonly overRefundedPayments: readonly string[];
  /** Whether the postings, added up anew, give these balances, and all of them together nothing. */
  readonly balanced: boolean;
  readonly postings: number;
}

/** All that a ledger holds. */
export interface KeptLedger {
  readonly postings: readonly Posting[];
  readonly balances: ReadonlyMap<string, bigint>;
  readonly paidOut: ReadonlyMap<string, PaidOut>;
  readonly paidOfPayment: ReadonlyMap<string, { readonly payment: LedgerPayment; readonly minor: bigint }>;
}
