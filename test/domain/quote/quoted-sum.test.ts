/** What the shop owes, by the examples of its rules: docs/quotes.md works the same sums out. */
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../domain/errors.ts';
import type { Purchase } from '../../../domain/quote/purchase.ts';
import { BUNDLE_ITEMS_MAX } from '../../../domain/quote/purchase.ts';
import { quotedSum } from '../../../domain/quote/quoted-sum.ts';
import { QUOTE_RULES } from '../../../domain/quote/rules.ts';
import { appError } from '../expectations.ts';
import { bundle, card, item, membership, POLICY, RECORD } from './purchases.ts';

/** Of 100 yuan unless said otherwise: the total, and each line as kind and amount. */
function quoted(purchase: Purchase, paidMinor = 10_000n, refundedMinor = 0n) {
  const { totalMinor, lines } = quotedSum(purchase, { paidMinor, refundedMinor }, POLICY);
  return { total: totalMinor, lines: lines.map(({ kind, amountMinor }) => [kind, amountMinor]) };
}

describe('a single purchase', () => {
  test('gives the unused part back: 70 of a card of 100 of which 30 were used', () => {
    expect(quoted(card())).toEqual({
      total: 7_000n,
      lines: [
        ['paid', 10_000n],
        ['used', -3_000n],
      ],
    });
  });

  test('less the fee that was shown at the purchase, of the unused part only', () => {
    expect(quoted(card({ feeBps: 500 }))).toEqual({
      total: 6_650n,
      lines: [
        ['paid', 10_000n],
        ['used', -3_000n],
        ['fee', -350n],
      ],
    });
  });

  test('counts as unused when it was never activated', () => {
    expect(quoted(card({ usedMinor: 0n, record: null })).total).toBe(10_000n);
  });

  test('counts as unused as long as no record shows the use, and says so', () => {
    expect(quoted(card({ record: null }))).toEqual({
      total: 10_000n,
      lines: [
        ['paid', 10_000n],
        ['use_unproven', 0n],
      ],
    });
  });

  test('gives back what was paid for the unused part, not its face value', () => {
    expect(quoted(card(), 9_500n).total).toBe(6_650n);
  });

  test('F74 deducts whole fen, rounded down: a third of 100.00 is 33.33', () => {
    expect(quoted(card({ valueMinor: 3n, usedMinor: 1n })).total).toBe(6_667n);
    expect(quoted(card({ valueMinor: 3n, usedMinor: 1n, feeBps: 1 })).total).toBe(6_667n);
  });

  test('that is used up gives nothing back, with the reason', () => {
    expect(quoted(card({ usedMinor: 10_000n }))).toMatchObject({ total: 0n });
  });
});

describe('a renewal', () => {
  test('gives the days from the day of stopping on back: 20 of 30', () => {
    expect(quoted(membership(), 3_000n)).toEqual({
      total: 2_000n,
      lines: [
        ['paid', 3_000n],
        ['renewal_stopped', 0n],
        ['days_used', -1_000n],
      ],
    });
  });

  test.each([['2026-11-01'], ['2026-10-28']])(
    'stopped on %s, before a day of it had passed, gives all back',
    (stoppedOn) => {
      expect(quoted(membership({ stoppedOn })).total).toBe(10_000n);
    },
  );

  test.each([[null], ['2026-11-01'], ['2026-11-05']])(
    'that nobody announced before its day (%s) gives the whole period back',
    (announcedOn) => {
      expect(quoted(membership({ announcedOn }))).toEqual({
        total: 10_000n,
        lines: [
          ['paid', 10_000n],
          ['renewal_stopped', 0n],
          ['renewal_unannounced', 0n],
        ],
      });
    },
  );

  test('stopped on its last day still gives that day back', () => {
    expect(quoted(membership({ stoppedOn: '2026-11-30' }), 3_000n).total).toBe(100n);
  });
});

describe('a bundle', () => {
  test('comes back whole', () => {
    expect(quoted(bundle()).total).toBe(10_000n);
  });

  test('comes back less a gift that was activated, pro rata of its value', () => {
    const items = [
      item('CARD-1', 10_000n),
      item('TOPUP-1', 1_000n, { isGift: true, usedMinor: 500n, record: RECORD }),
    ];
    // Of 100.00 paid for things worth 110.00 the gift has 9.09; half of it is used.
    expect(quoted(bundle({ items }))).toEqual({
      total: 9_546n,
      lines: [
        ['paid', 10_000n],
        ['used', -454n],
      ],
    });
  });

  test('gives one item back by its share of what was paid', () => {
    expect(quoted(bundle({ returnedItemNo: 'VIP-1' }))).toEqual({
      total: 1_538n,
      lines: [['item_share', 1_538n]],
    });
  });

  test('leaves the fen that nobody has to the first item: its parts are the whole', () => {
    const items = [item('A', 1n), item('B', 1n), item('C', 1n)];
    const parts = items.map(({ itemNo }) => quoted(bundle({ items, returnedItemNo: itemNo })).total);
    expect(parts).toEqual([3_334n, 3_333n, 3_333n]);
  });
});

describe('what was refunded before', () => {
  test('is deducted from all that is due for the payment', () => {
    expect(quoted(card(), 10_000n, 2_000n)).toEqual({
      total: 5_000n,
      lines: [
        ['paid', 10_000n],
        ['used', -3_000n],
        ['refunded_before', -2_000n],
      ],
    });
    expect(quoted(card(), 10_000n, 9_000n).total).toBe(0n);
  });

  test('leaves one item of a bundle its share, as far as something is left', () => {
    expect(quoted(bundle({ returnedItemNo: 'VIP-1' }), 10_000n, 7_692n).total).toBe(1_538n);
    expect(quoted(bundle({ returnedItemNo: 'VIP-1' }), 10_000n, 9_000n)).toEqual({
      total: 1_000n,
      lines: [
        ['item_share', 1_538n],
        ['left_of_payment', -538n],
      ],
    });
  });
});

describe('facts that cannot be', () => {
  const many = Array.from({ length: BUNDLE_ITEMS_MAX + 1 }, (_, at) => item(String(at), 1n));
  test.each<[string, ErrorCode, Purchase]>([
    ['more used than bought', 'quote_use_exceeds_purchase', card({ usedMinor: 10_001n })],
    ['more used, without a record', 'quote_use_exceeds_purchase', card({ usedMinor: 10_001n, record: null })],
    [
      'more used of an item that stays',
      'quote_use_exceeds_purchase',
      bundle({ items: [item('A', 1n), item('B', 1n, { usedMinor: 2n })], returnedItemNo: 'A' }),
    ],
    ['stopped after the period', 'quote_use_exceeds_purchase', membership({ stoppedOn: '2026-12-01' })],
    ['a period that ends before it begins', 'quote_period_invalid', membership({ until: '2026-10-31' })],
    ['a day that is none', 'date_invalid', membership({ from: '2026-02-30' })],
    ['a fee above 10 %', 'quote_fee_too_high', card({ feeBps: 1_001 })],
    ['an item of no such bundle', 'quote_item_unknown', bundle({ returnedItemNo: 'OTHER' })],
    ['a bundle without items', 'request_invalid', bundle({ items: [] })],
    ['a bundle with too many items', 'request_invalid', bundle({ items: many })],
    ['an item twice', 'request_invalid', bundle({ items: [item('A', 1n), item('A', 2n)] })],
  ])('%s is refused', (_what, code, purchase) => {
    expect(() => quoted(purchase)).toThrow(appError(code));
  });
});

test('every line names a rule that says where it comes from, and a sentence, both in Chinese and English', () => {
  const purchases = [
    card({ feeBps: 1_000 }),
    card({ record: null }),
    membership(),
    membership({ announcedOn: null }),
    bundle({
      items: [item('A', 3n, { usedMinor: 1n, record: RECORD, isGift: true }), item('B', 1n)],
      returnedItemNo: 'A',
    }),
  ];
  for (const purchase of purchases) {
    const { lines } = quotedSum(purchase, { paidMinor: 10_000n, refundedMinor: 9_999n }, POLICY);
    for (const { rule, says } of lines) {
      expect(QUOTE_RULES[rule].zh).toMatch(/\p{Script=Han}/u);
      expect(says.zh).toMatch(/\p{Script=Han}.*。$/u);
      expect(says.en).toMatch(/^[\x20-\x7e]+\.$/);
    }
  }
});
