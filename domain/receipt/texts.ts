/** What a receipt says, in both languages. Texts are data: no sentence of a receipt stands anywhere else. */
import type { FallbackMethod } from '../refund/observation.ts';
import type { ProofReader } from '../refund/proof.ts';
import type { ChannelName } from '../refund/refund.ts';
import type { StateReason } from '../refund/state.ts';
import type { Family, Phase } from './phase.ts';
import type { Words } from './words.ts';

export const CHANNEL_TITLES: Readonly<Record<ChannelName, Words>> = {
  wechat: { zh: '微信支付', en: 'WeChat Pay' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  unionpay: { zh: '银联', en: 'UnionPay' },
};

export const FAMILY_TITLES: Readonly<Record<Family, Words>> = {
  under_way: { zh: '处理中', en: 'Under way' },
  arrived: { zh: '已到账', en: 'Arrived' },
  needs_action: { zh: '需处理', en: 'Needs action' },
  overdue: { zh: '已逾期', en: 'Overdue' },
  closed: { zh: '已关闭', en: 'Closed' },
};

/** `{channel}` is filled in. */
export const HEADLINES: Readonly<Record<Phase, Words>> = {
  submitting: { zh: '商户正在提交退款', en: 'The merchant is submitting your refund' },
  accepted: { zh: '{channel}已受理，退款处理中', en: '{channel} has accepted your refund' },
  at_bank: { zh: '{channel}已退款，银行入账中', en: 'Paid by {channel}, your bank is posting it' },
  paid_out: { zh: '{channel}已退出款项，到账以银行为准', en: '{channel} has paid your refund out' },
  arrived: { zh: '退款已到账', en: 'Your refund has arrived' },
  needs_action: { zh: '退款暂未完成，商户处理中', en: 'Not finished yet, the merchant is on it' },
  not_made: { zh: '退款未成功，款项未动', en: 'Not refunded, no money has moved' },
  returned: { zh: '退款被退回，未能入账', en: 'Your refund came back, it was not credited' },
  to_be_paid_otherwise: { zh: '商户将改用其他方式付给您', en: 'The merchant will pay you another way' },
  paid_otherwise: { zh: '商户已改用其他方式付给您', en: 'The merchant has paid you another way' },
};

/** The channel called it done, and something contradicts that. */
export const HEADLINE_IN_DOUBT: Words = {
  zh: '{channel}称已退款，商户正在核实',
  en: '{channel} says it is paid, the merchant is checking',
};

/** The step of a payment that is not made yet: its name must not say that it was. */
export const STEP_TO_BE_PAID: Words = { zh: '{channel}退款', en: 'Payment by {channel}' };

export const STEP_NAMES = {
  requested: { zh: '商户受理退款', en: 'Taken on by the merchant' },
  accepted: { zh: '{channel}受理', en: 'Accepted by {channel}' },
  paid: { zh: '{channel}退款成功', en: 'Paid by {channel}' },
  arrived: { zh: '到账', en: 'In your account' },
  needs_action: { zh: '需商户处理', en: 'The merchant has to act' },
  not_made: { zh: '退款未成功', en: 'Not refunded' },
  returned: { zh: '款项被退回', en: 'Came back' },
  redirected: { zh: '原账户无法入账，已改退其他账户', en: 'Could not be credited, sent elsewhere' },
  to_be_paid_otherwise: { zh: '商户改用其他方式付款', en: 'To be paid another way' },
  paid_otherwise: { zh: '商户已付款', en: 'Paid by the merchant' },
} as const satisfies Readonly<Record<string, Words>>;

export type StepName = keyof typeof STEP_NAMES;

/** Who looks a number up. */
export const READER_TITLES: Readonly<Record<ProofReader, Words>> = {
  payer_bank: { zh: '给银行看', en: 'for your bank' },
  payer_channel: { zh: '给{channel}客服看', en: "for {channel}'s support" },
  merchant_channel: { zh: '给商家看', en: 'for the merchant' },
};

export const FALLBACK_TITLES: Readonly<Record<FallbackMethod, Words>> = {
  bank_transfer: { zh: '银行转账', en: 'bank transfer' },
  alipay_transfer: { zh: '支付宝转账', en: 'Alipay transfer' },
  wechat_transfer: { zh: '微信转账', en: 'WeChat transfer' },
  cash: { zh: '现金', en: 'cash' },
};

export const SENTENCES = {
  nothing_to_do: { zh: '您无需操作。', en: 'There is nothing for you to do.' },
  soon: {
    zh: '商户正在提交，通常很快完成。',
    en: 'The merchant is submitting it; that is usually done soon.',
  },
  asked: {
    zh: '退款晚于预计时间。我们最近一次向{channel}查询是{asked}。',
    en: 'The refund is later than expected. We last asked {channel} on {asked}.',
  },
  late: {
    zh: '退款晚于预计时间，我们正在向{channel}查询。',
    en: 'The refund is later than expected; we are asking {channel} about it.',
  },
  quote_channel: {
    zh: '您可以联系{channel}客服，提供{name} {value} 查询。',
    en: "You can ask {channel}'s support, quoting the {name} {value}.",
  },
  quote_bank: {
    zh: '您可以联系发卡银行，提供{name} {value}、退款日期和金额查询。',
    en: 'You can ask the bank of your card, quoting the {name} {value}, the date and the amount.',
  },
  quote_merchant: {
    zh: '也可以联系商家，提供退款单号 {value}。',
    en: 'You can also ask the merchant, quoting the refund number {value}.',
  },
  bank_posts: {
    zh: '银行入账时间以发卡银行为准，最晚为上面的日期。',
    en: 'When it shows depends on your bank; the date above is the latest.',
  },
  card_may_take: {
    zh: '{channel}的记录显示款项已退出；何时显示在卡上由发卡银行决定。',
    en: "By {channel}'s records the money has left; when your card shows it is up to its bank.",
  },
  past_day: {
    zh: '预计的日期已过。如仍未看到款项，请凭凭证号查询。',
    en: 'The expected day has passed. If you do not see the money, ask, quoting the numbers of this receipt.',
  },
  credit_card: {
    zh: '退到信用卡的款项冲抵账单，可能不显示为余额或单独入账。',
    en: 'A refund to a credit card reduces what you owe and may not show as an amount of its own.',
  },
  credit_line: {
    zh: '退到{channel}信用额度的款项冲抵账单或恢复额度。',
    en: "A refund to {channel}'s credit reduces the bill or restores the limit.",
  },
  returned_to_wallet: {
    zh: '银行未能入账，款项已改退到您的{channel}余额，请在{channel}中查看。',
    en: 'The bank did not take it: the money is in your {channel} balance instead.',
  },
  flaw: {
    zh: '{channel}提示这笔退款有异常，商户正在核实。',
    en: '{channel} says that something was wrong with this refund; the merchant is clearing it up.',
  },
  in_hand: {
    zh: '商户正在处理，会尽快提交给{channel}。',
    en: 'The merchant has it in hand and submits it to {channel} as soon as possible.',
  },
  being_cleared: {
    zh: '商户正在与{channel}核实，有结果会显示在这里。',
    en: 'The merchant is clearing it up with {channel}; what comes of it is shown here.',
  },
  merchant_will_call: {
    zh: '商户会联系您。请勿向任何人提供验证码或密码。',
    en: 'The merchant will contact you. Never give anybody a code or password.',
  },
  not_made: {
    zh: '{channel}没有退出这笔款项。如仍需退款，商户会重新发起。',
    en: '{channel} has not paid this refund. If it is still due, the merchant makes a new one.',
  },
  returned: {
    zh: '{channel}退款后，银行或账户没有收下，款项已回到商户。',
    en: 'After {channel} paid it, the bank or account did not take it; the money is back with the merchant.',
  },
  paid_otherwise_soon: {
    zh: '商户将以{method}付给{payee}。请勿向任何人提供验证码或密码。',
    en: 'The merchant pays {payee} by {method}. Never give anybody a code or password.',
  },
  paid_otherwise: {
    zh: '商户已于{paid}以{method}付给{payee}，流水号 {value}。未收到时请凭流水号向银行或商家查询。',
    en: 'The merchant paid {payee} by {method} on {paid}, number {value}. Quote it to your bank or the merchant if it has not come.',
  },
  help: {
    zh: '仍未解决：先联系商家；也可以请消费者协会调解，或拨打 12315 向市场监管部门投诉。',
    en: 'If it is still not solved: ask the merchant first; the consumer association can mediate, and 12315 takes complaints.',
  },
  provisional: {
    zh: '有年份的放假安排尚未公布，日期可能调整。',
    en: 'A year was counted whose holidays are not published yet; the date may change.',
  },
} as const satisfies Readonly<Record<string, Words>>;

/** What a refund waits for at the merchant's, where the payer can be told. */
export const REASONS: Readonly<Partial<Record<Exclude<StateReason, null>, Words>>> = {
  abnormal: {
    zh: '原付款卡或账户无法入账（可能已注销或冻结）。',
    en: 'The card or account that you paid from cannot be credited (it may be closed or frozen).',
  },
  payer_account_closed: {
    zh: '您在{channel}的账户目前无法收款。',
    en: 'Your account at {channel} cannot receive money at present.',
  },
  try_later: {
    zh: '{channel}暂时无法处理，稍后会自动重试。',
    en: '{channel} cannot take it at the moment; it is tried again by itself.',
  },
};

/** On every receipt, whatever it says. */
export const NOTES = {
  fraud: {
    zh: '我们不会以退款为由索要验证码、密码或要求您转账。',
    en: 'We never ask for codes, passwords or transfers to release a refund.',
  },
  not_invoice: {
    zh: '本凭证仅证明退款进度，不作为发票或报销凭证。',
    en: 'This receipt proves the progress of a refund only. It is not an invoice and no voucher for expenses.',
  },
  masked: {
    zh: '个人信息已脱敏显示。时间均为北京时间。',
    en: 'Personal data are masked. All times are Beijing time.',
  },
} as const satisfies Readonly<Record<string, Words>>;

/** Both languages with `{name}`s filled in. */
export function filled(words: Words, values: Readonly<Record<string, Words | string>>): Words {
  const fill = (language: 'zh' | 'en'): string =>
    words[language].replace(/\{([a-z]+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === 'string' ? value : value[language];
    });
  return { zh: fill('zh'), en: fill('en') };
}
