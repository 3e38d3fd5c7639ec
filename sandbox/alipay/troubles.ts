/**
 * Every trouble that can be planned. The type is the manual: fields that are left out have the value in the comment.
 * `times` is how often the trouble happens to the refund before things go right.
 */
import type { BillTrouble, MovementTrouble } from '../bill-troubles.ts';
import type { CommonTrouble } from '../common-troubles.ts';
import type { TroubleFields } from '../control/trouble-manual.ts';
import {
  BILL_FIELDS,
  COMMON_FIELDS,
  DAY_FIELDS,
  MOVEMENT_FIELDS,
  oneOf,
  troubleManual,
  wholeUpTo,
  yesOrNo,
} from '../control/trouble-manual.ts';
import type { TroubleRules } from '../trouble-plan.ts';

export type RefundTrouble =
  | CommonTrouble
  // --- the answer ---
  /**
   * The refund call is answered with a fault of Alipay's own: `code` ACQ.SYSTEM_ERROR (default) or aop.unknow-error;
   * `accepted`: the refund was taken all the same (default true).
   */
  | {
      readonly kind: 'system_error';
      readonly code?: SystemFault;
      readonly accepted?: boolean;
      readonly times?: number;
    }
  /** The answer takes `ms` milliseconds of wall time (default 1500). */
  | { readonly kind: 'slow'; readonly ms?: number; readonly on?: Call; readonly times?: number }
  /** The answer carries a signature of other bytes. */
  | { readonly kind: 'wrong_signature'; readonly on?: Call; readonly times?: number }
  /** The answer carries no signature at all. */
  | { readonly kind: 'unsigned'; readonly on?: Call; readonly times?: number }
  /** The first answer says fund_change N: the money has gone, or goes `seconds` (default 0) later. */
  | { readonly kind: 'fund_change_n'; readonly seconds?: number }
  /** The first `times` queries (default 1) know nothing of a refund that is done: 10000 without refund_status. */
  | { readonly kind: 'silent_query'; readonly times?: number }
  // --- a refusal ---
  /** 40005: called too often. */
  | { readonly kind: 'frequency_limited'; readonly times?: number }
  /** ACQ.SELLER_BALANCE_NOT_ENOUGH; without `times` until the merchant is topped up. */
  | { readonly kind: 'not_enough'; readonly times?: number }
  /** ACQ.BUYER_ERROR, for ever: the payer's account is closed. */
  | { readonly kind: 'buyer_error' }
  /** Any other refusal by its sub_code, such as ACQ.TRADE_NOT_ALLOW_REFUND (default); without `times` for ever. */
  | { readonly kind: 'refused'; readonly code?: string; readonly times?: number }
  // --- the way to the bank, cards only ---
  /** The bank does not take it: the money lies on the payer's Alipay balance. */
  | { readonly kind: 'dback_failed' }
  /** In hand (P) for `days` days of 24 hours (default 10), whatever the estimate was. */
  | { readonly kind: 'dback_slow'; readonly days?: number }
  /** In hand (P) for ever, and never a message. */
  | { readonly kind: 'dback_lost' }
  /** Before the message of the end comes one that says P. */
  | { readonly kind: 'dback_told_pending' }
  // --- notices ---
  /** After the notice was taken, the one of the payment comes again. */
  | { readonly kind: 'callback_out_of_order' }
  /** Before the true one, a notice of success comes that a stranger's key signed. */
  | { readonly kind: 'callback_forged' }
  /** Before the true one, a notice of success comes that Alipay signed for another application. */
  | { readonly kind: 'callback_foreign' }
  // --- the business bill ---
  | BillTrouble
  // --- the bill of the account ---
  | MovementTrouble;

/** Which call is troubled; `refund` when absent. */
export type Call = 'refund' | 'query';

const SYSTEM_FAULTS = ['ACQ.SYSTEM_ERROR', 'aop.unknow-error'] as const;
export type SystemFault = (typeof SYSTEM_FAULTS)[number];

/** Events and facts among the kinds. */
export const TROUBLE_RULES: TroubleRules<RefundTrouble> = {
  once: new Set<RefundTrouble['kind']>([
    'lost_answer',
    'error_5xx',
    'system_error',
    'slow',
    'wrong_signature',
    'unsigned',
    'silent_query',
    'frequency_limited',
    'callback_twice',
    'callback_out_of_order',
    'callback_forged',
    'callback_foreign',
  ]),
  untilToppedUp: new Set<RefundTrouble['kind']>(['not_enough']),
};

const times = wholeUpTo(1000);
const on = oneOf('refund', 'query');
const days = wholeUpTo(365);

/** The fields that each kind may have. */
const FIELDS: TroubleFields<RefundTrouble['kind']> = {
  lost_answer: COMMON_FIELDS.lost_answer,
  error_5xx: COMMON_FIELDS.error_5xx,
  system_error: { code: oneOf(...SYSTEM_FAULTS), accepted: yesOrNo, times },
  slow: { ms: wholeUpTo(60_000), on, times },
  wrong_signature: { on, times },
  unsigned: { on, times },
  fund_change_n: { seconds: wholeUpTo(365 * 86_400) },
  silent_query: { times },
  other_amount: COMMON_FIELDS.other_amount,
  frequency_limited: { times },
  not_enough: { times },
  buyer_error: {},
  refused: {
    code: (value) => typeof value === 'string' && /^(ACQ|isv)\.[A-Za-z_-]{1,60}$/.test(value),
    times,
  },
  late_success: COMMON_FIELDS.late_success,
  stuck: COMMON_FIELDS.stuck,
  dback_failed: {},
  dback_slow: { days },
  dback_lost: {},
  dback_told_pending: {},
  callback_lost: COMMON_FIELDS.callback_lost,
  callback_twice: COMMON_FIELDS.callback_twice,
  callback_out_of_order: {},
  callback_forged: {},
  callback_foreign: {},
  ...BILL_FIELDS,
  ...MOVEMENT_FIELDS,
  ...DAY_FIELDS,
};

export const TROUBLES = troubleManual<RefundTrouble>(FIELDS, {
  accepted: [
    'fund_change_n',
    'frequency_limited',
    'not_enough',
    'buyer_error',
    'refused',
    'late_success',
    'stuck',
    'dback_failed',
    'dback_slow',
    'dback_lost',
    'dback_told_pending',
    'callback_forged',
    'callback_foreign',
  ],
  // Both roads of notices: the later of them ends with the way to the bank.
  ended: ['callback_lost', 'callback_twice', 'callback_out_of_order'],
});
