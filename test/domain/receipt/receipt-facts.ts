/** A refund of 128.00 CNY at WeChat Pay, paid from a credit card, and what tests change of it. */
import { wechatProofNumbers } from '../../../channels/wechat/proof-numbers.ts';
import type { Payment, Refund } from '../../../domain/refund/refund.ts';
import type { ReceiptFacts } from '../../../domain/receipt/receipt.ts';

export const NOW = new Date('2026-11-24T10:30:00+08:00');

export function factsOf(
  change: Partial<Refund> = {},
  o: { readonly payment?: Partial<Payment> } & Partial<Omit<ReceiptFacts, 'refund'>> = {},
): ReceiptFacts {
  const refund = refundOf(change, o.payment);
  return {
    refund,
    merchant: {
      name: '示例点卡店',
      legalName: '示例（上海）网络科技有限公司',
      creditCode: '91310000MA1K00000X',
      phone: '400-000-0000',
      address: '上海市示例路 1 号',
    },
    proof: o.proof ?? wechatProofNumbers({ ...refund, ...refund.payment }),
    observations: o.observations ?? [],
    now: o.now ?? NOW,
  };
}

function refundOf(change: Partial<Refund>, payment: Partial<Payment> = {}): Refund {
  return {
    id: '7',
    merchantId: 'm1',
    refundNo: 'R20261124000000000001',
    accountId: 'wx-1',
    channel: 'wechat',
    payment: {
      id: '5',
      merchantId: 'm1',
      accountId: 'wx-1',
      paymentNo: 'ORD20261101001',
      transactionId: '4200002026112400000000001',
      capturedMinor: 20_000n,
      reservedMinor: 12_800n,
      currency: 'CNY',
      paidAt: new Date('2026-11-01T09:00:00+08:00'),
      fundingSource: 'credit_card',
      confirmedAt: new Date('2026-11-24T10:00:01+08:00'),
      ...payment,
    },
    amountMinor: 12_800n,
    currency: 'CNY',
    reason: '商品已退货',
    requestedAt: new Date('2026-11-24T10:00:00+08:00'),
    goodsReceivedAt: null,
    quoteId: null,
    state: 'processing',
    stateReason: null,
    channelRefundNo: '50303002026112400000000001',
    acceptedAt: new Date('2026-11-24T10:00:02+08:00'),
    succeededAt: null,
    landsIn: '招商银行信用卡0403',
    flaw: null,
    clearingDate: null,
    bankLeg: null,
    arrivalEstimateAt: null,
    promiseAt: new Date('2026-11-28T00:00:00+08:00'),
    alarmAt: new Date('2026-12-04T00:00:00+08:00'),
    escalateAt: new Date('2026-12-04T00:00:00+08:00'),
    windowVersion: '2026-11.4',
    calendarRevision: 'r1',
    windowBasis: 'source',
    windowProvisional: false,
    overdueLevel: 0,
    lastAskedAt: null,
    lastAnswer: null,
    ...change,
  };
}
