/**
 * A channel's sandbox as the control side under /sandbox works it: with as many merchants as it has, with its own time,
 * and with everything that it keeps laid open. A channel adds words of its own to these; it never takes one away.
 */
import type { ChannelSandbox, NewPayment } from '../channel-sandbox.ts';
import type { Posting } from '../ledger-words.ts';
import type { AnyRefundTrouble } from '../trouble-plan.ts';

/** A payment to be made. */
export interface PaymentOrder {
  /** The first merchant when absent. */
  readonly merchantNo?: string;
  /** The merchant's number of it. */
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  /** `wallet` when absent. */
  readonly source?: NewPayment['source'];
  /** Now when absent. */
  readonly paidAt?: Date;
  readonly goodsName?: string;
}

/** A refund that somebody makes in the merchant console. */
export interface HandRefund {
  readonly merchantNo?: string;
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  readonly reason?: string;
}

export interface MerchantView {
  readonly merchantNo: string;
  /** Where its notices go that name no address of their own. */
  readonly notifyUrl: string | null;
  readonly balanceMinor: bigint;
}

export interface PaymentView {
  readonly merchantNo: string;
  readonly paymentNo: string;
  /** The channel's number of it. */
  readonly transactionId: string;
  readonly amountMinor: bigint;
  /** What the payer really paid. */
  readonly payerMinor: bigint;
  readonly feeMinor: bigint;
  readonly source: NewPayment['source'];
  readonly paidAt: Date;
  readonly refundCount: number;
}

export interface RefundView {
  readonly merchantNo: string;
  readonly refundNo: string;
  readonly paymentNo: string;
  readonly transactionId: string;
  /** In terms of the payment, as asked for. */
  readonly amountMinor: bigint;
  /** What the payer is given. */
  readonly payerMinor: bigint;
  readonly origin: 'api' | 'console';
  /** The channel's own word. */
  readonly status: string;
  readonly acceptedAt: Date;
  /** When it ends, also when that is still to come; null: never. */
  readonly endsAt: Date | null;
  readonly hasEnded: boolean;
  /** How often the number was sent, the first time included. */
  readonly attempts: number;
}

/** A movement of the ledger. */
export type PostingView = Omit<Posting, 'atMs' | 'minor'> & {
  /** Null for the balance with which a merchant began. */
  readonly at: Date | null;
  readonly amountMinor: bigint;
};

/** Business time; `rate` is null where the clock is somebody else's. */
export interface ClockView {
  readonly now: Date;
  readonly rate: number | null;
  readonly turnable: boolean;
}

export interface ControlledSandbox<T extends AnyRefundTrouble = AnyRefundTrouble> extends ChannelSandbox<T> {
  /** Makes a payment that a payer has made. @throws AppError `request_invalid` */
  pay(payment: PaymentOrder): PaymentView;
  /** @throws ChannelRefusal when a rule of the channel says no */
  refundByHand(refund: HandRefund): RefundView;
  /** Puts money on a merchant's balance and returns the new one; ends troubles that waited for it. @throws AppError */
  topUp(minor: bigint, merchantNo?: string): bigint;
  /** Takes money away, as merchants do every evening. Returns the new balance. @throws AppError */
  withdraw(minor: bigint, merchantNo?: string): bigint;
  merchants(): readonly MerchantView[];
  payments(): readonly PaymentView[];
  refunds(): readonly RefundView[];
  /** Every movement of money, in the order in which it was written down. */
  postings(): readonly PostingView[];
  /** Sends the newest notice of a refund once more. @throws AppError `not_found` */
  resendCallback(refundNo: string, merchantNo?: string): void;
  clock(): ClockView;
  /**
   * Sets business time forward, through everything that falls due on the way, each at its own instant, and waits until
   * what was sent has been answered. Returns the time that it is then.
   * @throws AppError `request_invalid` when the clock is not the sandbox's own, or the instant is past or too far away
   */
  turnClock(instant: Date): Promise<Date>;
  /** Does what is due and waits until no callback is on its way; for clocks that are set by hand. */
  runDue(): Promise<void>;
}
