/**
 * Every trouble that can be planned. The type is the manual: fields that are left out have the value in the comment.
 * `times` is how often the trouble happens to the refund before things go right.
 */
import type { BillTrouble, MovementTrouble } from '../bill-troubles.ts';
import type { CommonTrouble } from '../common-troubles.ts';
import type { TroubleFields } from '../control/trouble-manual.ts';
import type { LostHow } from '../lost-answer.ts';
import {
  BILL_FIELDS,
  COMMON_FIELDS,
  DAY_FIELDS,
  MOVEMENT_FIELDS,
  oneOf,
  troubleManual,
  wholeUpTo,
} from '../control/trouble-manual.ts';
import type { TroubleRules } from '../trouble-plan.ts';

export type RefundTrouble =
  | CommonTrouble
  // --- the answer ---
  /** The answer takes `ms` milliseconds of wall time (default 1500). */
  | { readonly kind: 'slow'; readonly ms?: number; readonly on?: Call; readonly times?: number }
  /** The answer carries a signature of other bytes. */
  | { readonly kind: 'wrong_signature'; readonly on?: Call; readonly times?: number }
  /** The answer carries a `WECHATPAY/SIGNTEST/` signature, by which WeChat sees whether merchants verify. */
  | { readonly kind: 'probe'; readonly on?: Call; readonly times?: number }
  /** The refund was taken, and the first queries still say 404. */
  | { readonly kind: 'late_visible'; readonly times?: number }
  // --- a refusal for now ---
  /** 429 FREQUENCY_LIMITED. */
  | { readonly kind: 'frequency_limited'; readonly times?: number }
  /** 403 NOT_ENOUGH; without `times` until the merchant is topped up. */
  | { readonly kind: 'not_enough'; readonly times?: number }
  /** Any other refusal: `status` (default 403) and `code` (default USER_ACCOUNT_ABNORMAL); without `times` for ever. */
  | { readonly kind: 'refused'; readonly status?: number; readonly code?: string; readonly times?: number }
  // --- how it ends ---
  | { readonly kind: 'abnormal' }
  | { readonly kind: 'closed' }
  // --- where the money comes from ---
  /** The merchant's operation account pays it instead of the basic one. */
  | { readonly kind: 'paid_from_operation' }
  // --- the call for abnormal refunds ---
  /** Its answer never arrives. `how` as of `lost_answer`; `accepted`: whether the refund was sent on (default true). */
  | {
      readonly kind: 'redirect_lost_answer';
      readonly how?: LostHow;
      readonly accepted?: boolean;
      readonly times?: number;
    }
  /** It ends abnormal on its new way as well. */
  | { readonly kind: 'redirect_abnormal'; readonly times?: number }
  // --- callbacks ---
  /** After the notice was taken, an older one says ABNORMAL. */
  | { readonly kind: 'callback_out_of_order' }
  /** Before the true one, a notice of SUCCESS comes that a stranger's key signed. */
  | { readonly kind: 'callback_forged' }
  /** The first `times` (default 1) deliveries carry a `WECHATPAY/SIGNTEST/` signature. */
  | { readonly kind: 'callback_probe'; readonly times?: number }
  // --- the trade bill ---
  | BillTrouble
  // --- the bill of the account ---
  | MovementTrouble;

/** Which call is troubled; `create` when absent. */
export type Call = 'create' | 'query' | 'redirect';

/** Events and facts among the kinds. */
export const TROUBLE_RULES: TroubleRules<RefundTrouble> = {
  once: new Set<RefundTrouble['kind']>([
    'lost_answer',
    'error_5xx',
    'slow',
    'wrong_signature',
    'probe',
    'late_visible',
    'frequency_limited',
    'redirect_lost_answer',
    'redirect_abnormal',
    'callback_twice',
    'callback_out_of_order',
    'callback_forged',
    'callback_probe',
  ]),
  untilToppedUp: new Set<RefundTrouble['kind']>(['not_enough']),
};

const times = wholeUpTo(1000);
const on = oneOf('create', 'query', 'redirect');

/** The fields that each kind may have. */
const FIELDS: TroubleFields<RefundTrouble['kind']> = {
  lost_answer: COMMON_FIELDS.lost_answer,
  error_5xx: COMMON_FIELDS.error_5xx,
  slow: { ms: wholeUpTo(60_000), on, times },
  wrong_signature: { on, times },
  probe: { on, times },
  late_visible: { times },
  frequency_limited: { times },
  not_enough: { times },
  refused: {
    status: (value) => wholeUpTo(499)(value) && Number(value) >= 400,
    code: (value) => typeof value === 'string' && /^[A-Z_]{1,40}$/.test(value),
    times,
  },
  abnormal: {},
  closed: {},
  paid_from_operation: {},
  redirect_lost_answer: COMMON_FIELDS.lost_answer,
  redirect_abnormal: { times },
  late_success: COMMON_FIELDS.late_success,
  stuck: COMMON_FIELDS.stuck,
  other_amount: COMMON_FIELDS.other_amount,
  callback_lost: COMMON_FIELDS.callback_lost,
  callback_twice: COMMON_FIELDS.callback_twice,
  callback_out_of_order: {},
  callback_forged: {},
  callback_probe: { times: wholeUpTo(15) },
  ...BILL_FIELDS,
  ...MOVEMENT_FIELDS,
  ...DAY_FIELDS,
};

export const TROUBLES = troubleManual<RefundTrouble>(FIELDS, {
  accepted: [
    'frequency_limited',
    'not_enough',
    'refused',
    'abnormal',
    'closed',
    'paid_from_operation',
    'late_success',
    'stuck',
    'callback_forged',
  ],
  ended: ['callback_lost', 'callback_twice', 'callback_out_of_order', 'callback_probe'],
});
