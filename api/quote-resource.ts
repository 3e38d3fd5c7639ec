/** A quote as programs outside see it. */
import { z } from 'zod';
import { PURCHASE_KINDS } from '../domain/quote/purchase.ts';
import { QUOTE_LINE_KINDS } from '../domain/quote/quote-line.ts';
import { QUOTE_PROMISE_BASES } from '../domain/quote/quote-promise.ts';
import type { ReviewReason } from '../domain/quote/review.ts';
import { REVIEW_REASONS, REVIEW_STATES, reviewOf } from '../domain/quote/review.ts';
import type { QuoteRule } from '../domain/quote/rules.ts';
import { QUOTE_RULES } from '../domain/quote/rules.ts';
import type { Quote } from '../store/quotes.ts';
import { instantField } from './fields.ts';

const bilingual = z.object({ zh: z.string(), en: z.string() });

const lineSchema = z
  .object({
    kind: z.enum(QUOTE_LINE_KINDS),
    amount_minor: z
      .string()
      .describe('Fen in digits; what is deducted has a minus, what only explains is "0"'),
    item_no: z.string().nullable().describe('The item of a bundle that it is about'),
    rule: z.object({
      name: z.enum(Object.keys(QUOTE_RULES) as [QuoteRule, ...QuoteRule[]]),
      source: bilingual.describe('The law or the rule of the shop that it comes from'),
    }),
    says: bilingual.describe('Why, for the payer'),
  })
  .meta({ id: 'QuoteLine', description: 'A line of the sum, explained' });

const reviewSchema = z
  .object({
    state: z
      .enum(REVIEW_STATES)
      .describe(
        '`automatic`: within the rules. `not_cited`: two people decide once a refund cites the quote',
      ),
    reasons: z.array(
      z.object({
        code: z.enum(Object.keys(REVIEW_REASONS) as [ReviewReason, ...ReviewReason[]]),
        says: bilingual,
      }),
    ),
    opened_at: instantField.nullable().describe('When the refund that cites the quote was asked for'),
    due_at: instantField.nullable().describe('Two hours after that'),
    decided_at: instantField.nullable(),
    open_for_seconds: z.int().nullable().describe('Until the decision, or until now'),
    late: z.boolean().describe('It takes, or took, longer than two hours; a flag that decides nothing'),
  })
  .meta({ id: 'QuoteReview' });

export const quoteSchema = z
  .object({
    quote_id: z.string().describe('Cited as `quote_id` by the refund'),
    payment_no: z.string(),
    kind: z.enum(PURCHASE_KINDS),
    purchase: z.record(z.string(), z.unknown()).describe('What it was worked out from, as you told it'),
    paid_minor: z.string(),
    refunded_minor: z
      .string()
      .describe('What was refunded of the payment, or is being refunded, when it was quoted'),
    total_minor: z
      .string()
      .describe('What the shop owes: the sum of the lines. Deductions are rounded down to whole fen'),
    currency: z.string(),
    lines: z.array(lineSchema),
    policy_version: z.string(),
    review: reviewSchema,
    promise: z
      .object({
        by: instantField.describe(
          'For a refund that cites it at once; a review of two hours is in it where one is needed',
        ),
        basis: z
          .enum(QUOTE_PROMISE_BASES)
          .describe(
            "`shop`: the shop's 24 hours. `channel_window`: the channel needs longer, or it is not known what was paid from",
          ),
        window_version: z.string(),
        calendar_revision: z.string(),
        provisional: z.boolean().describe('Counted over a year whose holidays are not published yet'),
      })
      .meta({ id: 'QuotePromise' }),
    quoted_at: instantField,
    expires_at: instantField.describe('From then on no refund can cite it'),
    refund_no: z.string().nullable().describe('The refund that cites it'),
  })
  .meta({ id: 'Quote', description: 'What the shop owes for a payment, line by line' });

export type QuoteResource = z.infer<typeof quoteSchema>;

export function toQuoteResource(quote: Quote, now: Date): QuoteResource {
  const { promise } = quote;
  return {
    quote_id: quote.id,
    payment_no: quote.paymentNo,
    kind: quote.kind,
    purchase: { ...quote.purchase },
    paid_minor: quote.paidMinor.toString(),
    refunded_minor: quote.refundedMinor.toString(),
    total_minor: quote.totalMinor.toString(),
    currency: quote.currency,
    lines: quote.lines.map(({ kind, amountMinor, itemNo, rule, says }) => ({
      ...{ kind, amount_minor: amountMinor.toString(), item_no: itemNo },
      ...{ rule: { name: rule, source: QUOTE_RULES[rule] }, says },
    })),
    policy_version: quote.policyVersion,
    review: toReview(quote, now),
    promise: {
      by: promise.by.toISOString(),
      basis: promise.basis,
      window_version: promise.windowVersion,
      calendar_revision: promise.calendarRevision,
      provisional: promise.provisional,
    },
    quoted_at: quote.quotedAt.toISOString(),
    expires_at: quote.expiresAt.toISOString(),
    refund_no: quote.refundNo,
  };
}

function toReview(quote: Quote, now: Date): z.infer<typeof reviewSchema> {
  const review = reviewOf(quote, now);
  return {
    state: review.state,
    reasons: quote.reviewReasons.map((code) => ({ code, says: REVIEW_REASONS[code] })),
    opened_at: review.openedAt?.toISOString() ?? null,
    due_at: review.dueAt?.toISOString() ?? null,
    decided_at: review.decidedAt?.toISOString() ?? null,
    open_for_seconds: review.openForMs === null ? null : Math.floor(review.openForMs / 1_000),
    late: review.isLate,
  };
}
