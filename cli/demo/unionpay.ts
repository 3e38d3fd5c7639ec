/** Bank cards through UnionPay in the demo. */
import type { RefundTrouble } from '../../sandbox/unionpay/troubles.ts';
import { COMMON } from './common-troubles.ts';
import type { DemoChannel } from './trouble.ts';

export const UNIONPAY: DemoChannel<RefundTrouble> = {
  channel: 'unionpay',
  share: 1,
  sources: ['debit_card', 'debit_card', 'credit_card'],
  troubles: {
    lost_answer: COMMON.lost_answer,
    unknown_code: {
      about: 'the channel answers 05, which says nothing, and succeeds',
      expected: 'settled',
      atSandbox: { kind: 'unknown_code' },
      trace: { seen: ['attempt_unknown'] },
    },
    never_arrived: {
      about: 'the channel answers 03 and never took it: it is sent again',
      expected: 'settled',
      atSandbox: { kind: 'unknown_code', code: '03', accepted: false },
      trace: { seen: ['attempt_unknown', 'channel_absent'], attemptsMin: 2 },
    },
    wrong_signature: {
      about: "the answer is signed under a stranger's certificate",
      expected: 'settled',
      atSandbox: { kind: 'wrong_signature', how: 'certificate' },
      trace: { seen: ['attempt_unknown'] },
    },
    silent_query: {
      about: 'the query says that the refund never came, and no notice says otherwise',
      expected: 'settled',
      atSandbox: { kind: 'silent_query' },
      besides: [{ kind: 'callback_lost' }],
      trace: { seen: ['channel_absent'], notices: 'none' },
    },
    not_enough: {
      about: 'the merchant has too little coming until it is topped up',
      expected: 'settled',
      atSandbox: { kind: 'not_enough', code: '02' },
      trace: { held: 'try_later', attemptsMin: 2 },
    },
    refused: {
      about: 'the channel refuses it for good',
      expected: 'failed',
      atSandbox: { kind: 'refused', code: '30' },
      trace: { reason: 'refused' },
    },
    accepted_then_failed: {
      about: "accepted, and then the payer's bank cannot book it",
      expected: 'needs_action',
      atSandbox: { kind: 'accepted_then_failed' },
      overdue: 'always',
      trace: { reason: 'abnormal' },
    },
    flawed: {
      about: 'success with a flaw (A6)',
      expected: 'settled',
      atSandbox: { kind: 'flawed' },
      trace: { toldByChannel: true, noticeEndsIn: '/A6' },
    },
    late_success: {
      about: 'success comes days after the promise',
      expected: 'settled',
      // Promises are business days, and the longest holiday may lie between.
      atSandbox: { kind: 'late_success', days: 20 },
      trace: { promiseMissed: true },
    },
    stuck: {
      about: 'the channel never decides',
      expected: 'processing',
      atSandbox: { kind: 'stuck' },
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
      trace: { refusedAs: 'callback_certificate_unchained' },
    },
    in_error_file: {
      about: 'the statement has it among the errors and not among the trades',
      expected: 'succeeded',
      atSandbox: { kind: 'in_error_file' },
      leaves: ['missing_at_channel', 'state_conflict'],
      trace: { toldByChannel: true },
    },
    bank_returned: {
      about: 'the bank sends the money back after it was done',
      expected: 'returned',
      atSandbox: { kind: 'bank_returned' },
      overdue: 'always',
      leaves: ['returned'],
      trace: { toldByChannel: true, seen: ['bounced'] },
    },
    line_missing: COMMON.line_missing,
    amount_differs: COMMON.amount_differs,
    bill_reissued: COMMON.bill_reissued,
  },
};
