/**
 * The money side of a channel in memory: which refund numbers it took, with what content, and how often money left for
 * each. It is the witness of the tests: nothing in the product can write to it except by putting a refund to the channel.
 */
import type { RefundOrder } from '../../channels/channel.ts';
import type { ChannelStatus } from '../../domain/refund/observation.ts';
import type { RefundReport } from '../../domain/refund/report.ts';

interface Taken {
  readonly refundNo: string;
  readonly channelRefundNo: string;
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  readonly acceptedAt: Date;
  status: ChannelStatus;
  succeededAt: Date | null;
}

export type Acceptance =
  | { readonly verdict: 'taken' | 'taken before'; readonly report: RefundReport }
  | { readonly verdict: 'other content' };

export interface ChannelLedger {
  /** What left the merchant's account, in order: one movement for each refund number that was taken. */
  readonly movements: readonly { readonly refundNo: string; readonly amountMinor: bigint }[];
  /** As the channels promise: the same number with the same content is one refund; with other content it is refused. */
  accept(order: RefundOrder, at: Date): Acceptance;
  /** The channel's verdict on a refund that it took. */
  conclude(refundNo: string, status: ChannelStatus, at: Date): void;
  /** How a refund stands, or null when it is not known or was taken less than `lagMs` before `at`. */
  look(refundNo: string, at: Date, lagMs: number): RefundReport | null;
  /** Sum of what left for the refunds of a payment, minor units. */
  paidFor(paymentNo: string): bigint;
}

export function channelLedger(): ChannelLedger {
  const taken = new Map<string, Taken>();
  const movements: { refundNo: string; amountMinor: bigint; paymentNo: string }[] = [];
  return {
    movements,
    accept: (order, at) => {
      const before = taken.get(order.refundNo);
      if (before !== undefined) {
        const same = before.amountMinor === order.amountMinor && before.paymentNo === order.paymentNo;
        return same ? { verdict: 'taken before', report: reportOf(before) } : { verdict: 'other content' };
      }
      const fresh: Taken = {
        refundNo: order.refundNo,
        channelRefundNo: `50${String(taken.size + 1).padStart(10, '0')}-${order.refundNo}`,
        paymentNo: order.paymentNo,
        amountMinor: order.amountMinor,
        acceptedAt: at,
        status: 'processing',
        succeededAt: null,
      };
      taken.set(order.refundNo, fresh);
      movements.push({
        refundNo: order.refundNo,
        amountMinor: order.amountMinor,
        paymentNo: order.paymentNo,
      });
      return { verdict: 'taken', report: reportOf(fresh) };
    },
    conclude: (refundNo, status, at) => {
      const one = taken.get(refundNo);
      if (one === undefined) throw new Error(`the channel never took ${refundNo}`);
      one.status = status;
      one.succeededAt = status === 'success' ? at : null;
    },
    look: (refundNo, at, lagMs) => {
      const one = taken.get(refundNo);
      if (one === undefined || at.getTime() - one.acceptedAt.getTime() < lagMs) return null;
      return reportOf(one);
    },
    paidFor: (paymentNo) =>
      movements.filter((one) => one.paymentNo === paymentNo).reduce((sum, one) => sum + one.amountMinor, 0n),
  };
}

function reportOf(one: Taken): RefundReport {
  return {
    status: one.status,
    refundNo: one.refundNo,
    channelRefundNo: one.channelRefundNo,
    transactionId: `4200-${one.paymentNo}`,
    amountMinor: one.amountMinor,
    payerAmountMinor: one.amountMinor,
    acceptedAt: one.acceptedAt,
    succeededAt: one.succeededAt,
    landsIn: 'balance of the payer',
  };
}
