import type { ProofNumber, RefundSerials } from '../../domain/refund/proof.ts';

/** UnionPay's own number: two digits, yyMMddHHmmss, the trace number, one digit; older ones begin with the year in full. */
const QUERY_ID = /^\d{4}(\d{10})(\d{6})\d$/;
const RETRIEVAL_DIGITS = 12;

/**
 * The first is UnionPay's (its telephone is 95516). Banks know a transaction by its trace with the clearing date, and by
 * its retrieval reference; for a refund the latter is the end of the payment's order number.
 */
export function unionpayProofNumbers(of: RefundSerials): readonly ProofNumber[] {
  return [
    {
      name: { zh: '查询流水号', en: 'UnionPay query number' },
      value: of.channelRefundNo,
      readers: ['payer_channel', 'merchant_channel'],
    },
    {
      name: { zh: '系统跟踪号和时间', en: 'trace number and time' },
      value: traceOf(of.channelRefundNo),
      readers: ['payer_bank', 'merchant_channel'],
    },
    ...clearingDateOf(of),
    {
      name: { zh: '检索参考号', en: 'retrieval reference number' },
      value: retrievalReferenceOf(of.paymentNo),
      readers: ['payer_bank'],
    },
    {
      name: { zh: '商户订单号', en: 'merchant order number of the refund' },
      value: of.refundNo,
      readers: ['merchant_channel'],
    },
  ];
}

/** Six digits of trace number and MMddHHmmss. */
function traceOf(queryId: string | null): string | null {
  const parts = QUERY_ID.exec(queryId ?? '');
  if (parts === null) return null;
  const [, time = '', trace = ''] = parts;
  return `${trace} ${time}`;
}

/** Null where the order number does not end in digits: it was made by a system that did not see to it. */
function retrievalReferenceOf(orderId: string): string | null {
  const tail = orderId.slice(-RETRIEVAL_DIGITS);
  return /^\d{12}$/.test(tail) ? tail : null;
}

/** Quoted once there is one: before that the refund has not been cleared, and there is nothing to wait for. */
function clearingDateOf({ clearingDate }: RefundSerials): readonly ProofNumber[] {
  if (clearingDate === null) return [];
  const name = { zh: '清算日期', en: 'clearing date' };
  return [{ name, value: clearingDate, readers: ['payer_bank', 'merchant_channel'] }];
}
