/** What to do next about a late refund, by where it hangs and how late it is. */
import type { Bilingual } from '../bilingual.ts';
import { personAction } from '../refund/person-action.ts';
import type { StateReason } from '../refund/state.ts';
import type { ChannelDesk } from './desk.ts';
import { HIGHEST_LEVEL } from './levels.ts';
import type { Situation } from './situation.ts';

export const NEXT_ACTIONS = ['check_our_side', 'ask_channel', 'ask_bank', 'decide', 'none'] as const;

/**
 * `check_our_side`: it was never put to the channel. `ask_channel`: send the ready text to the channel's service for
 * merchants. `ask_bank`: the payer quotes the serials to the bank. `decide`: a person acts. `none`: the next sweep lifts
 * the flag.
 */
export interface NextAction extends Bilingual {
  readonly code: (typeof NEXT_ACTIONS)[number];
}

type Standing = {
  readonly desk: ChannelDesk;
  readonly reason: StateReason;
};

const BY_SITUATION: Readonly<Record<Situation, (of: Standing) => NextAction>> = {
  not_sent: ({ desk: { name } }) => ({
    code: 'check_our_side',
    zh: `还没有提交给${name.zh}：查看进程和账户（\`yuanlu doctor\`）；不要换号重新退款。`,
    en: `Not put to ${name.en} yet: look at the processes and the account (\`yuanlu doctor\`); do not refund under another number.`,
  }),
  unknown: ({ desk: { name, merchantService } }) => ({
    code: 'ask_channel',
    zh: `${name.zh}还没有可信的答复：把备好的文字发给${merchantService.zh}；不要换号重新退款。`,
    en: `${name.en} has given no answer that can be trusted: send the ready text to ${merchantService.en}; do not refund under another number.`,
  }),
  with_channel: ({ desk: { name, merchantService } }) => ({
    code: 'ask_channel',
    zh: `${name.zh}已受理，钱还没有退出：把备好的文字发给${merchantService.zh}，并告知付款人。`,
    en: `${name.en} has taken it and not sent the money yet: send the ready text to ${merchantService.en} and tell the payer.`,
  }),
  with_payer_bank: ({ desk: { name } }) => ({
    code: 'ask_bank',
    zh: `${name.zh}已退出，付款人的银行还没有入账：把备好的文字发给付款人，凭号码向银行查询。`,
    en: `${name.en} has sent it and the payer's bank has not posted it: send the payer the ready text, with the numbers to quote to the bank.`,
  }),
  needs_person: ({ reason }) => ({ code: 'decide', ...personAction(reason) }),
  came_back: ({ desk: { name } }) => ({
    code: 'decide',
    zh: `${name.zh}退款后款项又退回了商户：联系付款人，由两人决定改用什么方式付给他（\`yuanlu approvals fallback\`）。`,
    en: `${name.en} paid it and it came back: ask the payer, and let two people decide how else to pay (\`yuanlu approvals fallback\`).`,
  }),
  to_be_paid_otherwise: ({ reason }) => ({ code: 'decide', ...personAction(reason) }),
  proven: () => ({
    code: 'none',
    zh: '已有证据，下次巡检会撤下标记。',
    en: 'There is evidence by now: the next sweep lifts the flag.',
  }),
};

/** Who does it, once whoever had it at the alarm has not put it right. */
const ESCALATED: Bilingual = {
  zh: '已升级，由负责人接手：',
  en: 'Escalated, so whoever is in charge takes it over: ',
};

export function nextActionOf(
  of: Standing & { readonly situation: Situation; readonly level: number },
): NextAction {
  const action = BY_SITUATION[of.situation](of);
  if (of.level < HIGHEST_LEVEL || action.code === 'none') return action;
  return { code: action.code, zh: `${ESCALATED.zh}${action.zh}`, en: `${ESCALATED.en}${action.en}` };
}
