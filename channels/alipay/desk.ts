import type { ChannelDesk } from '../../domain/overdue/desk.ts';

export const ALIPAY_DESK: ChannelDesk = {
  name: { zh: '支付宝', en: 'Alipay' },
  merchantService: { zh: '支付宝商家服务', en: "Alipay's merchant service" },
  payerService: { zh: '支付宝客服', en: "Alipay's support" },
  atTheBank: {
    zh: '支付宝不提供银行的流水号：请向银行提供退款日期、金额和卡号后四位，凭交易号向支付宝查询。',
    en: 'Alipay gives no reference of the bank: tell the bank date, amount and the last four digits of the card; Alipay looks up the trade number.',
  },
};
