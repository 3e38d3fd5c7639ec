/**
 * What the shop owes for a payment: every line of the sum, with its reason. Whatever is deducted is rounded down to whole fen, so that
 * all rounding is in the payer's favour; what is shared in a bundle is rounded down too, and the fen that are left over stay with
 * the first item, so that the parts add up to the whole.
 */
import { AppError, invariant } from '../errors.ts';
import { daysBetween } from '../time/plain-date.ts';
import type { QuotePolicy } from './policy.ts';
import type { Bundle, BundleItem, Purchase, Renewal, SinglePurchase, Use } from './purchase.ts';
import { BUNDLE_ITEMS_MAX } from './purchase.ts';
import type { QuoteLine } from './quote-line.ts';
import {
  daysLine,
  feeLine,
  leftLine,
  paidLine,
  refundedLine,
  shareLine,
  stoppedLine,
  unannouncedLine,
  unprovenLine,
  usedLine,
} from './quote-line.ts';

/** The payment as far as a quote is concerned, minor units. */
export interface PaidSum {
  readonly paidMinor: bigint;
  /** The sum of its refunds that have not failed; at most `paidMinor`. */
  readonly refundedMinor: bigint;
}

export interface QuotedSum {
  /** Whole fen, never negative, never more than is left of the payment. */
  readonly totalMinor: bigint;
  /** They add up to the total. */
  readonly lines: readonly QuoteLine[];
}

const BPS = 10_000n;

/**
 * @throws AppError `quote_use_exceeds_purchase`, `quote_period_invalid`, `quote_item_unknown`, `quote_fee_too_high`,
 *   `request_invalid` for a bundle without things, with too many, or with one twice
 */
export function quotedSum(purchase: Purchase, paid: PaidSum, policy: QuotePolicy): QuotedSum {
  const { paidMinor, refundedMinor } = paid;
  invariant(paidMinor > 0n && refundedMinor >= 0n && refundedMinor <= paidMinor, 'a payment has its sums');
  const due = linesDue(purchase, paidMinor, policy);
  const dueMinor = sumOf(due);
  const lines = [...due, ...lessRefunded(purchase, dueMinor, paid)];
  const totalMinor = sumOf(lines);
  invariant(totalMinor >= 0n && totalMinor <= paidMinor - refundedMinor, 'nobody is owed more than is left');
  return { totalMinor, lines };
}

function linesDue(purchase: Purchase, paidMinor: bigint, policy: QuotePolicy): readonly QuoteLine[] {
  switch (purchase.kind) {
    case 'single':
      return singleLines(purchase, paidMinor, policy);
    case 'renewal':
      return renewalLines(purchase, paidMinor);
    case 'bundle':
      return bundleLines(purchase, paidMinor);
  }
}

function singleLines(purchase: SinglePurchase, paidMinor: bigint, policy: QuotePolicy): QuoteLine[] {
  const { feeBps } = purchase;
  if (feeBps > policy.feeBpsMax)
    throw new AppError('quote_fee_too_high', { fee_bps: feeBps, at_most: policy.feeBpsMax });
  const lines = [paidLine(paidMinor), ...usedLines(purchase, paidMinor)];
  const unusedMinor = sumOf(lines);
  const feeMinor = (unusedMinor * BigInt(feeBps)) / BPS;
  return feeBps === 0 ? lines : [...lines, feeLine(purchase, unusedMinor, feeMinor)];
}

/** What of `ofMinor`, which was paid for the thing, was used. @throws AppError `quote_use_exceeds_purchase` */
function usedLines(use: Use, ofMinor: bigint): QuoteLine[] {
  const { valueMinor, usedMinor, record } = use;
  if (usedMinor > valueMinor)
    throw new AppError('quote_use_exceeds_purchase', {
      used_minor: String(usedMinor),
      value_minor: String(valueMinor),
    });
  if (usedMinor === 0n) return [];
  if (record === null) return [unprovenLine(use)];
  return [usedLine(use, { ofMinor, lessMinor: (ofMinor * usedMinor) / valueMinor })];
}

function renewalLines(purchase: Renewal, paidMinor: bigint): QuoteLine[] {
  const { from, until, stoppedOn, announcedOn } = purchase;
  if (until < from) throw new AppError('quote_period_invalid', { from, until });
  if (stoppedOn > until) throw new AppError('quote_use_exceeds_purchase', { stopped_on: stoppedOn, until });
  const lines = [paidLine(paidMinor), stoppedLine(purchase)];
  const bought = BigInt(daysBetween(from, until) + 1);
  const used = stoppedOn <= from ? 0n : BigInt(daysBetween(from, stoppedOn));
  if (used === 0n) return lines;
  if (!isAnnounced({ from, announcedOn })) return [...lines, unannouncedLine()];
  return [...lines, daysLine({ used, bought }, (paidMinor * used) / bought)];
}

/** Whether the payer was told before the day of the renewal. */
export function isAnnounced({ from, announcedOn }: Pick<Renewal, 'from' | 'announcedOn'>): boolean {
  return announcedOn !== null && announcedOn < from;
}

function bundleLines({ items, returnedItemNo }: Bundle, paidMinor: bigint): QuoteLine[] {
  const names = new Set(items.map(({ itemNo }) => itemNo));
  if (items.length < 1 || items.length > BUNDLE_ITEMS_MAX || names.size !== items.length)
    throw new AppError('request_invalid', { items: items.length, different: names.size });
  if (returnedItemNo !== null && !names.has(returnedItemNo))
    throw new AppError('quote_item_unknown', { item_no: returnedItemNo });
  const shares = sharesOf(items, paidMinor);
  // Of those that stay, too, so that what is wrong about a bundle is wrong whichever part of it comes back.
  const parts = items.map((item, at) => ({
    item,
    shareMinor: shares[at] ?? 0n,
    lines: usedLines(item, shares[at] ?? 0n),
  }));
  if (returnedItemNo === null) return [paidLine(paidMinor), ...parts.flatMap(({ lines }) => lines)];
  return parts
    .filter(({ item }) => item.itemNo === returnedItemNo)
    .flatMap(({ item, shareMinor, lines }) => [shareLine(item, shareMinor, paidMinor), ...lines]);
}

/** What was paid, by the value of the items. */
function sharesOf(items: readonly BundleItem[], paidMinor: bigint): readonly bigint[] {
  const worthMinor = items.reduce((sum, { valueMinor }) => sum + valueMinor, 0n);
  const [, ...others] = items.map(({ valueMinor }) => (paidMinor * valueMinor) / worthMinor);
  return [others.reduce((left, share) => left - share, paidMinor), ...others];
}

/**
 * All that is due for a payment is due once, whatever was refunded of it for which reason. One item is due beside what was refunded of
 * the others; no more than is left of the payment.
 */
function lessRefunded(
  purchase: Purchase,
  dueMinor: bigint,
  { paidMinor, refundedMinor }: PaidSum,
): QuoteLine[] {
  if (purchase.kind === 'bundle' && purchase.returnedItemNo !== null) {
    const leftMinor = paidMinor - refundedMinor;
    return dueMinor > leftMinor ? [leftLine(leftMinor, dueMinor - leftMinor)] : [];
  }
  const lessMinor = refundedMinor < dueMinor ? refundedMinor : dueMinor;
  return refundedMinor === 0n ? [] : [refundedLine(refundedMinor, lessMinor)];
}

function sumOf(lines: readonly QuoteLine[]): bigint {
  return lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}
