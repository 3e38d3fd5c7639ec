/** Bank cards through UnionPay in the demo. */
import type { RefundTrouble } from '../../sandbox/unionpay/troubles.ts';
import { COMMON } from './common-troubles.ts';
import type { DemoChannel } from './trouble.ts';

export const UNIONPAY: DemoChannel<RefundTrouble> = {
  channel: 'unionpay',
  sources: ['debit_card', 'debit_card', 'credit_card'],
  troubles: {
    lost_answer: COMMON.lost_answer,
    unknown_code: {
      about: 'the channel answers 05, which says nothing, and succeeds',
      expected: 'settled',
      atSandbox: { kind: 'unknown_code' },
    },
    never_arrived: {
      about: 'the channel answers 03 and never took it: it is sent again',
      expected: 'settled',
      atSandbox: { kind: 'unknown_code', code: '03', accepted: false },
    },
    wrong_signature: {
      about: "the answer is signed under a stranger's certificate",
      expected: 'settled',
      atSandbox: { kind: 'wrong_signature', how: 'certificate' },
    },
    silent_query: {
      about: 'the query says that the refund never came',
      expected: 'settled',
      atSandbox: { kind: 'silent_query' },
    },
    not_enough: {
      about: 'the merchant has too little coming until it is topped up',
      expected: 'settled',
      atSandbox: { kind: 'not_enough', code: '02' },
    },
    refused: {
      about: 'the channel refuses it for good',
      expected: 'failed',
      atSandbox: { kind: 'refused', code: '30' },
    },
    accepted_then_failed: {
      about: "accepted, and then the payer's bank cannot book it",
      expected: 'failed',
      atSandbox: { kind: 'accepted_then_failed' },
    },
    flawed: {
      about: 'success with a flaw (A6)',
      expected: 'settled',
      atSandbox: { kind: 'flawed' },
    },
    late_success: {
      about: 'success comes days after the promise',
      expected: 'settled',
      atSandbox: { kind: 'late_success', days: 12 },
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
    },
    callback_forged: {
      about: 'a stranger sends a notice of success',
      expected: 'settled',
      atSandbox: { kind: 'callback_forged' },
      forged: true,
    },
    in_error_file: {
      about: 'the statement has it among the errors and not among the trades',
      expected: 'succeeded',
      atSandbox: { kind: 'in_error_file' },
      leaves: ['missing_at_channel', 'state_conflict'],
    },
    bank_returned: {
      about: 'the bank sends the money back after it was done',
      expected: 'settled',
      atSandbox: { kind: 'bank_returned' },
      leaves: ['returned'],
    },
    line_missing: COMMON.line_missing,
    amount_differs: COMMON.amount_differs,
    bill_reissued: COMMON.bill_reissued,
  },
};
