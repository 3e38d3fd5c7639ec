/**
 * Every trouble that can be planned. The type is the manual: fields that are left out have the value in the comment.
 * `times` is how often the trouble happens to the refund before things go right.
 */
import type { BillTrouble } from '../bill-troubles.ts';
import type { CommonTrouble } from '../common-troubles.ts';
import type { TroubleFields } from '../control/trouble-manual.ts';
import {
  BILL_FIELDS,
  COMMON_FIELDS,
  DAY_FIELDS,
  oneOf,
  troubleManual,
  wholeUpTo,
  yesOrNo,
} from '../control/trouble-manual.ts';
import type { TroubleRules } from '../trouble-plan.ts';
import { FAILURE_CODES } from './codes.ts';
import type { Spoilt } from './signing.ts';

export type RefundTrouble =
  | CommonTrouble
  // --- the answer ---
  /** The answer takes `ms` milliseconds of wall time (default 1500). */
  | { readonly kind: 'slow'; readonly ms?: number; readonly on?: Call; readonly times?: number }
  /** The answer is signed over other fields (`signature`, default), or rightly under a stranger's `certificate`. */
  | { readonly kind: 'wrong_signature'; readonly how?: Spoilt; readonly on?: Call; readonly times?: number }
  /** The refund is answered `code` (default 05), which says nothing; `accepted`: it was taken (default true). */
  | {
      readonly kind: 'unknown_code';
      readonly code?: UnknownCode;
      readonly accepted?: boolean;
      readonly times?: number;
    }
  /** Queries are answered `code`: 34 (default), as if it had never come, or that nothing is known yet. */
  | { readonly kind: 'silent_query'; readonly code?: '34' | UnknownCode; readonly times?: number }
  /** Queries are answered 37: too many of them. */
  | { readonly kind: 'query_limited'; readonly times?: number }
  // --- a refusal for now ---
  /** Answered `code`: 02 (default) or 39, to be sent again later under the same numbers. */
  | { readonly kind: 'try_later'; readonly code?: '02' | '39'; readonly times?: number }
  /**
   * More is given back than the merchant has coming: the acquirer holds it. Answered `code` (default 33, above the
   * limit; 02 and 39 ask to come again); without `times` until the merchant is topped up.
   */
  | { readonly kind: 'not_enough'; readonly code?: '33' | '02' | '39'; readonly times?: number }
  /** Any other refusal: `code` (default 63, the card is dead); without `times` for ever. */
  | { readonly kind: 'refused'; readonly code?: string; readonly times?: number }
  // --- how it ends ---
  /** Taken, and then the bank says `code` (default 63): the money comes back to the merchant. */
  | { readonly kind: 'accepted_then_failed'; readonly code?: string }
  /**
   * Done, and `days` days of 24 hours later (default 3) the bank sends the money back: the error file (ZME) of that day is
   * the only place that says so.
   */
  | { readonly kind: 'bank_returned'; readonly days?: number }
  /** Success with a flaw: A6 instead of 00. */
  | { readonly kind: 'flawed' }
  // --- callbacks ---
  /** After the notice was taken, an older one says 05. */
  | { readonly kind: 'callback_out_of_order' }
  /**
   * Before the true one, a notice of success comes that a stranger signed: under a `certificate` of its own (default), or
   * under UnionPay's, so that only the `signature` is wrong.
   */
  | { readonly kind: 'callback_forged'; readonly how?: Spoilt }
  // --- the statement ---
  /** Its line is in the error file (ZME) of the day and not among the trades (ZM). */
  | { readonly kind: 'in_error_file' }
  | BillTrouble;

/** Which call is troubled; `create` when absent. */
export type Call = 'create' | 'query';

const UNKNOWN_CODES = ['03', '04', '05', '06', '99'] as const;
export type UnknownCode = (typeof UNKNOWN_CODES)[number];

/** Events and facts among the kinds. */
export const TROUBLE_RULES: TroubleRules<RefundTrouble> = {
  once: new Set<RefundTrouble['kind']>([
    'lost_answer',
    'error_5xx',
    'slow',
    'wrong_signature',
    'unknown_code',
    'silent_query',
    'query_limited',
    'try_later',
    'callback_twice',
    'callback_out_of_order',
    'callback_forged',
  ]),
  untilToppedUp: new Set<RefundTrouble['kind']>(['not_enough']),
};

const times = wholeUpTo(1000);
const on = oneOf('create', 'query');
const how = oneOf('signature', 'certificate');
const failure = oneOf(...FAILURE_CODES);

/** The fields that each kind may have. */
const FIELDS: TroubleFields<RefundTrouble['kind']> = {
  lost_answer: COMMON_FIELDS.lost_answer,
  error_5xx: COMMON_FIELDS.error_5xx,
  slow: { ms: wholeUpTo(60_000), on, times },
  wrong_signature: { how, on, times },
  unknown_code: { code: oneOf(...UNKNOWN_CODES), accepted: yesOrNo, times },
  silent_query: { code: oneOf('34', ...UNKNOWN_CODES), times },
  query_limited: { times },
  try_later: { code: oneOf('02', '39'), times },
  not_enough: { code: oneOf('33', '02', '39'), times },
  refused: { code: failure, times },
  accepted_then_failed: { code: failure },
  bank_returned: { days: wholeUpTo(365) },
  flawed: {},
  late_success: COMMON_FIELDS.late_success,
  stuck: COMMON_FIELDS.stuck,
  other_amount: COMMON_FIELDS.other_amount,
  callback_lost: COMMON_FIELDS.callback_lost,
  callback_twice: COMMON_FIELDS.callback_twice,
  callback_out_of_order: {},
  callback_forged: { how },
  in_error_file: {},
  ...BILL_FIELDS,
  ...DAY_FIELDS,
};

export const TROUBLES = troubleManual<RefundTrouble>(FIELDS, {
  accepted: [
    'try_later',
    'not_enough',
    'refused',
    'accepted_then_failed',
    'bank_returned',
    'flawed',
    'late_success',
    'stuck',
    'callback_forged',
  ],
  ended: ['callback_lost', 'callback_twice', 'callback_out_of_order'],
});
