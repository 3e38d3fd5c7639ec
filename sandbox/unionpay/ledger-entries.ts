/** Payments and returns as the ledger, which knows no channel, takes them. */
import type { LedgerPayment, LedgerRefund } from '../ledger-words.ts';
import type { Payment, Return } from './model.ts';

export function ledgerPayment(payment: Payment): LedgerPayment {
  return {
    merchantNo: payment.merId,
    transactionId: payment.queryId,
    paymentNo: payment.orderId,
    payer: payment.payer,
    payerMinor: payment.amountMinor,
    feeMinor: payment.feeMinor,
    paidAtMs: payment.acceptedAtMs,
    note: payment.goodsName,
  };
}

export function ledgerRefund(one: Return): LedgerRefund {
  return {
    payment: ledgerPayment(one.payment),
    channelRefundNo: one.queryId,
    refundNo: one.orderId,
    amountMinor: one.amountMinor,
    payerMinor: one.amountMinor,
    feeMinor: one.feeMinor,
    origin: one.origin,
    acceptedAtMs: one.acceptedAtMs,
    note: one.reqReserved,
  };
}
