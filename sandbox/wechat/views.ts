/** What the sandbox shows of orders and refunds: instants as dates, nothing that leads back inside. */
import type { MerchantView, PaymentView, RefundView } from '../control/controlled-sandbox.ts';
import type { Order, Refund, RefundStatus, SandboxMerchant } from './model.ts';
import { lastWay, statusAt } from './model.ts';

export interface WechatMerchantView extends MerchantView {
  readonly appid: string;
  readonly certificateSerial: string;
}

export interface WechatRefundView extends RefundView {
  /** WeChat Pay's number of it. */
  readonly refundId: string;
  readonly status: RefundStatus;
}

export type OrderView = PaymentView &
  Pick<
    Order,
    | 'appid'
    | 'couponMinor'
    | 'openid'
    | 'source'
    | 'bankType'
    | 'payerAccount'
    | 'goodsName'
    | 'attach'
    | 'tradeState'
    | 'feeAccount'
  >;

export function merchantView(merchant: SandboxMerchant, balanceMinor: bigint): WechatMerchantView {
  const { mchid, appid, certificateSerial, notifyUrl = null } = merchant;
  return { merchantNo: mchid, appid, certificateSerial, notifyUrl, balanceMinor };
}

export function refundView(refund: Refund, nowMs: number): WechatRefundView {
  const { order } = refund;
  const { verdict } = lastWay(refund);
  const status = statusAt(refund, nowMs);
  return {
    merchantNo: refund.mchid,
    refundNo: refund.outRefundNo,
    refundId: refund.refundId,
    transactionId: order.transactionId,
    paymentNo: order.outTradeNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    origin: refund.origin,
    status,
    acceptedAt: new Date(refund.acceptedAtMs),
    endsAt: verdict === null ? null : new Date(verdict.atMs),
    hasEnded: status !== 'PROCESSING',
    attempts: refund.attempts,
  };
}

export function orderView(order: Order): OrderView {
  const { mchid, outTradeNo, totalMinor, refunds, paidAtMs, ...shown } = order;
  return {
    merchantNo: mchid,
    paymentNo: outTradeNo,
    amountMinor: totalMinor,
    ...shown,
    paidAt: new Date(paidAtMs),
    refundCount: refunds.length,
  };
}
