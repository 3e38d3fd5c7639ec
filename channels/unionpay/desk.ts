import type { ChannelDesk } from '../../domain/overdue/desk.ts';

export const UNIONPAY_DESK: ChannelDesk = {
  name: { zh: '银联', en: 'UnionPay' },
  merchantService: { zh: '收单机构（银联商户服务）', en: "the acquirer (UnionPay's merchant service)" },
  payerService: { zh: '银联客服 95516', en: "UnionPay's support, telephone 95516" },
  atTheBank: {
    zh: '请向发卡行提供系统跟踪号和时间、检索参考号、清算日期、金额和卡号后四位。',
    en: 'Give the issuing bank trace number and time, retrieval reference, clearing date, amount and the last four digits of the card.',
  },
};
