/** WeChat Pay in the demo. */
import type { RefundTrouble } from '../../sandbox/wechat/troubles.ts';
import { COMMON } from './common-troubles.ts';
import type { DemoChannel } from './trouble.ts';

const CARDS = ['debit_card', 'credit_card'] as const;

export const WECHAT: DemoChannel<RefundTrouble> = {
  channel: 'wechat',
  share: 6,
  sources: ['wallet', 'wallet', 'wallet', ...CARDS],
  troubles: {
    lost_answer: COMMON.lost_answer,
    error_5xx: {
      about: 'the channel answers 500 although it accepted',
      expected: 'settled',
      atSandbox: { kind: 'error_5xx' },
      trace: { seen: ['attempt_unknown'] },
    },
    slow: {
      about: 'the answer takes long',
      expected: 'settled',
      atSandbox: { kind: 'slow', ms: 1_500 },
      trace: { toldByChannel: true },
    },
    wrong_signature: {
      about: 'the answer is wrongly signed',
      expected: 'settled',
      atSandbox: { kind: 'wrong_signature' },
      trace: { seen: ['attempt_unknown'] },
    },
    probe: {
      about: 'the channel probes whether signatures are checked',
      expected: 'settled',
      atSandbox: { kind: 'probe' },
      trace: { seen: ['attempt_unknown'] },
    },
    not_enough: {
      about: 'the merchant balance is short until it is topped up',
      expected: 'settled',
      atSandbox: { kind: 'not_enough' },
      trace: { held: 'short_balance', attemptsMin: 2 },
    },
    abnormal: {
      about: "the payer's card is dead",
      expected: 'needs_action',
      atSandbox: { kind: 'abnormal' },
      on: CARDS,
      overdue: 'always',
      trace: { reason: 'abnormal' },
    },
    closed: {
      about: 'the channel closes the refund',
      expected: 'failed',
      atSandbox: { kind: 'closed' },
      on: CARDS,
      trace: { reason: 'closed' },
    },
    late_success: {
      about: 'success comes days after the promise',
      expected: 'settled',
      atSandbox: { kind: 'late_success', days: 12 },
      on: CARDS,
      trace: { promiseMissed: true },
    },
    // A channel that never decides is best seen on a card.
    stuck: {
      about: 'the channel never decides',
      expected: 'processing',
      atSandbox: { kind: 'stuck' },
      on: CARDS,
      overdue: 'always',
    },
    callback_lost: COMMON.callback_lost,
    callback_twice: COMMON.callback_twice,
    callback_out_of_order: {
      about: 'an older notice comes after the newer one',
      expected: 'settled',
      atSandbox: { kind: 'callback_out_of_order' },
      trace: { notices: 'several' },
    },
    callback_forged: {
      about: 'a stranger sends a notice of success',
      expected: 'settled',
      atSandbox: { kind: 'callback_forged' },
      forged: true,
      trace: { refusedAs: 'callback_signature_invalid' },
    },
    callback_probe: {
      about: 'the channel probes with a wrongly signed notice',
      expected: 'settled',
      atSandbox: { kind: 'callback_probe' },
      forged: true,
      trace: { refusedAs: 'callback_signature_invalid' },
    },
    // The account's statement shows that the money left all the same.
    line_missing: { ...COMMON.line_missing, leaves: ['missing_at_channel', 'missing_in_trade'] },
    amount_differs: COMMON.amount_differs,
    bill_reissued: COMMON.bill_reissued,
  },
};
