/** What a person does about a refund that does not go on by itself, by the reason why it does not. */
import type { Bilingual } from '../bilingual.ts';
import type { StateReason } from './state.ts';

const LOOK: Bilingual = {
  zh: '由人工查看时间线后决定。',
  en: 'A person looks at the timeline and decides.',
};

const ACTIONS: Readonly<Record<Exclude<StateReason, null>, Bilingual>> = {
  short_balance: {
    zh: '给商户在渠道的账户充值，之后会自动继续。',
    en: "Top up the merchant's balance at the channel; then it goes on by itself.",
  },
  account_config: {
    zh: '渠道拒绝了账户的密钥或权限：运行 `yuanlu doctor` 并修正账户。',
    en: "The channel refuses the account's credentials or rights: run `yuanlu doctor` and mend the account.",
  },
  payer_account_closed: {
    zh: '付款人在渠道的账户已注销或冻结：由人工选择其他退款方式。',
    en: "The payer's account at the channel is closed or frozen: a person chooses another route to the payer.",
  },
  abnormal: {
    zh: '原卡或原账户已失效：由人工告诉渠道钱改退到哪里。',
    en: 'The card or account it went to is dead: a person tells the channel where the money goes instead.',
  },
  payment_mismatch: {
    zh: '渠道查不到这笔付款，或所说的与登记的不符：由人工查明哪个是对的。',
    en: 'The channel does not know the payment, or describes it otherwise than it was registered: a person finds out which is right.',
  },
  amount_mismatch: {
    zh: '渠道所说的金额与申请的不符：由人工与渠道核对。',
    en: 'The channel names another amount than was asked for: a person clears it up with the channel.',
  },
  conflict_of_evidence: {
    zh: '渠道前后说法矛盾：先由人工与渠道核对清楚。',
    en: 'What the channel said contradicts itself: a person clears it up with the channel before anything else.',
  },
  channel_silent: {
    zh: '渠道多次收到同一号码，既不说成也不说败：由人工询问渠道客服。',
    en: 'The channel took the same number several times and says neither yes nor no: a person asks its support.',
  },
  try_later: {
    zh: '渠道暂时不能受理，会自动继续。',
    en: 'The channel cannot take it at the moment; it goes on by itself.',
  },
  blocked: {
    zh: '渠道的规则拦下了它：由人工决定。',
    en: 'A rule of the channel blocks it: a person decides.',
  },
  over_limit: {
    zh: '超过商户设定的限额，或所依据的退款报价须人工复核：由两人批准后才会提交（`yuanlu approvals release`）。',
    en: "Over a limit of the merchant's, or its quote is outside of the shop's rules: two people release it before it is sent (`yuanlu approvals release`).",
  },
  fallback_approved: {
    zh: '已批准以其他方式付给付款人：付款后登记流水号（`yuanlu refunds paid-otherwise`）。',
    en: 'The payer is to be paid another way: pay, then record the number of it (`yuanlu refunds paid-otherwise`).',
  },
  paid_otherwise: {
    zh: '已以其他方式付给付款人，无需再办。',
    en: 'The payer was paid another way: nothing is left to do.',
  },
  rate_limited: LOOK,
  closed: LOOK,
  refused: LOOK,
  decided_not_paid: LOOK,
};

/** One sentence for whoever has to act. */
export function personAction(reason: StateReason): Bilingual {
  return reason === null ? LOOK : ACTIONS[reason];
}
