/** A notice about a refund in neutral words. */
import type { RefundReport } from '../channel.ts';
import type { Parameters } from '../sorted-pairs.ts';
import { acceptedAtOf } from './accepted-at.ts';
import { REFUND_OUTCOMES, outcomeOf } from './outcome.ts';
import { clearingDateOf, flawOf, readTxnTime } from './reports.ts';

/**
 * Success is believed as it is signed. Anything else only shows that UnionPay has the refund: its advice is to ask before
 * taking a notice for a failure, and the question follows by itself. Null for what is no refund as documented.
 */
export function noticeReport(fields: Parameters): RefundReport | null {
  const { orderId, respCode, txnAmt, txnTime } = fields;
  const requestedAt = readTxnTime(txnTime ?? '');
  if (orderId === undefined || respCode === undefined || requestedAt === null) return null;
  if (txnAmt === undefined || !/^[0-9]{1,12}$/.test(txnAmt)) return null;
  const outcome = outcomeOf(REFUND_OUTCOMES, respCode);
  return {
    status: outcome.outcome === 'good' ? 'success' : 'processing',
    refundNo: orderId,
    channelRefundNo: fields['queryId'] ?? null,
    transactionId: fields['origQryId'] ?? null,
    amountMinor: BigInt(txnAmt),
    payerAmountMinor: null,
    requestedAt,
    acceptedAt: acceptedAtOf(fields, requestedAt),
    succeededAt: null,
    landsIn: fields['accNo'] ?? null,
    ...flawOf(outcome, respCode, fields['respMsg']),
    ...clearingDateOf(fields),
  };
}
