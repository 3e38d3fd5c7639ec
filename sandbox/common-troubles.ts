/** Troubles that are the same at every channel, since they are faults of the way and of time, not of a channel's rules. */
import type { LostHow } from './lost-answer.ts';

export type CommonTrouble =
  /**
   * The answer to the refund call never arrives. `how`: the socket is cut before it (`cut`, default) or in the middle of it
   * (`half`), or nothing comes at all (`hang`). `accepted`: whether the refund was taken (default true).
   */
  | {
      readonly kind: 'lost_answer';
      readonly how?: LostHow;
      readonly accepted?: boolean;
      readonly times?: number;
    }
  /** The refund call is answered HTTP `status` (5xx); `accepted`: the refund was taken all the same (default true). */
  | {
      readonly kind: 'error_5xx';
      readonly status?: number;
      readonly accepted?: boolean;
      readonly times?: number;
    }
  /** Under way for `days` days of 24 hours (default 14, beyond every alarm), then success. */
  | { readonly kind: 'late_success'; readonly days?: number }
  /** Under way for ever. */
  | { readonly kind: 'stuck' }
  /** Amounts that the channel names are `fen` (default 1) more than was asked for. */
  | { readonly kind: 'other_amount'; readonly fen?: number }
  | { readonly kind: 'callback_lost' }
  /** Each notice that was taken comes `times` (default 1) more. */
  | { readonly kind: 'callback_twice'; readonly times?: number };
