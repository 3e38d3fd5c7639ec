/** What is said about a late refund: facts as they are, each number with whom it is for, words to send in two languages. */
import { describe, expect, test } from 'vitest';
import { alipayProofNumbers } from '../../../channels/alipay/proof-numbers.ts';
import { ALIPAY_DESK } from '../../../channels/alipay/desk.ts';
import { UNIONPAY_DESK } from '../../../channels/unionpay/desk.ts';
import { unionpayProofNumbers } from '../../../channels/unionpay/proof-numbers.ts';
import { WECHAT_DESK } from '../../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../../channels/wechat/proof-numbers.ts';
import type { FlaggedRefund, LateRefund } from '../../../domain/overdue/late-refund.ts';
import { endText, lateRefund } from '../../../domain/overdue/late-refund.ts';
import { legalClocks, legalNote } from '../../../domain/overdue/legal-clocks.ts';
import { overdueMessages } from '../../../domain/overdue/messages.ts';
import { lastQuestion, SITUATIONS, situationOf } from '../../../domain/overdue/situation.ts';
import type { ChannelName } from '../../../domain/refund/refund.ts';
import { CHANNEL_NAMES } from '../../../domain/refund/refund.ts';
import type { RefundState, StateReason } from '../../../domain/refund/state.ts';
import { chinaCalendar } from '../../../domain/time/china-calendar.ts';

const at = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);

const CHANNELS = {
  wechat: { desk: WECHAT_DESK, proofNumbers: wechatProofNumbers },
  alipay: { desk: ALIPAY_DESK, proofNumbers: alipayProofNumbers },
  unionpay: { desk: UNIONPAY_DESK, proofNumbers: unionpayProofNumbers },
} as const;

const REFUND: FlaggedRefund = {
  refundNo: 'RF20261120000000000001',
  channel: 'wechat',
  externalId: '1900000109',
  paymentNo: 'ORD20261101000000000034',
  amountMinor: 2_345n,
  state: 'processing',
  stateReason: null,
  level: 2,
  requestedAt: at('2026-11-16 10:00'),
  goodsReceivedAt: null,
  acceptedAt: at('2026-11-16 10:01'),
  // The end of Thursday the 19th.
  promiseAt: at('2026-11-20 00:00'),
  channelRefundNo: '50300000002026111600000000001',
  transactionId: '4200002026110100000000001',
  clearingDate: null,
  landsIn: '招商银行信用卡0403',
  bankLeg: null,
  lastAskedAt: at('2026-11-24 09:00'),
  lastAnswer: 'processing',
  unansweredAt: null,
  unansweredWhy: null,
};

const NOW = at('2026-11-24 10:00');

function late(refund: Partial<FlaggedRefund> = {}, channel: ChannelName = 'wechat'): LateRefund {
  return lateRefund(
    { ...REFUND, channel, ...refund },
    { channel: CHANNELS[channel], now: NOW, calendar: chinaCalendar },
  );
}

/** Every text that may be sent about it. */
function texts(one: LateRefund): string[] {
  const { toPayer, toChannel } = overdueMessages(one);
  return [toPayer.zh, toPayer.en, ...(toChannel === null ? [] : [toChannel.zh, toChannel.en])];
}

/** A refund in each situation there is. */
const IN_SITUATION: readonly Partial<FlaggedRefund>[] = [
  { state: 'requested', lastAskedAt: null, lastAnswer: null, channelRefundNo: null },
  { state: 'unknown', channelRefundNo: null },
  { state: 'processing' },
  { state: 'succeeded', bankLeg: 'pending', lastAnswer: 'success' },
  { state: 'needs_action', stateReason: 'abnormal', lastAnswer: 'abnormal' },
  { state: 'succeeded', lastAnswer: 'success' },
  { state: 'returned', lastAnswer: 'success' },
  { state: 'failed', stateReason: 'fallback_approved' },
];

describe('where it hangs', () => {
  test.each<[RefundState, 'pending' | null, (typeof SITUATIONS)[number], StateReason?]>([
    ['returned', null, 'came_back'],
    ['returned', null, 'to_be_paid_otherwise', 'fallback_approved'],
    ['failed', null, 'to_be_paid_otherwise', 'fallback_approved'],
    ['returned', null, 'proven', 'paid_otherwise'],
    ['requested', null, 'not_sent'],
    ['unknown', null, 'unknown'],
    ['processing', null, 'with_channel'],
    ['succeeded', 'pending', 'with_payer_bank'],
    ['settled', 'pending', 'with_payer_bank'],
    ['needs_action', null, 'needs_person'],
    ['succeeded', null, 'proven'],
    ['failed', null, 'proven'],
  ])('%s, bank %s: %s', (state, bankLeg, situation, stateReason = null) => {
    expect(situationOf({ state, bankLeg, stateReason })).toBe(situation);
  });

  test('each situation has its own next action at each channel, in both languages', () => {
    for (const channel of CHANNEL_NAMES) {
      const actions = IN_SITUATION.map((refund) => late(refund, channel).nextAction);
      expect(new Set(actions.map(({ zh }) => zh)).size).toBe(SITUATIONS.length);
      for (const { zh, en } of actions) {
        expect(zh).toMatch(/\p{Script=Han}/u);
        expect(en).not.toMatch(/\p{Script=Han}/u);
      }
    }
    expect(late({ state: 'succeeded', bankLeg: 'pending' }).nextAction.code).toBe('ask_bank');
    expect(late().nextAction.en).toContain("WeChat Pay's merchant service");
    expect(late({ state: 'needs_action', stateReason: 'abnormal' }).nextAction).toMatchObject({
      code: 'decide',
      en: expect.stringContaining('dead') as string,
    });
  });

  test('an escalated one says that somebody else takes it over', () => {
    expect(late({ level: 3 }).nextAction.zh).toMatch(/^已升级/);
    expect(late({ level: 2 }).nextAction.zh).not.toMatch(/升级/);
  });
});

describe('what was asked', () => {
  test.each([
    ['an answer', {}, 'answered', at('2026-11-24 09:00'), 'processing'],
    [
      'silence after it',
      { unansweredAt: at('2026-11-24 09:30'), unansweredWhy: 'ETIMEDOUT' },
      'no_answer',
      at('2026-11-24 09:30'),
      'ETIMEDOUT',
    ],
    [
      'silence before it',
      { unansweredAt: at('2026-11-24 08:30'), unansweredWhy: 'ETIMEDOUT' },
      'answered',
      at('2026-11-24 09:00'),
      'processing',
    ],
    ['no question', { lastAskedAt: null, lastAnswer: null }, 'not_asked', null, null],
    [
      'nothing sent',
      { lastAskedAt: null, lastAnswer: null, state: 'requested' },
      'nothing_to_ask',
      null,
      null,
    ],
  ] as const)('%s', (_what, facts, outcome, when, said) => {
    expect(lastQuestion({ ...REFUND, ...facts })).toEqual({ outcome, at: when, said });
  });
});

describe('each number', () => {
  test('says whom it is for', () => {
    const [refundNumber, transaction] = late().serials;

    expect(refundNumber?.isFor.map(({ en }) => en)).toEqual([
      "for WeChat Pay's support",
      "for the payer's bank",
      "for WeChat Pay's merchant service",
    ]);
    expect(transaction?.isFor.map(({ reader }) => reader)).toEqual(['payer_channel', 'merchant_channel']);
  });

  test('that is not there yet says so, with when the channel was asked and whether it answered', () => {
    const missing = (refund: Partial<FlaggedRefund>) =>
      late({ channelRefundNo: null, ...refund }).serials[0]?.missing;

    expect(missing({})).toEqual({
      zh: '渠道尚未提供，2026-11-24 09:00 询问过',
      en: 'not provided by the channel yet, asked at 2026-11-24 09:00',
    });
    expect(missing({ unansweredAt: at('2026-11-24 09:30'), unansweredWhy: 'x' })?.en).toBe(
      'not provided by the channel yet, asked at 2026-11-24 09:30 without an answer',
    );
    expect(missing({ lastAskedAt: null })?.zh).toBe('渠道尚未提供');
    expect(late().serials[0]?.missing).toBeNull();
  });

  test('is not there for an account that is no longer configured, and everything else is', () => {
    const orphan = lateRefund(REFUND, { channel: undefined, now: NOW, calendar: chinaCalendar });

    expect(orphan.serials).toEqual([]);
    expect(orphan.daysLate).toBe(3);
    expect(texts(orphan)).toHaveLength(4);
  });
});

describe('words to send', () => {
  test('to the payer: amount, date, what was asked and said, each number with whom it is for, and the warning', () => {
    expect(overdueMessages(late()).toPayer.zh.split('\n')).toEqual([
      '您的退款 ¥23.45（申请于 2026-11-16 10:00，订单 ORD20261101000000000034）晚于预计时间（2026-11-19 24:00 前）。我们已于 2026-11-24 09:00 向微信支付查询，答复：处理中。',
      '退款已由微信支付受理，尚未完成，我们会继续跟进。',
      '退回至：招商银行信用卡0403',
      '微信退款单号：50300000002026111600000000001（给微信支付客服看，给银行看）',
      '微信支付订单号：4200002026110100000000001（给微信支付客服看）',
      '我们不会以退款为由索要验证码、密码或要求您转账。',
    ]);
  });

  test('to the channel: whose merchant, which refund, since when, and what is wanted', () => {
    expect(
      overdueMessages(late({ bankLeg: 'pending', state: 'succeeded', lastAnswer: 'success' }, 'alipay'))
        .toChannel?.en,
    ).toBe(
      [
        "To Alipay's merchant service: the refund below, of merchant 1900000109, is later than expected. Please look into it.",
        'Amount: CNY 23.45',
        'Alipay trade number: 4200002026110100000000001',
        'refund request number: RF20261120000000000001',
        'merchant order number: ORD20261101000000000034',
        'Asked for: 2026-11-16 10:00; taken: 2026-11-16 10:01 (Beijing time)',
        'Expected by 2026-11-19 24:00; 3 business days late',
        'We asked Alipay at 2026-11-24 09:00; the answer: sent by the channel.',
        "Please tell us when it went to the payer's bank, the reference that the bank can look up, and whether the bank has posted or returned it.",
      ].join('\n'),
    );
  });

  test('say at no channel and in no situation that money has arrived, and leave nothing out of a sentence', () => {
    for (const channel of CHANNEL_NAMES) {
      for (const refund of IN_SITUATION) {
        for (const text of texts(late(refund, channel))) {
          expect(text).not.toMatch(/到账|已入账(?!或)|arrived|undefined|null|\[object/);
          expect(text).not.toMatch(/^\s*$/m);
          expect(text.length).toBeLessThan(1_500);
        }
      }
    }
  });

  test('are not made for a channel that never heard of the refund, or when there is evidence by now', () => {
    const [notSent, , , , , proven] = IN_SITUATION;

    expect(overdueMessages(late(notSent)).toChannel).toBeNull();
    expect(overdueMessages(late(proven)).toChannel).toBeNull();
  });

  test('say that a question had no answer, and quote an answer that has no word of ours', () => {
    const silent = late({ unansweredAt: at('2026-11-24 09:30'), unansweredWhy: 'channel_unreachable' });
    expect(overdueMessages(silent).toPayer.zh).toContain('2026-11-24 09:30 向微信支付查询，尚未得到答复');
    expect(overdueMessages(silent).toPayer.en).toContain('and have no answer yet.');
    expect(overdueMessages(late({ lastAnswer: 'A6' })).toPayer.zh).toContain('答复：A6。');
  });
});

describe('the legal clocks', () => {
  test('run for 7 and 15 calendar days from the request, and end at 24:00 in Beijing', () => {
    const requestedAt = at('2026-11-16 23:59');
    const clocks = legalClocks({ requestedAt, goodsReceivedAt: null }, at('2026-11-24 00:00'));

    expect(clocks.map(({ days, endsAt, passed }) => [days, endText(endsAt), passed])).toEqual([
      [7, '2026-11-23 24:00', true],
      [15, '2026-12-01 24:00', false],
    ]);
    const before = new Date(at('2026-11-24 00:00').getTime() - 1);
    expect(legalClocks({ requestedAt, goodsReceivedAt: null }, before)[0]?.passed).toBe(false);
    for (const { law, countsFrom } of clocks) {
      expect(law.zh).toMatch(/第.+条/);
      expect(law.en).toMatch(/article/);
      expect(countsFrom).toBe(requestedAt);
    }
  });

  test('count the 7 days from the day on which the goods came back, where the request says so', () => {
    const refund = { requestedAt: at('2026-11-18 10:00'), goodsReceivedAt: at('2026-11-16 23:59') };

    const clocks = legalClocks(refund, at('2026-11-24 00:00'));

    expect(clocks.map(({ days, start, endsAt, passed }) => [days, start, endText(endsAt), passed])).toEqual([
      [7, 'goods_received', '2026-11-23 24:00', true],
      [15, 'refund_requested', '2026-12-03 24:00', false],
    ]);
    expect(legalNote(refund).en).toContain('says that the goods came back');
    expect(legalNote({ goodsReceivedAt: null }).en).toContain('is not known here');
  });
});
