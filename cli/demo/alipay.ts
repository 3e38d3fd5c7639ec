/**
 * Alipay in the demo. ACQ.DISCORDANT_REPEAT_REQUEST is not planted: our books send a number with one amount for ever, and
 * refunds made by hand get numbers of Alipay's own, so only a stranger with the merchant's key could bring it about. What
 * our client makes of it is tested against the sandbox.
 */
import type { RefundTrouble } from '../../sandbox/alipay/troubles.ts';
import { COMMON } from './common-troubles.ts';
import type { DemoChannel } from './trouble.ts';

const CARDS = ['debit_card', 'credit_card'] as const;

export const ALIPAY: DemoChannel<RefundTrouble> = {
  channel: 'alipay',
  share: 1,
  sources: ['wallet', 'wallet', 'wallet', ...CARDS],
  troubles: {
    lost_answer: COMMON.lost_answer,
    system_error: {
      about: 'the channel answers ACQ.SYSTEM_ERROR although it accepted',
      expected: 'settled',
      atSandbox: { kind: 'system_error' },
      trace: { seen: ['attempt_unknown'] },
    },
    unsigned: {
      about: 'the answer carries no signature',
      expected: 'settled',
      atSandbox: { kind: 'unsigned' },
      trace: { seen: ['attempt_unknown'] },
    },
    fund_change_n: {
      about: 'the answer says that no money moved, although it does',
      expected: 'settled',
      atSandbox: { kind: 'fund_change_n', seconds: 3_600 },
      trace: { seen: ['attempt_unknown'] },
    },
    silent_query: {
      about: 'queries know nothing of a refund that is done; its answer and its notice are lost',
      expected: 'settled',
      atSandbox: { kind: 'silent_query', times: 3 },
      besides: [{ kind: 'lost_answer' }, { kind: 'callback_lost' }],
      trace: { seen: ['attempt_unknown', 'channel_absent'], notices: 'none' },
    },
    frequency_limited: {
      about: 'the channel is called too often',
      expected: 'settled',
      atSandbox: { kind: 'frequency_limited' },
      trace: { held: 'rate_limited', attemptsMin: 2 },
    },
    not_enough: {
      about: 'the merchant balance is short until it is topped up',
      expected: 'settled',
      atSandbox: { kind: 'not_enough' },
      trace: { held: 'short_balance', attemptsMin: 2 },
    },
    buyer_error: {
      about: "the payer's account is closed",
      expected: 'needs_action',
      atSandbox: { kind: 'buyer_error' },
      overdue: 'always',
      trace: { reason: 'payer_account_closed' },
    },
    dback_failed: {
      about: 'the bank refuses it: it lands on the Alipay balance',
      expected: 'settled',
      atSandbox: { kind: 'dback_failed' },
      on: CARDS,
      trace: { landsIn: '支付宝余额', bankLeg: 'returned_to_wallet' },
    },
    dback_slow: {
      about: 'the bank takes ten days',
      expected: 'settled',
      atSandbox: { kind: 'dback_slow', days: 10 },
      on: CARDS,
      trace: { bankLeg: 'arrived', bankWasLate: true },
    },
    dback_lost: {
      about: 'the bank never posts it, though Alipay has paid',
      expected: 'settled',
      atSandbox: { kind: 'dback_lost' },
      on: CARDS,
      overdue: 'always',
    },
    callback_lost: COMMON.callback_lost,
    callback_twice: COMMON.callback_twice,
    callback_forged: {
      about: 'a stranger sends a notice of success',
      expected: 'settled',
      atSandbox: { kind: 'callback_forged' },
      forged: true,
      trace: { refusedAs: 'callback_signature_invalid' },
    },
    callback_foreign: {
      about: 'a notice of success comes that is about another merchant',
      expected: 'settled',
      atSandbox: { kind: 'callback_foreign' },
      forged: true,
      trace: { refusedAs: 'callback_account_differs' },
    },
    stuck: {
      about: 'the channel says neither yes nor no, however often it is asked',
      expected: 'needs_action',
      atSandbox: { kind: 'stuck' },
      overdue: 'always',
      trace: { reason: 'channel_silent', attemptsMin: 2 },
    },
    // The account's statement shows that the money left all the same.
    line_missing: { ...COMMON.line_missing, leaves: ['missing_at_channel', 'missing_in_trade'] },
    amount_differs: COMMON.amount_differs,
    bill_reissued: COMMON.bill_reissued,
  },
};
