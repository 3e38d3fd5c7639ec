/** Purchases for tests of quotes: the ones of the shop's rules, and any others. */
import fc from 'fast-check';
import { policyOn } from '../../../domain/quote/policy.ts';
import type {
  Bundle,
  BundleItem,
  Purchase,
  Renewal,
  SinglePurchase,
} from '../../../domain/quote/purchase.ts';
import type { PaidSum } from '../../../domain/quote/quoted-sum.ts';
import { addDays } from '../../../domain/time/plain-date.ts';

export const POLICY = policyOn('2026-11-29');

export const RECORD = { at: new Date('2026-11-10T04:00:00Z'), what: 'login and consumption' };

/** A game card of 100 yuan, 30 of it used. */
export function card(o: Partial<SinglePurchase> = {}): SinglePurchase {
  return { kind: 'single', valueMinor: 10_000n, usedMinor: 3_000n, record: RECORD, feeBps: 0, ...o };
}

/** A membership of November, stopped on the 11th, announced in time. */
export function membership(o: Partial<Renewal> = {}): Renewal {
  return {
    kind: 'renewal',
    ...{ from: '2026-11-01', until: '2026-11-30', stoppedOn: '2026-11-11', announcedOn: '2026-10-25' },
    ...o,
  };
}

export function item(itemNo: string, valueMinor: bigint, o: Partial<BundleItem> = {}): BundleItem {
  return { itemNo, valueMinor, usedMinor: 0n, record: null, isGift: false, ...o };
}

/** Pay 100, get 10 of top-up and a membership with it. */
export function bundle(o: Partial<Bundle> = {}): Bundle {
  const items = [
    item('CARD-1', 10_000n),
    item('TOPUP-1', 1_000n, { isGift: true }),
    item('VIP-1', 2_000n, { isGift: true }),
  ];
  return { kind: 'bundle', items, returnedItemNo: null, ...o };
}

export const amount = fc.bigInt({ min: 1n, max: 10n ** 12n });

/** A value and a part of it. */
const use = fc
  .tuple(amount, fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.boolean())
  .map(([valueMinor, part, proven]) => ({
    valueMinor,
    usedMinor: part % (valueMinor + 1n),
    record: proven ? RECORD : null,
  }));

const anySingle: fc.Arbitrary<SinglePurchase> = fc
  .tuple(use, fc.integer({ min: 0, max: POLICY.feeBpsMax }))
  .map(([used, feeBps]) => ({ kind: 'single', ...used, feeBps }));

const anyRenewal: fc.Arbitrary<Renewal> = fc
  .tuple(fc.nat(400), fc.nat(1_000), fc.nat(40), fc.boolean())
  .map(([length, stop, before, announced]) => ({
    kind: 'renewal',
    ...{ from: '2026-03-01', until: addDays('2026-03-01', length) },
    stoppedOn: addDays('2026-03-01', (stop % (length + 1 + before)) - before),
    announcedOn: announced ? '2026-02-20' : null,
  }));

export const anyBundle: fc.Arbitrary<Bundle> = fc
  .tuple(fc.array(fc.tuple(use, fc.boolean()), { minLength: 1, maxLength: 12 }), fc.option(fc.nat(11)))
  .map(([uses, returned]) => {
    const items = uses.map(([used, isGift], at) => ({ ...used, isGift, itemNo: `I-${String(at)}` }));
    const returnedItemNo = returned === null ? null : `I-${String(returned % items.length)}`;
    return { kind: 'bundle', items, returnedItemNo };
  });

export const anyPurchase: fc.Arbitrary<Purchase> = fc.oneof(anySingle, anyRenewal, anyBundle);

/** What was paid, and how much of it was refunded before. */
export const anyPaid: fc.Arbitrary<PaidSum> = fc
  .tuple(amount, fc.bigInt({ min: 0n, max: 10n ** 12n }))
  .map(([paidMinor, part]) => ({ paidMinor, refundedMinor: part % (paidMinor + 1n) }));
