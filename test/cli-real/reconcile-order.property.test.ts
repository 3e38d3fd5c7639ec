/**
 * Whatever differs, and in whatever order list and statements come: the books of a run balance, and the outcome is the
 * same. What must come of each planted difference is worked out here in the simplest way, without SQL.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ReconcileDocument } from '../../cli/reconcile/document.ts';
import type { BillRefund } from './bill.ts';
import { serial, tradeBill } from './bill.ts';
import type { Desk, ListRow } from './reconcile-run.ts';
import { documentOf, openDesk, refundList } from './reconcile-run.ts';

// Many runs in one test, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 120_000 });

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

const DAYS = ['2026-11-19', '2026-11-20', '2026-11-21'] as const;
/** Each run makes a database: few runs, each with many refunds in it. */
const RUNS = 8;

const TRICKS = [
  ...(['agrees', 'renumbered', 'anonymous', 'lost', 'extra', 'dearer', 'foreign', 'failed', 'gone'] as const),
  ...([
    'elsewhere',
    'other channel number',
    'other payment',
    'renumbered elsewhere',
    'abnormal',
    'all of it',
  ] as const),
  ...(['printed twice', 'listed twice', 'one line for two'] as const),
] as const;

type Trick = (typeof TRICKS)[number];

interface Case {
  readonly trick: Trick;
  readonly day: (typeof DAYS)[number];
  readonly amount: number;
}

interface Planted {
  readonly lines: readonly (BillRefund & { readonly day: string })[];
  readonly rows: readonly ListRow[];
}

const cases = fc.array(
  fc.record({
    trick: fc.constantFrom(...TRICKS),
    day: fc.constantFrom(...DAYS),
    amount: fc.integer({ min: 1, max: 999_999 }),
  }),
  { maxLength: 40 },
);

/** Lines and rows of one case; nothing of it fits another one. */
function plant({ trick, day, amount }: Case, index: number): Planted {
  const refundNo = `R${String(index)}`;
  const numbers = { channelRefundNo: serial('5030', index), transactionId: serial('4200', index) };
  const line = { ...numbers, day, at: `${day} 12:00:00`, refundNo, amount };
  const row = { refund_no: refundNo, amount_minor: amount, requested_at: `${day}T11:30:00+08:00` };
  const other = `OTHER-${String(index)}`;
  const byTransaction = { ...row, refund_no: other, transaction_id: numbers.transactionId };
  const planted: Readonly<Record<Trick, Planted>> = {
    agrees: { lines: [line], rows: [row] },
    renumbered: {
      lines: [line],
      rows: [{ ...row, refund_no: other, channel_refund_no: numbers.channelRefundNo }],
    },
    anonymous: { lines: [line], rows: [byTransaction] },
    lost: { lines: [], rows: [row] },
    extra: { lines: [line], rows: [] },
    dearer: { lines: [{ ...line, amount: amount + 1 }], rows: [row] },
    foreign: { lines: [line], rows: [{ ...row, currency: 'HKD' }] },
    failed: { lines: [line], rows: [{ ...row, state: 'failed' }] },
    gone: { lines: [], rows: [{ ...row, state: 'failed' }] },
    elsewhere: { lines: [line], rows: [{ ...row, transaction_id: serial('4299', index) }] },
    'other channel number': { lines: [line], rows: [{ ...row, channel_refund_no: serial('5099', index) }] },
    'other payment': {
      lines: [{ ...line, paymentNo: `P${refundNo}` }],
      rows: [{ ...row, payment_no: other }],
    },
    'renumbered elsewhere': {
      lines: [line],
      rows: [
        {
          ...byTransaction,
          transaction_id: serial('4299', index),
          channel_refund_no: numbers.channelRefundNo,
        },
      ],
    },
    abnormal: { lines: [line], rows: [{ ...row, state: 'abnormal' }] },
    'all of it': {
      lines: [line],
      rows: [{ ...row, amount_minor: amount + 1, state: 'closed', transaction_id: serial('4299', index) }],
    },
    'printed twice': { lines: [line, line], rows: [row] },
    'listed twice': { lines: [line], rows: [row, { ...row, amount_minor: amount + 7 }] },
    'one line for two': {
      lines: [line],
      rows: [byTransaction, { ...byTransaction, refund_no: `${other}-B` }],
    },
  };
  return planted[trick];
}

/** What each case comes to: matches by pass, breaks by kind, refunds that wait for nothing. */
const OUTCOMES: Readonly<Record<Trick, readonly string[]>> = {
  agrees: ['refund_no'],
  renumbered: ['channel_refund_no'],
  anonymous: ['transaction_amount'],
  lost: ['missing_at_channel'],
  extra: ['missing_in_books'],
  dearer: ['amount_differs'],
  foreign: ['amount_differs'],
  failed: ['state_conflict'],
  gone: ['failed'],
  elsewhere: ['number_differs'],
  'other channel number': ['number_differs'],
  'other payment': ['number_differs'],
  'renumbered elsewhere': ['number_differs'],
  abnormal: ['state_conflict'],
  'all of it': ['number_differs'],
  'printed twice': ['refund_no', 'duplicate_line'],
  'listed twice': ['refund_no', 'duplicate_line'],
  'one line for two': ['ambiguous', 'ambiguous', 'ambiguous'],
};

async function run(
  planted: readonly Planted[],
  order: <T>(items: readonly T[]) => T[],
): Promise<ReconcileDocument> {
  const lines = order(planted.flatMap((one) => one.lines));
  const days = order(DAYS);
  const statements = await Promise.all(
    days.map((day) =>
      desk.put(
        `${day}.csv`,
        tradeBill(
          lines.filter((line) => line.day === day),
          { payments: 1 },
        ),
      ),
    ),
  );
  const list = await desk.put('refunds.csv', refundList(order(planted.flatMap((one) => one.rows))));
  return documentOf({ statements, list, flags: ['--as-of', '2026-12-31'] });
}

function countsOf(document: ReconcileDocument): Record<string, number> {
  const { matched, breaks, waiting_reasons } = document;
  return Object.fromEntries(
    Object.entries({ ...matched, ...breaks, ...waiting_reasons }).filter(([, count]) => count > 0),
  );
}

/** A document without what depends on places and time: which break is about which refund stays. */
function essence(document: ReconcileDocument): unknown {
  const { matched, breaks, waiting_reasons, overdue, placed, refunds } = document;
  const differences = document.differences
    .map((one) =>
      [one.kind, one.refund_no, one.statement_refund_no, one.amount_minor, one.statement_amount_minor].join(
        '|',
      ),
    )
    .toSorted();
  return { matched, breaks, waiting_reasons, overdue, placed, refunds, differences };
}

describe('any mixture of differences', () => {
  test('I11: is counted as planted, and every line and every refund is in exactly one place', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (some) => {
        const planted = some.map(plant);
        const document = await run(planted, (items) => [...items]);

        const expected: Record<string, number> = {};
        for (const kind of some.flatMap(({ trick }) => OUTCOMES[trick]))
          expected[kind] = (expected[kind] ?? 0) + 1;
        expect(countsOf(document)).toEqual(expected);
        for (const { total, matched, waiting, breaks } of Object.values(document.placed))
          expect(matched + waiting + breaks).toBe(total);
        expect(document.placed.refund_lines.total).toBe(planted.flatMap((one) => one.lines).length);
        expect(document.placed.refunds.total).toBe(planted.flatMap((one) => one.rows).length);
      }),
      { numRuns: RUNS },
    );
  });

  test('I11: comes out the same when list, lines and statements are shuffled', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.infiniteStream(fc.nat()), async (some, dice) => {
        const planted = some.map(plant);
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: Number(dice.next().value) }))
            .toSorted((one, other) => one.at - other.at)
            .map(({ item }) => item);

        const plain = await run(planted, (items) => [...items]);
        const mixed = await run(planted, shuffled);

        expect(essence(mixed)).toEqual(essence(plain));
      }),
      { numRuns: RUNS },
    );
  });
});
