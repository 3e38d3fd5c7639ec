/** Trades and refunds as the ledger, which knows no channel, takes them. */
import type { LedgerPayment, LedgerRefund } from '../ledger-words.ts';
import type { Refund, Trade } from './model.ts';

export function ledgerPayment(trade: Trade): LedgerPayment {
  return {
    merchantNo: trade.sellerId,
    transactionId: trade.tradeNo,
    paymentNo: trade.outTradeNo,
    payer: trade.buyerId,
    payerMinor: trade.payerMinor,
    feeMinor: trade.feeMinor,
    paidAtMs: trade.paidAtMs,
    note: trade.goodsName,
  };
}

/** Alipay gives a refund no number: the trade's number and the merchant's name it together. */
export function ledgerRefund(refund: Refund): LedgerRefund {
  const { trade, outRequestNo } = refund;
  return {
    payment: ledgerPayment(trade),
    channelRefundNo: trade.tradeNo,
    refundNo: outRequestNo,
    uniqueWithin: trade.tradeNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    feeMinor: refund.feeMinor,
    origin: refund.origin,
    acceptedAtMs: refund.acceptedAtMs,
    note: refund.reason ?? '',
  };
}
