/** Names derived from business keys, so that whoever starts a thing gets the same thing. */
import { AppError } from './errors.ts';

/** Signals, queries and starts of one refund all meet at this id. */
export function refundWorkflowId(merchantId: string, refundNo: string): string {
  return `refund/${merchantId}/${refundNo}`;
}

/** One run per account, kind and bill date (yyyy-mm-dd); asking twice is asking once. */
export function statementWorkflowId(accountId: string, kind: string, billDate: string): string {
  return `statement/${accountId}/${kind}/${billDate}`;
}

/** A range of a statement that several workers load; `statement` is the id of the workflow that has split it. */
export function rangeWorkflowId(statement: string, fileId: string, rangeNo: number): string {
  return `${statement}/file/${fileId}/range/${String(rangeNo)}`;
}

/** `slot` is the slot's own instant in ISO form, never the time at which somebody happened to look. */
export function sweepWorkflowId(name: string, slot: string): string {
  return `sweep/${name}/${slot}`;
}

export function backfillWorkflowId(accountId: string, kind: string, from: string, to: string): string {
  return `backfill/${accountId}/${kind}/${from}..${to}`;
}

/** One run per event, endpoint and round; a replay is the next round. */
export function noticeWorkflowId(eventId: string, endpointId: string, round: number): string {
  return `notice/${eventId}/${endpointId}${round === 1 ? '' : `/replay-${String(round - 1)}`}`;
}

/** The refund numbers that a channel takes. */
export interface RefundNoRule {
  readonly pattern: RegExp;
  /** The rule in words, for the person whose number was refused. */
  readonly says: string;
  /** So many last characters must be digits that no other refund of the account ends in; null where that is no matter. */
  readonly uniqueTailDigits: number | null;
  /** What a number names a refund in; left out, the whole account. */
  readonly uniqueWithin?: 'payment';
}

/**
 * The widest rule of all channels (WeChat Pay's out_refund_no): a number outside it can go nowhere.
 * @throws AppError `refund_no_invalid`
 */
export function assertRefundNo(refundNo: string): void {
  if (!/^[0-9A-Za-z_\-|*@]{1,64}$/.test(refundNo))
    throw new AppError('refund_no_invalid', { refund_no: refundNo.slice(0, 80) });
}

/**
 * Whether the refund's own channel takes the number.
 * @throws AppError `refund_no_invalid`
 */
export function assertRefundNoFits(refundNo: string, rule: RefundNoRule): void {
  assertRefundNo(refundNo);
  if (!rule.pattern.test(refundNo))
    throw new AppError('refund_no_invalid', { refund_no: refundNo.slice(0, 80), rule: rule.says });
}
