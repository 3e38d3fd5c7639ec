/** When the payer has the money of a quote: within a day where the channel allows it, else within the channel's window. */
import type { ChannelName, FundingSource } from '../refund/refund.ts';
import { planArrival } from '../time/arrival-window.ts';
import type { BusinessCalendar } from '../time/china-calendar.ts';
import type { QuotePolicy } from './policy.ts';

export const QUOTE_PROMISE_BASES = ['shop', 'channel_window'] as const;

export interface QuotePromise {
  /** For a refund that cites the quote at once; the time of a review that is needed is in it. */
  readonly by: Date;
  /** `shop`: the shop's own 24 hours. `channel_window`: the channel needs longer, or it is not known what was paid from. */
  readonly basis: (typeof QUOTE_PROMISE_BASES)[number];
  readonly windowVersion: string;
  readonly calendarRevision: string;
  readonly provisional: boolean;
}

export function quotePromise(
  quoted: {
    readonly channel: ChannelName;
    readonly fundingSource: FundingSource;
    readonly quotedAt: Date;
    readonly needsReview: boolean;
    readonly calendar: BusinessCalendar;
  },
  policy: QuotePolicy,
): QuotePromise {
  const { channel, fundingSource, calendar } = quoted;
  const reviewMs = quoted.needsReview ? policy.reviewWithinMs : 0;
  const acceptedAt = new Date(quoted.quotedAt.getTime() + reviewMs);
  const plan = planArrival({ channel, fundingSource, acceptedAt, calendar });
  const within = new Date(acceptedAt.getTime() + policy.arrivalMs);
  const allowed = plan.promiseAt <= within;
  return {
    by: allowed ? within : plan.promiseAt,
    basis: allowed ? 'shop' : 'channel_window',
    windowVersion: plan.windowVersion,
    calendarRevision: plan.calendarRevision,
    provisional: !allowed && plan.provisional,
  };
}
