import type { ProofNumber, RefundSerials } from '../../domain/refund/proof.ts';

/**
 * Alipay has no number for a refund of its own: the trade's number and ours together name it. It gives no reference that
 * the payer's bank could look up either.
 */
export function alipayProofNumbers(of: RefundSerials): readonly ProofNumber[] {
  return [
    {
      name: { zh: '支付宝交易号', en: 'Alipay trade number' },
      value: of.transactionId,
      readers: ['payer_channel', 'merchant_channel'],
    },
    {
      name: { zh: '退款请求号', en: 'refund request number' },
      value: of.refundNo,
      readers: ['payer_channel', 'merchant_channel'],
    },
    {
      name: { zh: '商户订单号', en: 'merchant order number' },
      value: of.paymentNo,
      readers: ['payer_channel', 'merchant_channel'],
    },
  ];
}
