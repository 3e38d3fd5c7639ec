/**
 * Words to send about a late refund: to the payer, for the payer's bank, and to the channel's service for merchants. Facts
 * only, with the numbers to quote; nothing says that money has arrived.
 */
import { maskedAccount } from '../receipt/mask.ts';
import type { Bilingual } from '../bilingual.ts';
import { formatYuan } from '../money.ts';
import type { ProofReader } from '../refund/proof.ts';
import type { LateRefund, Serial } from './late-refund.ts';
import { endText, minuteOf } from './late-refund.ts';
import type { Situation } from './situation.ts';

export interface OverdueMessages {
  readonly toPayer: Bilingual;
  /** Null where the channel has nothing to say: it never heard of the refund, or there is evidence by now. */
  readonly toChannel: Bilingual | null;
}

export function overdueMessages(late: LateRefund): OverdueMessages {
  const isAskable = late.situation in REQUESTS;
  return {
    toPayer: { zh: payerZh(late), en: payerEn(late) },
    toChannel: isAskable ? { zh: channelZh(late), en: channelEn(late) } : null,
  };
}

/** What a channel's short answers mean. What is not here is quoted as it was said. */
const ANSWERS: Readonly<Record<string, Bilingual>> = {
  processing: { zh: '处理中', en: 'processing' },
  success: { zh: '渠道已退出', en: 'sent by the channel' },
  abnormal: { zh: '退款异常', en: 'abnormal' },
  closed: { zh: '退款关闭', en: 'closed' },
  'no such refund': { zh: '查无此退款', en: 'no such refund' },
};

function askedZh({ asked, desk }: LateRefund): string {
  if (asked.at === null) return '';
  const when = `我们已于 ${minuteOf(asked.at)} 向${desk.name.zh}查询`;
  if (asked.outcome === 'no_answer') return `${when}，尚未得到答复。`;
  return `${when}，答复：${ANSWERS[asked.said ?? '']?.zh ?? asked.said ?? '无'}。`;
}

function askedEn({ asked, desk }: LateRefund): string {
  if (asked.at === null) return '';
  const when = `We asked ${desk.name.en} at ${minuteOf(asked.at)}`;
  if (asked.outcome === 'no_answer') return `${when} and have no answer yet.`;
  return `${when}; the answer: ${ANSWERS[asked.said ?? '']?.en ?? asked.said ?? 'none'}.`;
}

const STANDS: Readonly<Record<Situation, (late: LateRefund) => Bilingual>> = {
  not_sent: () => ({
    zh: '退款尚未提交，我们正在处理。',
    en: 'It has not been submitted yet; we are on it.',
  }),
  unknown: () => ({ zh: '我们正在核实退款的状态。', en: 'We are finding out how it stands.' }),
  with_channel: ({ desk }) => ({
    zh: `退款已由${desk.name.zh}受理，尚未完成，我们会继续跟进。`,
    en: `${desk.name.en} has taken it and has not finished; we follow it up.`,
  }),
  with_payer_bank: ({ desk }) => ({
    zh: `${desk.name.zh}已退出这笔钱，您的银行可能尚未入账。${desk.atTheBank.zh}`,
    en: `${desk.name.en} has sent the money on; your bank may not have posted it yet. ${desk.atTheBank.en}`,
  }),
  needs_person: () => ({
    zh: '退款需要人工处理，我们会联系您。',
    en: 'It needs a person; we will contact you.',
  }),
  came_back: ({ desk }) => ({
    zh: `${desk.name.zh}退款后，您的银行或账户没有收下，款项退回了商户。我们会联系您，商定另外的付款方式。`,
    en: `${desk.name.en} paid it, and your bank or account did not take it. We will contact you about another way to pay you.`,
  }),
  to_be_paid_otherwise: () => ({
    zh: '这笔退款将改用其他方式付给您，付款后会告知流水号。',
    en: 'You will be paid another way; you will be given the number of that payment.',
  }),
  proven: ({ desk }) => ({
    zh: `${desk.name.zh}刚刚更新了状态，请查看退款进度。`,
    en: `${desk.name.en} has just told us more; please look at the refund's page.`,
  }),
};

const SAFETY: Bilingual = {
  zh: '我们不会以退款为由索要验证码、密码或要求您转账。',
  en: 'We never ask for codes, passwords or transfers to release a refund.',
};

function payerZh(late: LateRefund): string {
  const { refund, situation } = late;
  return lines(
    `您的退款 ¥${formatYuan(refund.amountMinor)}（申请于 ${minuteOf(refund.requestedAt)}，订单 ${refund.paymentNo}）晚于预计时间（${endText(refund.promiseAt)} 前）。${askedZh(late)}`,
    STANDS[situation](late).zh,
    ...(refund.landsIn === null ? [] : [`退回至：${maskedAccount(refund.landsIn)}`]),
    ...numbers(late.serials, ['payer_bank', 'payer_channel']).map(
      (one) => `${one.name.zh}：${one.value ?? one.missing?.zh ?? ''}（${readersOf(one, 'zh')}）`,
    ),
    SAFETY.zh,
  );
}

function payerEn(late: LateRefund): string {
  const { refund, situation } = late;
  return lines(
    `Your refund of CNY ${formatYuan(refund.amountMinor)} (asked for at ${minuteOf(refund.requestedAt)}, order ${refund.paymentNo}) is later than expected (by ${endText(refund.promiseAt)}). ${askedEn(late)}`,
    STANDS[situation](late).en,
    ...(refund.landsIn === null ? [] : [`Goes back to: ${maskedAccount(refund.landsIn)}`]),
    ...numbers(late.serials, ['payer_bank', 'payer_channel']).map(
      (one) => `${one.name.en}: ${one.value ?? one.missing?.en ?? ''} (${readersOf(one, 'en')})`,
    ),
    `${SAFETY.en} All times are Beijing time.`,
  );
}

/** What the channel is asked; nothing where it has done its part, or was never given one. */
const REQUESTS: Readonly<Partial<Record<Situation, Bilingual>>> = {
  unknown: {
    zh: '请告知：贵方是否收到过这个退款号，以及它现在的状态。',
    en: 'Please tell us whether you have received this refund number, and how it stands.',
  },
  with_channel: {
    zh: '请告知：没有完成的原因、预计完成时间，以及完成后可供付款人向银行查询的流水号。',
    en: 'Please tell us why it is not finished, when it will be, and the reference that the payer can quote to the bank.',
  },
  with_payer_bank: {
    zh: '请告知：退给付款人银行的时间和可供银行查询的流水号，以及银行是否已入账或退回。',
    en: "Please tell us when it went to the payer's bank, the reference that the bank can look up, and whether the bank has posted or returned it.",
  },
  needs_person: {
    zh: '请告知：这笔退款不能自动完成的原因，以及可行的处理办法。',
    en: 'Please tell us why this refund cannot be finished by itself, and what can be done.',
  },
  came_back: {
    zh: '请告知：这笔退款被退回的原因和时间，以及可供查询的退回流水号。',
    en: 'Please tell us why and when this refund came back, and the reference under which it did.',
  },
};

function requestOf(situation: Situation): Bilingual {
  return REQUESTS[situation] ?? { zh: '', en: '' };
}

function channelZh(late: LateRefund): string {
  const { refund, desk, daysLate } = late;
  return lines(
    `${desk.merchantService.zh}：您好。商户号 ${refund.externalId} 的以下退款已超过预计时间，请协助查询。`,
    `退款金额：¥${formatYuan(refund.amountMinor)}`,
    ...numbers(late.serials, ['merchant_channel']).map(
      (one) => `${one.name.zh}：${one.value ?? '贵方尚未提供'}`,
    ),
    `申请时间：${minuteOf(refund.requestedAt)}${refund.acceptedAt === null ? '' : `；受理时间：${minuteOf(refund.acceptedAt)}`}（北京时间）`,
    `预计时间：${endText(refund.promiseAt)} 前，已晚 ${String(daysLate)} 个工作日`,
    ...(askedZh(late) === '' ? [] : [askedZh(late)]),
    requestOf(late.situation).zh,
  );
}

function channelEn(late: LateRefund): string {
  const { refund, desk, daysLate } = late;
  return lines(
    `To ${desk.merchantService.en}: the refund below, of merchant ${refund.externalId}, is later than expected. Please look into it.`,
    `Amount: CNY ${formatYuan(refund.amountMinor)}`,
    ...numbers(late.serials, ['merchant_channel']).map(
      (one) => `${one.name.en}: ${one.value ?? 'not provided by you yet'}`,
    ),
    `Asked for: ${minuteOf(refund.requestedAt)}${refund.acceptedAt === null ? '' : `; taken: ${minuteOf(refund.acceptedAt)}`} (Beijing time)`,
    `Expected by ${endText(refund.promiseAt)}; ${String(daysLate)} business ${daysLate === 1 ? 'day' : 'days'} late`,
    ...(askedEn(late) === '' ? [] : [askedEn(late)]),
    requestOf(late.situation).en,
  );
}

function numbers(serials: readonly Serial[], readers: readonly ProofReader[]): readonly Serial[] {
  return serials.filter((one) => one.readers.some((reader) => readers.includes(reader)));
}

/** For whom the payer has a number. */
function readersOf(serial: Serial, language: keyof Bilingual): string {
  return serial.isFor
    .filter(({ reader }) => reader !== 'merchant_channel')
    .map((one) => one[language])
    .join(language === 'zh' ? '，' : '; ');
}

function lines(...all: readonly string[]): string {
  return all.map((line) => line.trim()).join('\n');
}
