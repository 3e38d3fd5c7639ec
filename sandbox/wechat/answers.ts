/** The JSON that WeChat Pay answers and sends, field by field as documented. */
import { rfc3339 } from '../instants.ts';
import type { Order, Refund, RefundStatus, Way } from './model.ts';
import { statusAt, wayAt } from './model.ts';

const STATE_TEXT = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  REVOKED: '已撤销',
} as const;

/** The answer to creating and to querying a refund. `surplusMinor` is for a planned lie about the amount. */
export function refundAnswer(refund: Refund, nowMs: number, surplusMinor = 0n): Record<string, unknown> {
  const { order } = refund;
  const status = statusAt(refund, nowMs);
  const way = wayAt(refund, nowMs);
  return {
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    transaction_id: order.transactionId,
    out_trade_no: order.outTradeNo,
    channel: way.channel,
    user_received_account: way.landsIn,
    ...successTime(way, status),
    create_time: rfc3339(refund.acceptedAtMs),
    status,
    funds_account: refund.fundsAccount,
    amount: {
      total: Number(order.totalMinor),
      refund: Number(refund.amountMinor + surplusMinor),
      from: [],
      payer_total: Number(order.payerMinor),
      payer_refund: Number(refund.payerMinor + surplusMinor),
      settlement_refund: Number(refund.payerMinor + surplusMinor),
      settlement_total: Number(order.payerMinor),
      discount_refund: Number(refund.amountMinor - refund.payerMinor),
      currency: 'CNY',
      refund_fee: Number(refund.feeMinor),
    },
    promotion_detail: promotionsOf(refund),
  };
}

/** The plain text inside a notice. The status has another name here than in answers. */
export function noticeContent(
  refund: Refund,
  status: Exclude<RefundStatus, 'PROCESSING'>,
  atMs: number,
  surplusMinor = 0n,
): Record<string, unknown> {
  const { order } = refund;
  return {
    mchid: refund.mchid,
    transaction_id: order.transactionId,
    out_trade_no: order.outTradeNo,
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    refund_status: status,
    ...(status === 'SUCCESS' ? { success_time: rfc3339(atMs) } : {}),
    user_received_account: wayAt(refund, atMs).landsIn,
    amount: {
      total: Number(order.totalMinor),
      refund: Number(refund.amountMinor + surplusMinor),
      payer_total: Number(order.payerMinor),
      payer_refund: Number(refund.payerMinor + surplusMinor),
    },
  };
}

/** The answer to querying an order. An order with any refund that was not closed is in the state `REFUND`. */
export function orderAnswer(order: Order, nowMs: number): Record<string, unknown> {
  const refunded = order.refunds.some((refund) => statusAt(refund, nowMs) !== 'CLOSED');
  const state = refunded ? 'REFUND' : order.tradeState;
  const named = { appid: order.appid, mchid: order.mchid, out_trade_no: order.outTradeNo };
  const stated = { trade_state: state, trade_state_desc: STATE_TEXT[state] };
  if (state === 'NOTPAY' || state === 'CLOSED') return { ...named, ...stated };
  return {
    ...named,
    transaction_id: order.transactionId,
    trade_type: 'JSAPI',
    ...stated,
    bank_type: order.bankType,
    attach: order.attach,
    success_time: rfc3339(order.paidAtMs),
    payer: { openid: order.openid },
    amount: {
      total: Number(order.totalMinor),
      payer_total: Number(order.payerMinor),
      currency: 'CNY',
      payer_currency: 'CNY',
    },
    ...(order.couponMinor === 0n ? {} : { promotion_detail: [couponOf(order)] }),
  };
}

function successTime({ verdict }: Way, status: RefundStatus): { success_time?: string } {
  if (status !== 'SUCCESS' || verdict === null) return {};
  return { success_time: rfc3339(verdict.atMs) };
}

function couponOf(order: Order): Record<string, unknown> {
  return {
    coupon_id: order.transactionId.slice(-11),
    scope: 'GLOBAL',
    type: 'NOCASH',
    amount: Number(order.couponMinor),
    currency: 'CNY',
  };
}

function promotionsOf(refund: Refund): readonly Record<string, unknown>[] {
  if (refund.order.couponMinor === 0n) return [];
  return [
    {
      promotion_id: refund.order.transactionId.slice(-11),
      scope: 'GLOBAL',
      type: 'DISCOUNT',
      amount: Number(refund.order.couponMinor),
      refund_amount: Number(refund.amountMinor - refund.payerMinor),
      goods_detail: [],
    },
  ];
}
