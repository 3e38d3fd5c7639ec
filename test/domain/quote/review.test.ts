/** What is decided automatically, what two people look at, how long they may take; and when the payer has the money. */
import { describe, expect, test } from 'vitest';
import { policyOf, policyOn } from '../../../domain/quote/policy.ts';
import type { Purchase } from '../../../domain/quote/purchase.ts';
import { quotedSum } from '../../../domain/quote/quoted-sum.ts';
import { quotePromise } from '../../../domain/quote/quote-promise.ts';
import type { ReviewReason } from '../../../domain/quote/review.ts';
import { reviewOf, reviewReasons } from '../../../domain/quote/review.ts';
import type { ChannelName, FundingSource } from '../../../domain/refund/refund.ts';
import { chinaCalendar } from '../../../domain/time/china-calendar.ts';
import { appError } from '../expectations.ts';
import { bundle, card, membership, POLICY } from './purchases.ts';

const NOW = new Date('2026-11-24T02:30:00Z');
const HOUR_MS = 3_600_000;
const before = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS);

function reasons(purchase: Purchase, o: { paid?: bigint; refunded?: bigint; paidAt?: Date | null } = {}) {
  const sum = quotedSum(purchase, { paidMinor: o.paid ?? 10_000n, refundedMinor: o.refunded ?? 0n }, POLICY);
  return reviewReasons({ purchase, sum, paidAt: o.paidAt ?? null, quotedAt: NOW }, POLICY);
}

describe('a quote within the rules', () => {
  test.each<[string, readonly ReviewReason[]]>([
    ['of a card', reasons(card())],
    ['of a renewal that was announced: stopping needs no review', reasons(membership())],
    ['of exactly 500 yuan', reasons(card({ usedMinor: 0n }), { paid: 50_000n })],
    ['of a payment of exactly 180 days ago', reasons(card(), { paidAt: before(180 * 24) })],
    [
      'of nothing, whatever else is the case',
      reasons(membership({ announcedOn: null }), { refunded: 10_000n }),
    ],
  ])('%s is decided automatically', (_what, found) => {
    expect(found).toEqual([]);
  });

  test.each<[string, readonly ReviewReason[], readonly ReviewReason[]]>([
    ['above 500 yuan', reasons(card({ usedMinor: 0n }), { paid: 50_001n }), ['large_sum']],
    ['of an older payment', reasons(card(), { paidAt: before(180 * 24 + 1) }), ['old_payment']],
    [
      'of a renewal that nobody announced',
      reasons(membership({ announcedOn: null })),
      ['renewal_unannounced'],
    ],
    [
      'of an item for which too little is left',
      reasons(bundle({ returnedItemNo: 'VIP-1' }), { refunded: 9_000n }),
      ['less_is_left'],
    ],
  ])('but one %s is for two people', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('the clock of a review', () => {
  const quote = {
    policyVersion: '2026-11',
    reviewReasons: ['large_sum'] as const,
    citedAt: before(1),
    decidedAt: null,
  };

  test('does not run where nobody reviews, nor before a refund cites the quote', () => {
    const still = { openedAt: null, dueAt: null, decidedAt: null, openForMs: null, isLate: false };
    expect(reviewOf({ ...quote, reviewReasons: [] }, NOW)).toEqual({ state: 'automatic', ...still });
    expect(reviewOf({ ...quote, citedAt: null }, NOW)).toEqual({ state: 'not_cited', ...still });
  });

  test('runs from the refund for two hours, and then says that it is late', () => {
    const open = reviewOf(quote, NOW);
    expect(open).toMatchObject({ state: 'open', openForMs: HOUR_MS, isLate: false, decidedAt: null });
    expect(open.dueAt).toEqual(new Date(NOW.getTime() + HOUR_MS));
    expect(reviewOf({ ...quote, citedAt: before(2) }, NOW).isLate).toBe(false);
    expect(reviewOf({ ...quote, citedAt: new Date(before(2).getTime() - 1) }, NOW).isLate).toBe(true);
  });

  test('stands still at the decision, late or not', () => {
    const decided = reviewOf({ ...quote, citedAt: before(5), decidedAt: before(4) }, NOW);
    expect(decided).toMatchObject({ state: 'decided', openForMs: HOUR_MS, isLate: false });
    expect(reviewOf({ ...quote, citedAt: before(5), decidedAt: before(1) }, NOW).isLate).toBe(true);
  });
});

describe('the promise of a quote', () => {
  function promised(channel: ChannelName, fundingSource: FundingSource, needsReview = false) {
    const quoted = { channel, fundingSource, quotedAt: NOW, needsReview, calendar: chinaCalendar };
    const { by, basis } = quotePromise(quoted, POLICY);
    return { basis, hours: (by.getTime() - NOW.getTime()) / HOUR_MS };
  }

  test.each<[ChannelName, FundingSource]>([
    ['wechat', 'wallet'],
    ['alipay', 'wallet'],
    ['alipay', 'credit_line'],
  ])('is 24 hours for %s, %s', (channel, source) => {
    expect(promised(channel, source)).toEqual({ basis: 'shop', hours: 24 });
  });

  test.each<[ChannelName, FundingSource]>([
    ['wechat', 'debit_card'],
    ['alipay', 'credit_card'],
    ['unionpay', 'debit_card'],
    ['wechat', 'unknown'],
  ])("is the channel's window where it needs longer, or nobody knows: %s, %s", (channel, source) => {
    const { basis, hours } = promised(channel, source);
    expect(basis).toBe('channel_window');
    expect(hours).toBeGreaterThan(24);
  });

  test('counts from the end of a review that is needed', () => {
    expect(promised('wechat', 'wallet', true)).toEqual({ basis: 'shop', hours: 26 });
  });
});

test('an edition of the policy is known by its day and by its version', () => {
  expect(policyOn('2026-11-29').version).toBe('2026-11');
  expect(policyOn('2025-01-01').version).toBe('2026-11');
  expect(policyOf('2026-11')).toBe(policyOn('2026-11-29'));
  expect(() => policyOf('1999')).toThrow(appError('invariant_broken'));
});
