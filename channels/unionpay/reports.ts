/** UnionPay's fields in neutral words. */
import type { FundingSource } from '../../domain/refund/refund.ts';
import { readBeijingTime } from '../../domain/time/plain-date.ts';
import type { PaymentReport, RefundOrder, RefundReport } from '../channel.ts';
import type { Parameters } from '../sorted-pairs.ts';
import { acceptedAtOf } from './accepted-at.ts';
import type { Outcome } from './outcome.ts';

const FLAW_CHARACTERS_MAX = 200;

/** The answer to a refund that was taken; it is not done before a question or the statement says so. */
export function submittedReport(order: RefundOrder, fields: Parameters, outcome: Outcome): RefundReport {
  const flaw = flawOf(outcome, fields['respCode'], fields['respMsg']);
  return { ...baseOf(order, fields), ...flaw, status: 'processing', succeededAt: null };
}

/**
 * What came of a refund that was asked about. Null where that is not known, and where UnionPay did nothing and the same
 * number may be sent again ({@link isPassing}).
 */
export function refundReport(order: RefundOrder, fields: Parameters, outcome: Outcome): RefundReport | null {
  const base = baseOf(order, fields);
  switch (outcome.outcome) {
    case 'good': {
      const flaw = flawOf(outcome, fields['origRespCode'], fields['origRespMsg']);
      return { ...base, ...flaw, status: 'success', succeededAt: null };
    }
    case 'refused':
      return { ...base, status: 'closed', succeededAt: null };
    case 'held':
      // UnionPay had taken it, and somebody has to find out where its money is: no word of these says that it is back.
      return isPassing(outcome) ? null : { ...base, status: 'abnormal', succeededAt: null };
    case 'unknown':
      return { ...base, status: 'processing', succeededAt: null };
    case 'absent':
      return null;
  }
}

/**
 * As origRespCode these (02 closed for now, 39 outside its hours, 37 too often) are what the refund itself was told: it was
 * turned away before anything was done, and the documents say of them "later, with the same number and time". So it is
 * neither in hand, which would be for ever, nor failed, which would let another number be used.
 */
export function isPassing(outcome: Outcome): boolean {
  return outcome.outcome === 'held' && (outcome.reason === 'rate_limited' || outcome.reason === 'try_later');
}

function baseOf(order: RefundOrder, fields: Parameters): Omit<RefundReport, 'status' | 'succeededAt'> {
  return {
    refundNo: order.refundNo,
    channelRefundNo: fields['queryId'] ?? null,
    transactionId: order.transactionId,
    amountMinor: minorOrNull(fields['txnAmt']),
    payerAmountMinor: null,
    acceptedAt: acceptedAtOf(fields, order.requestedAt),
    landsIn: fields['accNo'] ?? null,
    ...clearingDateOf(fields),
  };
}

/** What is wrong with it in UnionPay's code and words, where its code says that something is. */
export function flawOf(
  outcome: Outcome,
  code: string | undefined,
  words: string | undefined,
): Pick<RefundReport, 'flaw'> {
  if (outcome.outcome !== 'good' || outcome.flawed === undefined) return {};
  return { flaw: [code, words].join(' ').trim().slice(0, FLAW_CHARACTERS_MAX) };
}

/** The clearing day, `MMdd`: banks find a transaction by its trace and this. */
export function clearingDateOf(fields: Parameters): Pick<RefundReport, 'clearingDate'> {
  const day = fields['settleDate'];
  return day !== undefined && /^\d{4}$/.test(day) ? { clearingDate: day } : {};
}

/** Null when the order lacks what a paid one has. */
export function paymentReport(fields: Parameters): PaymentReport | null {
  const paymentNo = fields['orderId'];
  const transactionId = fields['queryId'] ?? null;
  const capturedMinor = minorOrNull(fields['txnAmt']);
  const paidAt = readTxnTime(fields['txnTime'] ?? '');
  if (paymentNo === undefined || transactionId === null || capturedMinor === null || paidAt === null)
    return null;
  return {
    paymentNo,
    transactionId,
    capturedMinor,
    currency: (fields['currencyCode'] ?? '156') === '156' ? 'CNY' : `ISO ${fields['currencyCode'] ?? ''}`,
    paidAt,
    fundingSource: fundingSource(fields['payCardType'] ?? ''),
  };
}

/** payCardType: 01 debit, 02 credit; others are met and mean neither. */
export function fundingSource(payCardType: string): FundingSource {
  if (payCardType === '01') return 'debit_card';
  return payCardType === '02' || payCardType === '03' ? 'credit_card' : 'unknown';
}

/** `yyyyMMddHHmmss`, Beijing; null for anything else. */
export function readTxnTime(text: string): Date | null {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (parts === null) return null;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts;
  return readBeijingTime(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
}

/** Fen as 1 to 12 digits; null for anything else. */
function minorOrNull(text: string | undefined): bigint | null {
  return text !== undefined && /^[0-9]{1,12}$/.test(text) ? BigInt(text) : null;
}
