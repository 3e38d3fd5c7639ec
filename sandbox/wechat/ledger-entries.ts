/** Orders and refunds as the ledger, which knows no channel, takes them. */
import type { LedgerPayment, LedgerRefund } from '../ledger-words.ts';
import type { Order, Refund } from './model.ts';

export function ledgerPayment(order: Order): LedgerPayment {
  return {
    merchantNo: order.mchid,
    transactionId: order.transactionId,
    paymentNo: order.outTradeNo,
    payer: order.openid,
    payerMinor: order.payerMinor,
    feeMinor: order.feeMinor,
    paidAtMs: order.paidAtMs,
    note: order.goodsName,
  };
}

export function ledgerRefund(refund: Refund): LedgerRefund {
  return {
    payment: ledgerPayment(refund.order),
    channelRefundNo: refund.refundId,
    refundNo: refund.outRefundNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    feeMinor: refund.feeMinor,
    origin: refund.origin,
    acceptedAtMs: refund.acceptedAtMs,
    note: refund.reason ?? '',
  };
}
