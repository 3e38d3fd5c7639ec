/** What the sandbox shows of orders, refunds and movements: instants as dates, nothing that leads back inside. */
import type { Posting } from '../ledger.ts';
import type { Order, Refund, RefundStatus } from './model.ts';
import { statusAt } from './model.ts';

export interface RefundView {
  readonly mchid: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly amountMinor: bigint;
  readonly payerMinor: bigint;
  readonly origin: Refund['origin'];
  readonly status: RefundStatus;
  readonly acceptedAt: Date;
  /** When it ends, also when that is still to come; null: never. */
  readonly endsAt: Date | null;
  /** How often the number was sent, the first time included. */
  readonly attempts: number;
}

export type OrderView = Omit<Order, 'refunds' | 'paidAtMs'> & {
  readonly paidAt: Date;
  readonly refundCount: number;
};

/** A movement of the ledger. */
export type PostingView = Omit<Posting, 'atMs' | 'minor'> & {
  /** Null for the balance with which a merchant began. */
  readonly at: Date | null;
  readonly amountMinor: bigint;
};

export function refundView(refund: Refund, nowMs: number): RefundView {
  const { order, verdict } = refund;
  return {
    mchid: refund.mchid,
    outRefundNo: refund.outRefundNo,
    refundId: refund.refundId,
    transactionId: order.transactionId,
    outTradeNo: order.outTradeNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    origin: refund.origin,
    status: statusAt(refund, nowMs),
    acceptedAt: new Date(refund.acceptedAtMs),
    endsAt: verdict === null ? null : new Date(verdict.atMs),
    attempts: refund.attempts,
  };
}

export function orderView(order: Order): OrderView {
  const { refunds, paidAtMs, ...shown } = order;
  return { ...shown, paidAt: new Date(paidAtMs), refundCount: refunds.length };
}

export function postingView({ atMs, minor, ...shown }: Posting): PostingView {
  return { ...shown, at: Number.isFinite(atMs) ? new Date(atMs) : null, amountMinor: minor };
}
