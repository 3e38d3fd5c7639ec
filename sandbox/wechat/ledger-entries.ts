/** Orders and refunds as the ledger, which knows no channel, takes them. */
import type { LedgerPayment, LedgerRefund } from '../ledger-words.ts';
import type { FundAccount } from '../ledger-accounts.ts';
import type { AccountType, Order, Refund } from './model.ts';

/** A fund account by WeChat Pay's word for it. */
export function fundOf(type: AccountType): FundAccount {
  return FUNDS[type];
}

const FUNDS: Readonly<Record<AccountType, FundAccount>> = {
  BASIC: 'basic',
  OPERATION: 'operation',
  FEES: 'fees',
};

export function ledgerPayment(order: Order): LedgerPayment {
  return {
    merchantNo: order.mchid,
    transactionId: order.transactionId,
    paymentNo: order.outTradeNo,
    payer: order.openid,
    payerMinor: order.payerMinor,
    feeMinor: order.feeMinor,
    ...(order.feeAccount === undefined ? {} : { feeFrom: fundOf(order.feeAccount) }),
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
    ...(refund.fundsAccount === 'OPERATION' ? { paidFrom: 'operation' as const } : {}),
    origin: refund.origin,
    acceptedAtMs: refund.acceptedAtMs,
    note: refund.reason ?? '',
  };
}
