/** Alipay in the demo. */
import type { RefundTrouble } from '../../sandbox/alipay/troubles.ts';
import { COMMON } from './common-troubles.ts';
import type { DemoChannel } from './trouble.ts';

const CARDS = ['debit_card', 'credit_card'] as const;

export const ALIPAY: DemoChannel<RefundTrouble> = {
  channel: 'alipay',
  sources: ['wallet', 'wallet', 'wallet', ...CARDS],
  troubles: {
    lost_answer: COMMON.lost_answer,
    system_error: {
      about: 'the channel answers ACQ.SYSTEM_ERROR although it accepted',
      expected: 'settled',
      atSandbox: { kind: 'system_error' },
    },
    unsigned: {
      about: 'the answer carries no signature',
      expected: 'settled',
      atSandbox: { kind: 'unsigned' },
    },
    fund_change_n: {
      about: 'the answer says that no money moved, although it does',
      expected: 'settled',
      atSandbox: { kind: 'fund_change_n', seconds: 3_600 },
    },
    silent_query: {
      about: 'queries know nothing of a refund that is done',
      expected: 'settled',
      atSandbox: { kind: 'silent_query', times: 3 },
    },
    frequency_limited: {
      about: 'the channel is called too often',
      expected: 'settled',
      atSandbox: { kind: 'frequency_limited' },
    },
    not_enough: {
      about: 'the merchant balance is short until it is topped up',
      expected: 'settled',
      atSandbox: { kind: 'not_enough' },
    },
    buyer_error: {
      about: "the payer's account is closed",
      expected: 'needs_action',
      atSandbox: { kind: 'buyer_error' },
      overdue: 'always',
    },
    dback_failed: {
      about: 'the bank refuses it: it lands on the Alipay balance',
      expected: 'settled',
      atSandbox: { kind: 'dback_failed' },
      on: CARDS,
    },
    dback_slow: {
      about: 'the bank takes ten days',
      expected: 'settled',
      atSandbox: { kind: 'dback_slow', days: 10 },
      on: CARDS,
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
    },
    callback_foreign: {
      about: 'a notice of success comes that is about another merchant',
      expected: 'settled',
      atSandbox: { kind: 'callback_foreign' },
      forged: true,
    },
    stuck: {
      about: 'the channel says neither yes nor no, however often it is asked',
      expected: 'needs_action',
      atSandbox: { kind: 'stuck' },
      overdue: 'always',
    },
    line_missing: COMMON.line_missing,
    amount_differs: COMMON.amount_differs,
    bill_reissued: COMMON.bill_reissued,
  },
};
