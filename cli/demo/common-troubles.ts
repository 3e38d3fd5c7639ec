/** Troubles that befall a refund in the same way at every channel; each table takes those that its channel shows. */
import type { BillTrouble } from '../../sandbox/bill-troubles.ts';
import type { CommonTrouble } from '../../sandbox/common-troubles.ts';
import type { DemoTrouble } from './trouble.ts';

type Shared = CommonTrouble | BillTrouble;

export const COMMON = {
  lost_answer: {
    about: 'the answer is lost after the channel accepted',
    expected: 'settled',
    atSandbox: { kind: 'lost_answer' },
    trace: { seen: ['attempt_unknown'] },
  },
  callback_lost: {
    about: 'no callback ever comes',
    expected: 'settled',
    atSandbox: { kind: 'callback_lost' },
    trace: { notices: 'none', toldByChannel: true },
  },
  callback_twice: {
    about: 'every callback comes twice',
    expected: 'settled',
    atSandbox: { kind: 'callback_twice' },
    trace: { notices: 'fewer_than_sent' },
  },
  line_missing: {
    about: 'the statement leaves the refund out',
    expected: 'succeeded',
    atSandbox: { kind: 'line_missing' },
    leaves: ['missing_at_channel'],
  },
  amount_differs: {
    about: 'the statement shows another amount',
    expected: 'needs_action',
    atSandbox: { kind: 'amount_differs' },
    overdue: 'perhaps',
    leaves: ['amount_differs'],
    trace: { reason: 'amount_mismatch' },
  },
  bill_reissued: {
    about: 'the statement leaves it out at first and is re-issued with it',
    expected: 'settled',
    atSandbox: { kind: 'bill_reissued', hours: 30, untilMet: true },
    trace: { reissued: true },
  },
} as const satisfies Record<string, DemoTrouble<Shared>>;
