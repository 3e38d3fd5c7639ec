/** To whom one turns about a late refund at a channel. Each channel's folder has its own, from its own documents. */
import type { Bilingual } from '../bilingual.ts';

export interface ChannelDesk {
  /** As payers know the channel. */
  readonly name: Bilingual;
  /** Where merchants ask. */
  readonly merchantService: Bilingual;
  /** Where payers ask. */
  readonly payerService: Bilingual;
  /** By what the payer's bank finds the refund: whether the channel gives a reference of the bank, and what else helps. */
  readonly atTheBank: Bilingual;
}

/** For a refund whose account is no longer configured: nobody says which numbers its channel goes by. */
export const UNKNOWN_DESK: ChannelDesk = {
  name: { zh: '支付渠道', en: 'the channel' },
  merchantService: { zh: '支付渠道的商户服务', en: "the channel's merchant service" },
  payerService: { zh: '支付渠道的客服', en: "the channel's support" },
  atTheBank: {
    zh: '请向银行提供退款日期、金额和卡号后四位。',
    en: 'Give the bank the date, the amount and the last four digits of the card.',
  },
};
