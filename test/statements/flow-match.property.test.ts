/** I11, F65: on any days, in any order and parts of files, matches of movements are those of the rules, and the three ways add up. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ThreeWay } from '../../domain/statement/three-way.ts';
import { THREE_WAY_STEPS } from '../../domain/statement/three-way.ts';
import { threeWayOf } from '../../store/three-way.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, openAccounts } from '../store/books.ts';
import { addDays, parsePlainDate } from '../../domain/time/plain-date.ts';
import { taken } from './bills.ts';
import type { FlowRow, TradeRow } from './flow-days.ts';
import { WORDS, bringFlow, bringTrade, flowBreaks, movementMatches } from './flow-days.ts';
import type { Days } from './naive-movements.ts';
import type { Books } from './naive-findings.ts';
import { naiveBreaks } from './naive-findings.ts';
import { naiveMovements, saidOf } from './naive-movements.ts';

/** Days of one case, and one beside them. Every case has days of its own, far from all others. */
const DAY_COUNT = 4;
const CASE_DAYS = 60;
const FIRST = '2026-11-23';
/** Each brings some thirty files. */
const RUNS = 6;

let db: TestDatabase;
let cases = 0;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

/** The days and the refunds of a case that nobody else has. */
interface Case {
  readonly days: readonly string[];
  readonly refundNos: readonly string[];
}

async function freshCase(): Promise<Case> {
  const first = addDays(parsePlainDate(FIRST), cases * CASE_DAYS);
  cases += 1;
  const refunds = [await taken(db, 10n), await taken(db, 20n)];
  return {
    days: Array.from({ length: DAY_COUNT + 1 }, (_, n) => addDays(first, n)),
    refundNos: refunds.map(({ refundNo }) => refundNo),
  };
}

const some = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Few numbers and few amounts, so that they meet. */
const numbers = () => ({
  refundNo: fc.option(some('N1', 'N2', 'N3', 'N4', 'OWN0', 'OWN1'), { nil: undefined }),
  channelRefundNo: fc.option(some('C1', 'C2', 'C3'), { nil: undefined, freq: 2 }),
  // No payment of the books has one of these: its refund would be named by it in one case and not in the other.
  transactionId: fc.option(some('OF1', 'OF2', 'OF3'), { nil: undefined }),
  at: some('09:00:00', '10:00:00'),
});

const tradeRow = (): fc.Arbitrary<TradeRow> =>
  fc.record({
    ...numbers(),
    amount: some(10, 20, 30),
    payer: fc.option(some(9, 10), { nil: undefined }),
    feeE5: some(0, 1_000, 2_000, 400),
  }) as fc.Arbitrary<TradeRow>;

const flowRow = (): fc.Arbitrary<FlowRow> =>
  fc.record({
    ...numbers(),
    word: some('refund', 'refund', 'fee back', 'payment', 'closed'),
    amount: some(1, 2, 8, 9, 10, 19, 20, 30, 40),
  }) as fc.Arbitrary<FlowRow>;

interface Rows {
  readonly trade: readonly TradeRow[];
  readonly flow: readonly FlowRow[];
}

const rowsOfDays = (): fc.Arbitrary<readonly Rows[]> =>
  fc.array(
    fc.record({
      trade: fc.array(tradeRow(), { maxLength: 5 }),
      flow: fc.array(flowRow(), { maxLength: 6 }),
    }),
    { minLength: DAY_COUNT, maxLength: DAY_COUNT },
  );

/** The rows as days of the case, its own numbers in place of `OWN…`. */
function daysOf({ days, refundNos }: Case, rows: readonly Rows[]): Days {
  const own = <R extends TradeRow | FlowRow>(row: R): R =>
    row.refundNo?.startsWith('OWN') === true
      ? { ...row, refundNo: refundNos[Number(row.refundNo.slice(3))] }
      : row;
  return Object.fromEntries(
    days.map((day, n) => [
      day,
      { trade: (rows[n]?.trade ?? []).map(own), flow: (rows[n]?.flow ?? []).map(own) },
    ]),
  );
}

interface Delivery {
  readonly day: number;
  readonly kind: 'trade' | 'flow';
}

const ALL = Array.from(
  { length: (DAY_COUNT + 1) * 2 },
  (_, n): Delivery => ({
    day: n >> 1,
    kind: n % 2 === 0 ? 'trade' : 'flow',
  }),
);
const anyOrder = (): fc.Arbitrary<readonly Delivery[]> => fc.shuffledSubarray(ALL, { minLength: ALL.length });

async function deliver(it: Case, of: Days, order: readonly Delivery[]): Promise<void> {
  for (const { day: n, kind } of order) {
    const day = it.days[n] ?? '';
    const { trade, flow } = of[day] ?? { trade: [], flow: [] };
    await (kind === 'trade' ? bringTrade(db, day, trade) : bringFlow(db, day, flow));
  }
}

interface PartDelivery extends Delivery {
  readonly part: 0 | 1;
}

const ALL_PARTS = ALL.flatMap((one): PartDelivery[] => [
  { ...one, part: 0 },
  { ...one, part: 1 },
]);
const anyOrderOfParts = (): fc.Arbitrary<readonly PartDelivery[]> =>
  fc.shuffledSubarray(ALL_PARTS, { minLength: ALL_PARTS.length });

/** Equal rows go into the same part: two files of the same bytes are one. */
const partOf = (row: TradeRow | FlowRow): number =>
  Buffer.from(JSON.stringify(row)).reduce((sum, byte) => sum + byte, 0) % 2;

/** Each file in two parts, which come by themselves. */
async function deliverParts(it: Case, of: Days, order: readonly PartDelivery[]): Promise<void> {
  for (const { day: n, kind, part } of order) {
    const day = it.days[n] ?? '';
    const { trade, flow } = of[day] ?? { trade: [], flow: [] };
    const isEmpty = (kind === 'trade' ? trade : flow).length === 0;
    const ours = <R extends TradeRow | FlowRow>(rows: readonly R[]): readonly R[] =>
      rows.filter((row) => partOf(row) === part);
    const [trades, flows] = [ours(trade), ours(flow)];
    if (!isEmpty && (kind === 'trade' ? trades : flows).length === 0) continue;
    const named = { part: String(part) };
    await (kind === 'trade' ? bringTrade(db, day, trades, named) : bringFlow(db, day, flows, named));
  }
}

function threeWay(billDate: string): Promise<ThreeWay> {
  const line = { proves: 'acceptance' as const, dayEndsEarlyMs: 0 };
  return threeWayOf(db.pool, {
    accountId: ACCOUNT,
    billDate,
    words: WORDS,
    kinds: ['trade', 'fund_flow'],
    line,
  });
}

const sum = (amounts: readonly number[]): bigint => BigInt(amounts.reduce((total, one) => total + one, 0));

/** The totals are those of the rows themselves, and each step's items are all of its difference. */
async function expectItAddsUp(of: Days): Promise<void> {
  for (const [day, { trade, flow }] of Object.entries(of)) {
    const seen = await threeWay(day);
    expect(seen.trade.minor).toBe(sum(trade.map(({ amount }) => amount)));
    expect(seen.trade.payerMinor).toBe(sum(trade.map(({ amount, payer }) => payer ?? amount)));
    const moved = (word: string): bigint =>
      sum(flow.filter((row) => row.word === word).map(({ amount }) => amount));
    expect(seen.fundFlow).toMatchObject({
      minor: moved('refund'),
      feeMinor: moved('fee back'),
      backMinor: moved('closed'),
    });
    for (const step of THREE_WAY_STEPS) {
      const { fromMinor, toMinor, items } = seen[step];
      expect(items.reduce((total, { minor }) => total + minor, fromMinor)).toBe(toMinor);
    }
  }
}

/** What came of a case, its days and numbers told as those of the first. */
async function outcomeOf(it: Case): Promise<string[]> {
  const all = [...(await movementMatches(db, span(it))), ...(await flowBreaks(db, span(it)))];
  return all.map((one) => told(it, one)).sort();
}

/** What the books make of the lines of a case whose files came whole: a line stands under the heading of its file. */
async function booksOf(it: Case): Promise<Books> {
  const { from, to } = span(it);
  const { rows } = await db.owner.query<{ line: string; refund_no: string | null; differs: boolean }>(
    `select format('%s %s', l.bill_date, l.line_no - 2) as line, r.refund_no,
            exists (select from breaks b where b.file_id = l.file_id and b.line_no = l.line_no and b.kind = 'amount_differs'
                       and b.status = 'open' and b.dedupe_key not like 'flow/%') as differs
       from statement_lines l
       left join live_matches m on m.file_id = l.file_id and m.line_no = l.line_no
       left join refunds r on r.id = m.refund_id
      where l.bill_date between $1 and $2 and l.line_type = 'refund'`,
    [from, to],
  );
  const lines = new Map(rows.map(({ line, refund_no, differs }) => [line, { refundNo: refund_no, differs }]));
  return (day, nth) => lines.get(`${day} ${String(nth)}`) ?? { refundNo: null, differs: false };
}

function told({ days, refundNos }: Case, text: string): string {
  const named = refundNos.reduce(
    (said, no, n) => said.replaceAll(new RegExp(`\\b${no}\\b`, 'g'), `OWN${String(n)}`),
    text,
  );
  return days.reduce((said, day, n) => said.replaceAll(day, `day ${String(n)}`), named);
}

const span = ({ days }: Case) => ({ from: days[0] ?? '', to: days.at(-1) ?? '' });

const KINDS = [
  ...['ambiguous', 'amount_differs', 'duplicate_line', 'fee_differs', 'missing_in_books'],
  ...['missing_in_fund_flow', 'missing_in_trade'],
];

test('days as they are made up have every kind of difference', () => {
  const it: Case = {
    days: Array.from({ length: DAY_COUNT + 1 }, (_, n) => addDays(parsePlainDate(FIRST), n)),
    refundNos: ['A', 'B'],
  };
  const kinds = fc.sample(rowsOfDays(), { seed: 1, numRuns: 500 }).flatMap((rows) => {
    const of = daysOf(it, rows);
    const all = naiveMovements(of, (row) => it.refundNos.includes(row.refundNo ?? ''));
    // Books in which each line that prints the number of a refund is matched to it.
    const books: Books = (day, nth) => {
      const refundNo = of[day]?.trade[nth]?.refundNo ?? '';
      return { refundNo: it.refundNos.includes(refundNo) ? refundNo : null, differs: false };
    };
    return naiveBreaks(of, all, books).map((one) => one.split(' ')[0]);
  });

  expect([...new Set(kinds)].sort()).toEqual(KINDS);
});

describe('on any days', () => {
  test('matches and differences are those of the rules, in whatever order and parts the files come, and the day adds up three ways', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfDays(), anyOrder(), anyOrderOfParts(), async (rows, order, other) => {
        const it = await freshCase();
        const of = daysOf(it, rows);
        await deliver(it, of, order);
        const all = naiveMovements(of, (row) => it.refundNos.includes(row.refundNo ?? ''));
        expect([...(await movementMatches(db, span(it)))].sort()).toEqual(all.matches.map(saidOf).sort());
        expect([...(await flowBreaks(db, span(it)))].sort()).toEqual(naiveBreaks(of, all, await booksOf(it)));
        await expectItAddsUp(of);
        const again = await freshCase();
        await deliverParts(again, daysOf(again, rows), other);
        expect(await outcomeOf(again)).toEqual(await outcomeOf(it));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 300_000);

  test('also days of which statements are missing add up: what cannot be compared yet waits', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOfDays(), anyOrder(), fc.nat(8), async (rows, order, count) => {
        const it = await freshCase();
        const there = order.slice(0, count);
        const of = daysOf(it, rows);
        await deliver(it, of, there);
        const partly = it.days.map((day, n) => {
          const has = (kind: string): boolean => there.some((one) => one.day === n && one.kind === kind);
          return [day, { trade: has('trade') ? of[day]?.trade : [], flow: has('flow') ? of[day]?.flow : [] }];
        });
        await expectItAddsUp(Object.fromEntries(partly) as Days);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 300_000);
});
