/** The rules by which the lines of a quote come about, each with where it comes from. */
import type { Bilingual } from '../bilingual.ts';

export const QUOTE_RULES = {
  payment: {
    zh: '支付记录：退款以实际支付的金额为限，原路退回',
    en: 'The record of the payment: what comes back is at most what was paid, the way it came',
  },
  unused_part: {
    zh: '本店规则：未使用部分退还；《消费者权益保护法》第五十三条（预收款）',
    en: 'Shop rule: what was not used comes back; Consumer Rights Protection Law, article 53 (prepayments)',
  },
  proof_of_use: {
    zh: '本店规则：称已使用须有使用记录；《电子商务法》第六十二条（交易记录由经营者提供）',
    en: 'Shop rule: "already used" needs the usage record; E-Commerce Law, article 62 (the business produces the records)',
  },
  shown_fee: {
    zh: '本店规则：手续费不超过10%，以购买时公示的为准；《消费者权益保护法》第二十六条（格式条款）',
    en: 'Shop rule: a fee of at most 10 %, as shown at the purchase; Consumer Rights Protection Law, article 26 (standard terms)',
  },
  unused_period: {
    zh: '本店规则：续费后未使用的期间退还；《消费者权益保护法》第五十三条（预收款）',
    en: 'Shop rule: the unused period after a renewal comes back; Consumer Rights Protection Law, article 53 (prepayments)',
  },
  renewal_notice: {
    zh: '续费日期前须显著提示：《消费者权益保护法实施条例》第十条，《网络交易监督管理办法》第十八条',
    en: 'A renewal is announced prominently before its day: Implementing Regulations of the consumer law, article 10; Measures on Online Trading, article 18',
  },
  right_to_stop: {
    zh: '随时可取消自动续费，无需审核：《网络交易监督管理办法》第十八条',
    en: 'A renewal can be stopped at any time, without a review: Measures on Online Trading, article 18',
  },
  share_of_bundle: {
    zh: '本店规则：套餐可整体退，也可拆出一项，按各项价值分摊实付金额',
    en: 'Shop rule: a bundle comes back whole or by one item; what was paid is shared by the value of the items',
  },
  used_gift: {
    zh: '本店规则：已激活的赠品按其价值比例扣除',
    en: 'Shop rule: a gift that was activated is deducted pro rata of its value',
  },
  never_twice: {
    zh: '本店规则：各次退款合计不超过实付金额',
    en: 'Shop rule: the sum of all parts returned never exceeds what was paid',
  },
} as const satisfies Record<string, Bilingual>;

export type QuoteRule = keyof typeof QUOTE_RULES;
