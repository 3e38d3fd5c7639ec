/** Whatever was sold and used: I18 parts sum to the whole, nothing is invented, rounding is the payer's. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Purchase, Use } from '../../../domain/quote/purchase.ts';
import { quotedSum } from '../../../domain/quote/quoted-sum.ts';
import { addDays } from '../../../domain/time/plain-date.ts';
import { amount, anyBundle, anyPaid, anyPurchase, POLICY, RECORD } from './purchases.ts';

const totalOf = (purchase: Purchase, paidMinor: bigint, refundedMinor = 0n): bigint =>
  quotedSum(purchase, { paidMinor, refundedMinor }, POLICY).totalMinor;

test('the lines add up to the total', () => {
  fc.assert(
    fc.property(anyPurchase, anyPaid, (purchase, paid) => {
      const { totalMinor, lines } = quotedSum(purchase, paid, POLICY);
      expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(totalMinor);
      expect(lines.length).toBeGreaterThan(0);
    }),
  );
});

test('I2 a total is never negative and never above what is left of the payment', () => {
  fc.assert(
    fc.property(anyPurchase, anyPaid, (purchase, paid) => {
      const { totalMinor } = quotedSum(purchase, paid, POLICY);
      expect(totalMinor >= 0n).toBe(true);
      expect(totalMinor <= paid.paidMinor - paid.refundedMinor).toBe(true);
    }),
  );
});

test('what was refunded and what is due together are never above what was paid less what was used', () => {
  fc.assert(
    fc.property(anyPurchase, anyPaid, (purchase, { paidMinor, refundedMinor }) => {
      fc.pre(purchase.kind !== 'bundle' || purchase.returnedItemNo === null);
      const due = totalOf(purchase, paidMinor);
      const total = totalOf(purchase, paidMinor, refundedMinor);
      expect(total).toBe(due > refundedMinor ? due - refundedMinor : 0n);
    }),
  );
});

/** The same purchase with one fen, or one day, more of it used; null where all is used. */
function usedMore(purchase: Purchase): Purchase | null {
  const more = <U extends Use>(use: U): U | null =>
    use.usedMinor === use.valueMinor ? null : { ...use, usedMinor: use.usedMinor + 1n };
  if (purchase.kind === 'single') return more(purchase);
  if (purchase.kind === 'renewal') {
    const { stoppedOn, until } = purchase;
    return stoppedOn === until ? null : { ...purchase, stoppedOn: addDays(stoppedOn, 1) };
  }
  const [first, ...others] = purchase.items;
  const item = first === undefined ? null : more(first);
  return item === null ? null : { ...purchase, items: [item, ...others] };
}

test('more use never gives more back', () => {
  fc.assert(
    fc.property(anyPurchase, anyPaid, (purchase, { paidMinor, refundedMinor }) => {
      const more = usedMore(purchase);
      fc.pre(more !== null);
      expect(totalOf(more, paidMinor, refundedMinor) <= totalOf(purchase, paidMinor, refundedMinor)).toBe(
        true,
      );
    }),
  );
});

test('a record of use, or a higher fee, never gives more back', () => {
  fc.assert(
    fc.property(anyPurchase, amount, (purchase, paidMinor) => {
      fc.pre(purchase.kind === 'single');
      const proven = totalOf({ ...purchase, record: RECORD }, paidMinor);
      expect(proven <= totalOf({ ...purchase, record: null }, paidMinor)).toBe(true);
      const highest = totalOf({ ...purchase, feeBps: POLICY.feeBpsMax }, paidMinor);
      expect(highest <= totalOf(purchase, paidMinor)).toBe(true);
    }),
  );
});

test('I18 the items of a bundle, each quoted by itself, sum to the bundle as a whole', () => {
  fc.assert(
    fc.property(anyBundle, amount, (bundle, paidMinor) => {
      const parts = bundle.items.map(({ itemNo }) =>
        totalOf({ ...bundle, returnedItemNo: itemNo }, paidMinor),
      );
      const whole = totalOf({ ...bundle, returnedItemNo: null }, paidMinor);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(whole);
    }),
  );
});

test('I18 items given back one after the other, and then the rest, are the bundle as a whole', () => {
  fc.assert(
    fc.property(anyBundle, amount, fc.nat(12), (bundle, paidMinor, count) => {
      const parts = bundle.items
        .slice(0, count)
        .map(({ itemNo }) => totalOf({ ...bundle, returnedItemNo: itemNo }, paidMinor));
      const given = parts.reduce((sum, part) => sum + part, 0n);
      const whole = { ...bundle, returnedItemNo: null };
      expect(given + totalOf(whole, paidMinor, given)).toBe(totalOf(whole, paidMinor));
    }),
  );
});

test('rounding is in favour of the payer, by less than a fen for each deduction', () => {
  fc.assert(
    fc.property(anyPurchase, amount, (purchase, paidMinor) => {
      fc.pre(purchase.kind === 'single' && purchase.record !== null);
      const { valueMinor, usedMinor, feeBps } = purchase;
      // The exact sum as a fraction of value × 10,000: no float in it.
      const scale = valueMinor * 10_000n;
      const exact = paidMinor * (valueMinor - usedMinor) * (10_000n - BigInt(feeBps));
      const total = totalOf(purchase, paidMinor) * scale;
      expect(total >= exact).toBe(true);
      expect(total < exact + 2n * scale).toBe(true);
    }),
  );
});
