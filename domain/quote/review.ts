/** Which quotes two people look at before their refund is sent, and the clock that runs while they do. */
import type { Bilingual } from '../bilingual.ts';
import { policyOf } from './policy.ts';
import type { QuotePolicy } from './policy.ts';
import type { Purchase } from './purchase.ts';
import type { QuotedSum } from './quoted-sum.ts';
import { isAnnounced } from './quoted-sum.ts';

/** Outside of what is decided automatically, because of: a large sum, an old payment, a renewal that nobody announced, or less left of the payment than is due. */
export const REVIEW_REASONS = {
  large_sum: {
    zh: '金额超过自动处理的上限。',
    en: 'The sum is above what is decided automatically.',
  },
  old_payment: {
    zh: '支付时间较久。',
    en: 'The payment is old.',
  },
  renewal_unannounced: {
    zh: '没有续费前提示的记录。',
    en: 'Nothing shows that the renewal was announced.',
  },
  less_is_left: {
    zh: '这笔支付剩余可退金额少于应退金额。',
    en: 'Less is left of the payment than is due.',
  },
} as const satisfies Record<string, Bilingual>;

export type ReviewReason = keyof typeof REVIEW_REASONS;

/** Empty: it is within the rules, and decided automatically. Nothing to pay is nothing to review. */
export function reviewReasons(
  quoted: {
    readonly purchase: Purchase;
    readonly sum: QuotedSum;
    readonly paidAt: Date | null;
    readonly quotedAt: Date;
  },
  policy: QuotePolicy,
): readonly ReviewReason[] {
  const { purchase, sum, paidAt, quotedAt } = quoted;
  if (sum.totalMinor === 0n) return [];
  const reasons: ReviewReason[] = [];
  if (sum.totalMinor > policy.automaticUpToMinor) reasons.push('large_sum');
  if (paidAt !== null && quotedAt.getTime() - paidAt.getTime() > policy.paymentOldAfterMs)
    reasons.push('old_payment');
  if (purchase.kind === 'renewal' && !isAnnounced(purchase)) reasons.push('renewal_unannounced');
  if (sum.lines.some(({ kind }) => kind === 'left_of_payment')) reasons.push('less_is_left');
  return reasons;
}

/** `not_cited`: no refund asks for it yet. */
export const REVIEW_STATES = ['automatic', 'not_cited', 'open', 'decided'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

export interface Review {
  readonly state: ReviewState;
  /** When the refund that cites the quote was asked for; null before, and where nobody reviews. */
  readonly openedAt: Date | null;
  readonly dueAt: Date | null;
  readonly decidedAt: Date | null;
  /** From opening to the decision, or until now. */
  readonly openForMs: number | null;
  /** It took longer than the policy says, or does so by now. A flag: it decides nothing. */
  readonly isLate: boolean;
}

const NO_CLOCK = { openedAt: null, dueAt: null, decidedAt: null, openForMs: null, isLate: false } as const;

/** Where the review of a quote stands at `now`. */
export function reviewOf(
  quote: {
    readonly policyVersion: string;
    readonly reviewReasons: readonly ReviewReason[];
    readonly citedAt: Date | null;
    readonly decidedAt: Date | null;
  },
  now: Date,
): Review {
  const { citedAt, decidedAt } = quote;
  if (quote.reviewReasons.length === 0) return { state: 'automatic', ...NO_CLOCK };
  if (citedAt === null) return { state: 'not_cited', ...NO_CLOCK };
  const dueAt = new Date(citedAt.getTime() + policyOf(quote.policyVersion).reviewWithinMs);
  const until = decidedAt ?? now;
  return {
    state: decidedAt === null ? 'open' : 'decided',
    ...{ openedAt: citedAt, dueAt, decidedAt },
    openForMs: Math.max(0, until.getTime() - citedAt.getTime()),
    isLate: until > dueAt,
  };
}
