import type { ProofNumber, RefundSerials } from '../../domain/refund/proof.ts';

/**
 * WeChat Pay shows the first two in the payer's bill. It gives no number of the bank: there the payer quotes the refund's
 * number with card tail, amount and date.
 */
export function wechatProofNumbers(of: RefundSerials): readonly ProofNumber[] {
  return [
    {
      name: { zh: '微信退款单号', en: 'WeChat Pay refund number' },
      value: of.channelRefundNo,
      readers: ['payer_channel', 'payer_bank', 'merchant_channel'],
    },
    {
      name: { zh: '微信支付订单号', en: 'WeChat Pay transaction number' },
      value: of.transactionId,
      readers: ['payer_channel', 'merchant_channel'],
    },
    {
      name: { zh: '商户退款单号', en: 'merchant refund number' },
      value: of.refundNo,
      readers: ['merchant_channel'],
    },
  ];
}
