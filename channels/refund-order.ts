import type { RefundOrder } from './channel.ts';
import type { Refund } from '../domain/refund/refund.ts';

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
