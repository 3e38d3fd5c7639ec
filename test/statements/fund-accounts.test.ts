/** Three-way over several fund accounts of one merchant account: what is said to be refunded against what left any of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { ThreeWay } from '../../domain/statement/three-way.ts';
import { isExplained } from '../../domain/statement/three-way.ts';
import { observe } from '../../store/observations.ts';
import { threeWayOf } from '../../store/three-way.ts';
import { ACCOUNT, minute, openAccounts, refundOf, said, sent } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { DAY, DAY_AFTER } from './bills.ts';
import {
  WORDS,
  bringFlow,
  bringTrade,
  compareDay,
  emptyStatements,
  flowBreaks,
  movementMatches,
  outcomeOf,
} from './flow-days.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await emptyStatements(db);
  await openAccounts(db.pool);
});

const refund = { word: 'refund' } as const;
const feeBack = { word: 'fee back' } as const;
const kinds: readonly StatementKind[] = ['trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees'];
const operation = { kinds, fundFlow: 'fund_flow_operation' } as const;
const fees = { kinds, fundFlow: 'fund_flow_fees' } as const;

function threeWay(billDate = DAY, expected = kinds): Promise<ThreeWay> {
  const line = { proves: 'acceptance' as const, dayEndsEarlyMs: 0 };
  return threeWayOf(db.pool, { accountId: ACCOUNT, billDate, words: WORDS, kinds: expected, line });
}

const items = ({ tradeToFundFlow, fees: ofFees }: ThreeWay): string[] =>
  [...tradeToFundFlow.items, ...ofFees.items].map(
    ({ kind, isExplained: explained, count, minor }) =>
      `${kind} ${String(count)}: ${String(minor)}${explained ? '' : ' unexplained'}`,
  );

/** Two refunds, one paid from each account, whose fees come back to the third. */
const SAID = [
  { refundNo: 'R1', amount: 500, fee: 3 },
  { refundNo: 'R2', amount: 700, fee: 4 },
];
const BRING = {
  trade: () => bringTrade(db, DAY, SAID, { kinds }),
  basic: () => bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 500 }], { kinds }),
  operation: () => bringFlow(db, DAY, [{ ...refund, refundNo: 'R2', amount: 700 }], operation),
  fees: () =>
    bringFlow(
      db,
      DAY,
      [
        { ...feeBack, refundNo: 'R1', amount: 3 },
        { ...feeBack, refundNo: 'R2', amount: 4 },
      ],
      fees,
    ),
  next: async () => {
    await bringTrade(db, DAY_AFTER, [], { kinds });
    await bringFlow(db, DAY_AFTER, [], { kinds });
    await bringFlow(db, DAY_AFTER, [], operation);
    await bringFlow(db, DAY_AFTER, [], fees);
  },
};
type Step = keyof typeof BRING;

describe('a refund', () => {
  test('is found on whichever fund account paid it, and its fee on another', async () => {
    for (const step of ['trade', 'basic', 'operation', 'fees'] as const) await BRING[step]();

    expect(await movementMatches(db)).toEqual([
      `${DAY} R1 ← ${DAY} R1, pass 1, role 1: 500 of 500`,
      `${DAY} R1 ← ${DAY} R1, pass 1, role 2: 3 of 3`,
      `${DAY} R2 ← ${DAY} R2, pass 1, role 1: 700 of 700`,
      `${DAY} R2 ← ${DAY} R2, pass 1, role 2: 4 of 4`,
    ]);
    const day = await threeWay();
    expect(items(day)).toEqual([]);
    expect(day.fundFlow).toMatchObject({ count: 2, minor: 1_200n, feeMinor: 7n });
    expect(day.fundAccounts).toMatchObject([
      { kind: 'fund_flow', statement: 'loaded', count: 1, minor: 500n, feeMinor: 0n },
      { kind: 'fund_flow_operation', statement: 'loaded', count: 1, minor: 700n, feeMinor: 0n },
      { kind: 'fund_flow_fees', statement: 'loaded', count: 0, minor: 0n, feeMinor: 7n },
    ]);
  });

  test('is missing nowhere as long as the statement of one fund account is: of its day, or of the next', async () => {
    await BRING.trade();
    await BRING.basic();
    await BRING.fees();
    const early = await threeWay();
    expect(early.statements.fundFlow).toBe('missing');
    expect(early.fundAccounts.map(({ statement }) => statement)).toEqual(['loaded', 'missing', 'loaded']);
    expect(items(early)).toEqual(['waiting 0: -700']);

    await bringFlow(db, DAY, [], operation);
    expect(items(await threeWay())).toEqual(['waiting 1: -700']);
    await bringTrade(db, DAY_AFTER, [], { kinds });
    await bringFlow(db, DAY_AFTER, [], { kinds });
    await bringFlow(db, DAY_AFTER, [], fees);
    expect(await flowBreaks(db)).toEqual([]);

    await bringFlow(db, DAY_AFTER, [], operation);
    expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} R2 700/-`]);
    expect(items(await threeWay())).toEqual(['missing_in_fund_flow 1: -700 unexplained']);
  });

  test('that left two fund accounts left twice', async () => {
    await BRING.trade();
    await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 500 }], { kinds });
    const twice = [
      { ...refund, refundNo: 'R2', amount: 700 },
      { ...refund, refundNo: 'R1', amount: 500 },
    ];
    await bringFlow(db, DAY, twice, operation);
    await BRING.fees();
    await BRING.next();

    expect(await flowBreaks(db)).toEqual([`missing_in_books ${DAY} R1 500/-`]);
  });
});

test('I5 the outcome does not depend on the order in which the statements of the fund accounts come', async () => {
  const orders: readonly (readonly Step[])[] = [
    ['trade', 'basic', 'operation', 'fees', 'next'],
    ['next', 'fees', 'operation', 'basic', 'trade'],
    ['operation', 'trade', 'next', 'basic', 'fees'],
  ];
  const outcomes = new Set<string>();
  for (const order of orders) {
    await emptyStatements(db);
    for (const step of order) await BRING[step]();
    outcomes.add(await outcomeOf(db));
  }
  expect(outcomes.size).toBe(1);
});

describe('money between the own fund accounts', () => {
  test('is shown as that, and is no difference', async () => {
    await BRING.trade();
    const moved = { transactionId: 'MOVE-1', amount: 9_000 };
    const basic = [
      { ...refund, refundNo: 'R1', amount: 500 },
      { word: 'moved out', ...moved },
    ] as const;
    await bringFlow(db, DAY, basic, { kinds });
    const other = [
      { word: 'moved in', ...moved },
      { ...refund, refundNo: 'R2', amount: 700 },
    ] as const;
    await bringFlow(db, DAY, other, operation);
    await BRING.fees();
    await BRING.next();

    const day = await threeWay();
    const none = { count: 0, minor: 0n };
    const once = { count: 1, minor: 9_000n };
    expect(day.fundAccounts).toMatchObject([
      { kind: 'fund_flow', minor: 500n, toOwn: once, fromOwn: none },
      { kind: 'fund_flow_operation', minor: 700n, toOwn: none, fromOwn: once },
      { kind: 'fund_flow_fees', toOwn: none, fromOwn: none },
    ]);
    expect(items(day)).toEqual([]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('is not made of two movements with other numbers, another amount, or of one account', async () => {
    await BRING.trade();
    const basic = [
      { ...refund, refundNo: 'R1', amount: 500 },
      { word: 'moved out', transactionId: 'A', amount: 100 },
      { word: 'moved out', transactionId: 'B', amount: 100 },
      { word: 'moved out', transactionId: 'C', amount: 100 },
      { word: 'moved in', transactionId: 'C', amount: 100 },
    ] as const;
    await bringFlow(db, DAY, basic, { kinds });
    const other = [
      { word: 'moved in', transactionId: 'A', amount: 101 },
      { word: 'moved in', transactionId: 'Z', amount: 100 },
      { ...refund, refundNo: 'R2', amount: 700 },
    ] as const;
    await bringFlow(db, DAY, other, operation);
    await BRING.fees();

    const day = await threeWay();
    expect(day.fundAccounts.map(({ toOwn }) => toOwn.count)).toEqual([0, 0, 0]);
    expect(await flowBreaks(db)).toEqual([]);
  });
});

describe('a refund that a fund account pays whose statements are not fetched', () => {
  const onlyBasic = ['trade', 'fund_flow'] as const;

  async function paidFrom(fundAccount?: 'operation' | 'other'): Promise<string> {
    const { id, refundNo } = await refundOf(db.pool, 700n);
    const acceptedAt = minute(3).toISOString();
    const report = said('processing', 3, {
      acceptedAt,
      ...(fundAccount === undefined ? {} : { fundAccount }),
    });
    await observe(db.pool, id, [sent(1, 2), report]);
    return refundNo;
  }

  async function bringDays(refundNo: string): Promise<void> {
    await bringTrade(db, DAY, [{ refundNo, amount: 700 }]);
    await bringFlow(db, DAY, []);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY_AFTER, []);
  }

  test.each(['operation', 'other'] as const)('%s is explained by that, and no break', async (fundAccount) => {
    await bringDays(await paidFrom(fundAccount));

    const day = await threeWay(DAY, onlyBasic);
    expect(items(day)).toEqual(['account_not_fetched 1: -700']);
    // The books have the refunds of the other tests besides.
    expect(isExplained({ ...day, booksToTrade: day.givenBack })).toBe(true);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('is missing where the channel named no such account', async () => {
    const refundNo = await paidFrom();
    await bringDays(refundNo);

    expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} ${refundNo} 700/-`]);
  });

  test('is looked for there once they are, and is missing when it has not left it either', async () => {
    const [there, missing] = [await paidFrom('operation'), await paidFrom('operation')];
    const with2 = ['trade', 'fund_flow', 'fund_flow_operation'] as const;
    await bringTrade(db, DAY, [
      { refundNo: there, amount: 700 },
      { refundNo: missing, amount: 700 },
    ]);
    await bringFlow(db, DAY, []);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY_AFTER, []);
    expect(items(await threeWay(DAY, onlyBasic))).toEqual(['account_not_fetched 2: -1400']);

    const o = { kinds: with2, fundFlow: 'fund_flow_operation' } as const;
    await compareDay(db, DAY, { kinds: with2 });
    expect(items(await threeWay(DAY, with2))).toEqual(['waiting 0: -1400']);
    await bringFlow(db, DAY, [{ ...refund, refundNo: there, amount: 700 }], o);
    await bringFlow(db, DAY_AFTER, [], o);

    expect(items(await threeWay(DAY, with2))).toEqual(['missing_in_fund_flow 1: -700 unexplained']);
    expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} ${missing} 700/-`]);
  });
});

describe('the file of a fund account', () => {
  const rows = [{ ...refund, refundNo: 'R1', amount: 500 }];

  test('F45 is not taken for that of another one: its money would count twice', async () => {
    await bringFlow(db, DAY, rows, { kinds, match: false });

    await expect(bringFlow(db, DAY, rows, { ...operation, match: false })).rejects.toMatchObject({
      code: 'statement_account_differs',
    });
    const { rows: files } = await db.owner.query(
      `select kind, status, refusal_code from statement_files order by id`,
    );
    expect(files).toEqual([
      { kind: 'fund_flow', status: 'loaded', refusal_code: null },
      { kind: 'fund_flow_operation', status: 'refused', refusal_code: 'statement_account_differs' },
    ]);
    // The database has the last word.
    await expect(
      db.owner.query(`update statement_files set status = 'loaded', refusal_code = null, revision = 1, lines = 1, sha256 =
        (select sha256 from statement_files where kind = 'fund_flow') where kind = 'fund_flow_operation'`),
    ).rejects.toThrow(/statement_files_of_one_fund_account/);
  });

  test('again is the same file, and a new delivery takes the place of that of its own account only', async () => {
    const first = await bringFlow(db, DAY, rows, { kinds, match: false });
    expect(await bringFlow(db, DAY, rows, { kinds, match: false })).toBe(first);
    const other = [{ ...refund, refundNo: 'R2', amount: 700 }];
    await bringFlow(db, DAY, other, { ...operation, match: false });
    await bringFlow(db, DAY, [...other, ...rows], { ...operation, match: false });

    const { rows: live } = await db.owner.query(
      `select kind, revision from statement_files where status = 'loaded' order by kind`,
    );
    expect(live).toEqual([
      { kind: 'fund_flow', revision: 1 },
      { kind: 'fund_flow_operation', revision: 2 },
    ]);
  });
});
