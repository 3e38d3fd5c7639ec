import type { ChannelDesk } from '../../domain/overdue/desk.ts';

export const WECHAT_DESK: ChannelDesk = {
  name: { zh: '微信支付', en: 'WeChat Pay' },
  merchantService: { zh: '微信支付商户服务', en: "WeChat Pay's merchant service" },
  payerService: { zh: '微信支付客服', en: "WeChat Pay's support" },
  atTheBank: {
    zh: '微信支付不提供银行的流水号：请向银行提供微信退款单号、退款日期、金额和卡号后四位。',
    en: 'WeChat Pay gives no reference of the bank: quote its refund number with date, amount and the last four digits of the card.',
  },
};
