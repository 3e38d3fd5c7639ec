/** A refund as it is put to its channel and asked about. */
import type { Currency } from '../money.ts';
import type { Refund } from './refund.ts';

/** A payment as a question to the channel names it. */
export interface PaymentRef {
  /** The merchant's own number of the payment. */
  readonly paymentNo: string;
  /** The channel's number of it, where it is known. */
  readonly transactionId: string | null;
  /** When it was paid, as registered or confirmed. Some channels know a payment by its number and its time only. */
  readonly paidAt: Date | null;
}

/** A refund as it is put to the channel and asked about. The same number is always sent with the same content. */
export interface RefundOrder extends PaymentRef {
  readonly refundNo: string;
  /** When the refund was asked for; part of its identity at channels that know a refund by number and time. */
  readonly requestedAt: Date;
  readonly amountMinor: bigint;
  readonly capturedMinor: bigint;
  readonly currency: Currency;
  readonly reason: string | null;
}

/** A refund as its channel is told of it: the same in every attempt and every question, because the row never changes. */
export function orderOf(refund: Refund): RefundOrder {
  const { payment } = refund;
  return {
    refundNo: refund.refundNo,
    requestedAt: refund.requestedAt,
    paymentNo: payment.paymentNo,
    transactionId: payment.transactionId,
    paidAt: payment.paidAt,
    amountMinor: refund.amountMinor,
    capturedMinor: payment.capturedMinor,
    currency: refund.currency,
    reason: refund.reason,
  };
}
