/** Types of quotes in `yuanlu/client`: what the shop owes for a payment. */

export interface UsageRecord {
  /** RFC 3339 with a zone. */
  at: string;
  what: string;
}

export type PurchaseTold =
  | {
      kind: 'single';
      /** Face value in fen. */
      value_minor: string;
      used_minor: string;
      /** Without it the use counts as unused. */
      usage_record?: UsageRecord | undefined;
      /** Hundredths of a percent, at most 1000. */
      fee_bps?: number | undefined;
    }
  | {
      kind: 'renewal';
      /** First and last day. */
      from: string;
      until: string;
      /** Today unless given. */
      stopped_on?: string | undefined;
      /** Without it no day is deducted. */
      announced_on?: string | undefined;
    }
  | {
      kind: 'bundle';
      items: {
        item_no: string;
        value_minor: string;
        used_minor: string;
        usage_record?: UsageRecord | undefined;
        gift?: boolean | undefined;
      }[];
      /** The one that comes back; left out: all of them. */
      return_item_no?: string | undefined;
    };

export interface QuoteAsked {
  payment_no: string;
  currency: 'CNY';
  purchase: PurchaseTold;
}

export interface Bilingual {
  zh: string;
  en: string;
}

/** What the shop owes for a payment: docs/quotes.md. */
export interface Quote {
  /** Cited as `quote_id` by the refund. */
  quote_id: string;
  payment_no: string;
  kind: 'single' | 'renewal' | 'bundle';
  purchase: Record<string, unknown>;
  paid_minor: string;
  refunded_minor: string;
  /** The sum of the lines. */
  total_minor: string;
  currency: string;
  lines: {
    kind:
      | 'paid'
      | 'used'
      | 'use_unproven'
      | 'fee'
      | 'renewal_stopped'
      | 'days_used'
      | 'renewal_unannounced'
      | 'item_share'
      | 'refunded_before'
      | 'left_of_payment';
    amount_minor: string;
    item_no: string | null;
    rule: {
      name:
        | 'payment'
        | 'unused_part'
        | 'proof_of_use'
        | 'shown_fee'
        | 'unused_period'
        | 'renewal_notice'
        | 'right_to_stop'
        | 'share_of_bundle'
        | 'used_gift'
        | 'never_twice';
      source: Bilingual;
    };
    says: Bilingual;
  }[];
  policy_version: string;
  review: {
    state: 'automatic' | 'not_cited' | 'open' | 'decided';
    reasons: {
      code: 'large_sum' | 'old_payment' | 'renewal_unannounced' | 'less_is_left';
      says: Bilingual;
    }[];
    opened_at: string | null;
    /** Two hours after it was opened. */
    due_at: string | null;
    decided_at: string | null;
    open_for_seconds: number | null;
    late: boolean;
  };
  promise: {
    by: string;
    basis: 'shop' | 'channel_window';
    window_version: string;
    calendar_revision: string;
    provisional: boolean;
  };
  quoted_at: string;
  expires_at: string;
  refund_no: string | null;
}
