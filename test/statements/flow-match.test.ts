/** Three-way: what is said to be refunded against what left the account, movement by movement. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { explainBreak } from '../../store/break-facts.ts';
import type { Break } from '../../store/breaks.ts';
import { listBreaks } from '../../store/breaks.ts';
import { fresh, openAccounts } from '../store/books.ts';
import { DAY, DAY_AFTER, DAY_BEFORE, taken } from './bills.ts';
import type { TradeRow } from './flow-days.ts';
import {
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

describe('the numbers that both statements print', () => {
  test('bring a movement to its line, and a fee to its own', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', amount: 500, fee: 3 },
      { channelRefundNo: '501', amount: 700 },
    ]);
    await bringFlow(db, DAY, [
      { ...refund, refundNo: 'R1', amount: 500 },
      { ...feeBack, refundNo: 'R1', amount: 3 },
      { ...refund, channelRefundNo: '501', amount: 700 },
      { word: 'payment', transactionId: 'T', amount: 900 },
    ]);

    expect(await movementMatches(db)).toEqual([
      `${DAY} 501 ← ${DAY} 501, pass 2, role 1: 700 of 700`,
      `${DAY} R1 ← ${DAY} R1, pass 1, role 1: 500 of 500`,
      `${DAY} R1 ← ${DAY} R1, pass 1, role 2: 3 of 3`,
    ]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('F63 what the payer gets is what leaves, not what the coupon paid', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 900, payer: 630 }]);
    await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 630 }]);

    expect(await movementMatches(db)).toEqual([`${DAY} R1 ← ${DAY} R1, pass 1, role 1: 630 of 630`]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('with another amount are a difference that names both', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500, fee: 3 }]);
    await bringFlow(db, DAY, [
      { ...refund, refundNo: 'R1', amount: 499 },
      { ...feeBack, refundNo: 'R1', amount: 5 },
    ]);

    expect(await flowBreaks(db)).toEqual([`amount_differs ${DAY} R1 499/500`, `fee_differs ${DAY} R1 5/3`]);
  });

  test('stay ended as decided, and are a difference again once there is more at stake', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500 }]);
    await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 499 }]);
    await db.owner.query(
      `update breaks set status = 'closed', closed_at = now(), closed_reason = 'resolved', closing_evidence = '{}'
        where dedupe_key like 'flow/%'`,
    );

    await compareDay(db, DAY);
    expect(await flowBreaks(db)).toEqual([]);

    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 700 }]);
    await compareDay(db, DAY);
    expect(await flowBreaks(db)).toEqual([`amount_differs ${DAY} R1 499/700`]);
  });

  test('of a refund that the trade statement does not show are one difference, also where its fee is in another file', async () => {
    const { refundNo } = await taken(db, 500n);
    for (const day of [DAY, DAY_AFTER]) await bringTrade(db, day, []);
    await bringFlow(db, DAY, [{ ...refund, refundNo, amount: 500 }], { part: 'basic' });
    await bringFlow(db, DAY, [{ ...feeBack, refundNo, amount: 3 }], { part: 'fees' });

    expect(await flowBreaks(db)).toEqual([`missing_in_trade ${DAY} ${refundNo} 500/-`]);
  });

  test('F63 a movement that is less by the fee kept it: explained, and no fee is waited for', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500, fee: 3 }]);
    await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 497 }]);
    await bringFlow(db, DAY_AFTER, []);

    expect(await movementMatches(db)).toEqual([`${DAY} R1 ← ${DAY} R1, pass 1, role 1: 497 of 500`]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('F64 a fee that differs by less than a fen was rounded', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', amount: 500, feeE5: 2_600 },
      { refundNo: 'R2', amount: 500, feeE5: 2_600 },
    ]);
    await bringFlow(db, DAY, [
      { ...refund, refundNo: 'R1', amount: 500 },
      { ...feeBack, refundNo: 'R1', amount: 2 },
      { ...refund, refundNo: 'R2', amount: 500 },
      { ...feeBack, refundNo: 'R2', amount: 1 },
    ]);

    expect(await flowBreaks(db)).toEqual([`fee_differs ${DAY} R2 1/3`]);
  });
});

describe('a movement of another day', () => {
  test('gives its line up to one of the line’s own day that a newer delivery has, though their amounts differ', async () => {
    await bringTrade(db, DAY, [{ channelRefundNo: '501', amount: 700, fee: 3 }]);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY, [{ ...refund, channelRefundNo: '501', amount: 700 }]);
    await bringFlow(db, DAY_AFTER, [{ ...feeBack, channelRefundNo: '501', amount: 3 }]);
    expect(await flowBreaks(db)).toEqual([]);

    await bringFlow(db, DAY, [
      { ...refund, channelRefundNo: '501', amount: 700 },
      { ...feeBack, channelRefundNo: '501', amount: 1 },
    ]);

    expect(await flowBreaks(db)).toEqual([`fee_differs ${DAY} 501 1/3`]);
  });

  test('is waited for, and found the day after', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500, fee: 3 }]);
    await bringFlow(db, DAY, []);
    expect(await flowBreaks(db)).toEqual([]);

    await bringFlow(db, DAY_AFTER, [
      { ...refund, refundNo: 'R1', amount: 500 },
      { ...feeBack, refundNo: 'R1', amount: 3 },
    ]);
    await bringTrade(db, DAY_AFTER, []);
    expect(await movementMatches(db)).toEqual([
      `${DAY_AFTER} R1 ← ${DAY} R1, pass 1, role 1: 500 of 500`,
      `${DAY_AFTER} R1 ← ${DAY} R1, pass 1, role 2: 3 of 3`,
    ]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('that does not come by the next day is a difference, which ends by itself when it comes later', async () => {
    await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500 }]);
    await bringFlow(db, DAY, []);
    await bringFlow(db, DAY_AFTER, []);
    expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} R1 500/-`]);

    await bringTrade(db, '2026-11-26', []);
    await bringFlow(db, '2026-11-26', [{ ...refund, refundNo: 'R1', amount: 500 }]);
    expect(await flowBreaks(db)).toEqual([]);
    const { rows } = await db.owner.query(
      `select closed_reason, closing_evidence ->> 'pass' as pass from breaks where dedupe_key like 'flow/%'`,
    );
    expect(rows).toEqual([{ closed_reason: 'movement_found', pass: '1' }]);
  });

  test('for which no line comes is a difference', async () => {
    await bringTrade(db, DAY, []);
    await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 500 }]);
    expect(await flowBreaks(db)).toEqual([]);
    await bringTrade(db, DAY_AFTER, []);
    expect(await flowBreaks(db)).toEqual([`missing_in_books ${DAY} R1 500/-`]);
  });

  test('is never advised to be given to a refund that would fit it', async () => {
    const transactionId = fresh('T');
    await taken(db, 500n, { transactionId });
    await bringTrade(db, DAY, []);
    await bringFlow(db, DAY, [{ ...refund, transactionId, amount: 500 }]);
    await bringTrade(db, DAY_AFTER, []);
    const { breaks } = await listBreaks(db.pool, { limit: 10, kind: 'missing_in_books' });
    expect(breaks).toHaveLength(1);

    const said = await explainBreak(db.pool, breaks[0] as Break, new Date());
    expect(said.candidates).toHaveLength(1);
    expect(said.suggestion.act).toBe('look');
  });
});

describe('a net movement', () => {
  test('is the sum of all open lines of its payment', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', transactionId: 'T', amount: 3_333 },
      { refundNo: 'R2', transactionId: 'T', amount: 3_334 },
      { refundNo: 'R3', transactionId: 'U', amount: 50 },
    ]);
    await bringFlow(db, DAY, [
      { ...refund, transactionId: 'T', amount: 6_667 },
      { ...refund, refundNo: 'R3', amount: 50 },
    ]);

    const why = '(all open lines of the payment: 2)';
    expect(await movementMatches(db)).toEqual([
      `${DAY} R3 ← ${DAY} R3, pass 1, role 1: 50 of 50`,
      `${DAY} T ← ${DAY} R1, pass 4, role 1: 3333 of 3333 ${why}`,
      `${DAY} T ← ${DAY} R2, pass 4, role 1: 3334 of 3334 ${why}`,
    ]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('is the sum of all open lines of its day, less the fees that were kept', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', transactionId: 'T', amount: 1_000, fee: 6 },
      { refundNo: 'R2', transactionId: 'U', amount: 2_000, fee: 12 },
    ]);
    await bringFlow(db, DAY, [{ ...refund, amount: 2_982 }]);
    await bringFlow(db, DAY_AFTER, []);

    const why = '(all open lines of the day, less the fees kept: 2)';
    expect(await movementMatches(db)).toEqual([
      `${DAY} - ← ${DAY} R1, pass 5, role 1: 994 of 1000 ${why}`,
      `${DAY} - ← ${DAY} R2, pass 5, role 1: 1988 of 2000 ${why}`,
    ]);
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('may be booked the day after', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', amount: 10 },
      { refundNo: 'R2', amount: 20 },
    ]);
    await bringFlow(db, DAY, []);
    await bringTrade(db, DAY_AFTER, [{ refundNo: 'R3', amount: 40 }]);
    await bringFlow(db, DAY_AFTER, [
      { ...refund, amount: 30 },
      { ...refund, refundNo: 'R3', amount: 40 },
    ]);

    expect((await movementMatches(db)).filter((one) => one.includes('pass 5'))).toHaveLength(2);
  });

  test('F64 of fees may have been rounded once for all of them', async () => {
    const line = (refundNo: string) => ({ refundNo, amount: 100, feeE5: 400 });
    await bringTrade(db, DAY, ['R1', 'R2', 'R3', 'R4'].map(line));
    await bringFlow(db, DAY, [
      ...['R1', 'R2', 'R3', 'R4'].map((refundNo) => ({ ...refund, refundNo, amount: 100 })),
      { ...feeBack, amount: 1 },
    ]);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY_AFTER, []);

    // Each rounds to nothing, all of them together to one fen or two.
    expect(await flowBreaks(db)).toEqual([]);
  });

  test('F64 that is not the sum is one difference with both sums, and not one for each line', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', amount: 10 },
      { refundNo: 'R2', amount: 20 },
    ]);
    await bringFlow(db, DAY, [{ ...refund, amount: 31 }]);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY_AFTER, []);

    expect(await movementMatches(db)).toEqual([]);
    expect(await flowBreaks(db)).toEqual([`amount_differs ${DAY} - 31/30`]);
  });

  test('is not guessed where two could be meant', async () => {
    await bringTrade(db, DAY, [
      { refundNo: 'R1', transactionId: 'T', amount: 10 },
      { refundNo: 'R2', transactionId: 'T', amount: 20 },
    ]);
    await bringFlow(db, DAY, [
      { ...refund, transactionId: 'T', amount: 30 },
      { ...refund, transactionId: 'T', amount: 30, at: '13:00:00' },
    ]);
    await bringTrade(db, DAY_AFTER, []);
    await bringFlow(db, DAY_AFTER, []);

    expect(await movementMatches(db)).toEqual([]);
    expect(await flowBreaks(db)).toEqual([
      `ambiguous ${DAY} T 30/-`,
      `ambiguous ${DAY} T 30/-`,
      `missing_in_fund_flow ${DAY} R1 10/-`,
      `missing_in_fund_flow ${DAY} R2 20/-`,
    ]);
  });
});

test('one to one by payment and amount, where the movement has no number', async () => {
  await bringTrade(db, DAY, [
    { refundNo: 'R1', transactionId: 'T', amount: 10 },
    { refundNo: 'R2', transactionId: 'T', amount: 20 },
  ]);
  await bringFlow(db, DAY, [
    { ...refund, transactionId: 'T', amount: 20 },
    { ...refund, transactionId: 'T', amount: 10 },
  ]);

  const why = '(the only line of the payment with this amount)';
  expect(await movementMatches(db)).toEqual([
    `${DAY} T ← ${DAY} R1, pass 3, role 1: 10 of 10 ${why}`,
    `${DAY} T ← ${DAY} R2, pass 3, role 1: 20 of 20 ${why}`,
  ]);
});

test('I11: two movements that each fit the one line of their payment are both left, and neither is given to it', async () => {
  await bringTrade(db, DAY, [{ refundNo: 'R1', transactionId: 'T', amount: 10 }]);
  await bringFlow(db, DAY, [
    { ...refund, transactionId: 'T', amount: 10 },
    { ...refund, transactionId: 'T', amount: 10, at: '13:00:00' },
  ]);
  for (const bring of [bringTrade, bringFlow]) await bring(db, DAY_AFTER, []);

  expect(await movementMatches(db)).toEqual([]);
  expect(await flowBreaks(db)).toEqual([
    `ambiguous ${DAY} T 10/-`,
    `ambiguous ${DAY} T 10/-`,
    `missing_in_fund_flow ${DAY} R1 10/-`,
  ]);
});

describe.each([
  ['what comes back of their fee', { fee: 2 }],
  ['what the coupon paid', { amount: 900 }],
])('I11 F65: of lines that differ in no more than %s', (_, other) => {
  const line = { channelRefundNo: '501', amount: 700, payer: 630 };

  test.each([
    ['their own day', DAY],
    ['the day after', DAY_AFTER],
  ])('the same one is given the movement of %s, whichever file came first', async (_of, day) => {
    const outcomes = await inEitherOrder(
      () => Promise.resolve([line, { ...line, ...other }]),
      async () => {
        await bringTrade(db, DAY_AFTER, []);
        for (const one of [DAY, DAY_AFTER])
          await bringFlow(db, one, one === day ? [{ ...refund, channelRefundNo: '501', amount: 600 }] : []);
        return [...(await given()), ...(await flowBreaks(db))];
      },
    );

    expect(outcomes[0].length).toBeGreaterThan(1);
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  /** The lines that were given a movement, in what their twins differ. */
  async function given(): Promise<string[]> {
    const { rows } = await db.owner.query<{ said: string }>(
      `select format('%s, fee %s', l.amount_minor, l.fee_e5) as said
         from all_movement_matches a
         join statement_lines l on l.file_id = a.trade_file_id and l.line_no = a.trade_line_no`,
    );
    return rows.map(({ said }) => said);
  }
});

describe.each([
  ['what comes back of their fee', { fee: 2 }],
  ['what the payer gets', { payer: 6 }],
])('I11 F65: of lines that differ in no more than %s', (_, other) => {
  test('and name one refund, the same one is matched, whichever file came first', async () => {
    const matched = await inEitherOrder(
      async () => {
        const { refundNo } = await taken(db, 10n);
        const line = { refundNo, amount: 30, payer: 9 };
        return [line, { ...line, ...other }];
      },
      () =>
        rowsOf(
          'select l.payer_minor, l.fee_e5 from matches m join statement_lines l using (file_id, line_no)',
        ),
    );

    expect(matched[0]).toHaveLength(1);
    expect(matched[1]).toEqual(matched[0]);
  });

  test('and print one number of the channel, the same one could be the refund of their payment, whichever file came first', async () => {
    const found = await inEitherOrder(
      async () => {
        const { payment } = await taken(db, 10n);
        const { transactionId } = payment;
        if (transactionId === null) throw new Error('the payment has a number of the channel');
        const line = { transactionId, channelRefundNo: '777', amount: 10, payer: 9 };
        return [line, { ...line, ...other }];
      },
      () =>
        rowsOf(`select b.kind, l.payer_minor, l.fee_e5 from breaks b join statement_lines l using (file_id, line_no)
              where b.status = 'open' and b.dedupe_key not like 'flow/%' order by 1, 2, 3`),
    );

    expect(found[0]).not.toEqual([]);
    expect(found[1]).toEqual(found[0]);
  });
});

/** Rows of a question to the books. */
async function rowsOf(text: string): Promise<readonly object[]> {
  const { rows } = await db.owner.query<Record<string, unknown>>(text);
  return rows;
}

/** What is found when two lines of a day come, each in a file of its own: the first before the second, and the other way round. */
async function inEitherOrder<T>(
  linesOf: () => Promise<readonly [TradeRow, TradeRow]>,
  look: () => Promise<T>,
): Promise<[T, T]> {
  const found = async (isSecondFirst: boolean): Promise<T> => {
    await emptyStatements(db);
    const [first, second] = await linesOf();
    for (const [n, row] of (isSecondFirst ? [second, first] : [first, second]).entries())
      await bringTrade(db, DAY, [row], { part: String(n) });
    return look();
  };
  return [await found(false), await found(true)];
}

test('I11: a second movement of a refund whose line has its own left the account twice', async () => {
  const { refundNo } = await taken(db, 500n);
  await bringTrade(db, DAY, [{ refundNo, amount: 500 }]);
  await bringFlow(db, DAY, [
    { ...refund, refundNo, amount: 500 },
    { ...refund, refundNo, amount: 500, at: '13:00:00' },
  ]);
  for (const bring of [bringTrade, bringFlow]) await bring(db, DAY_AFTER, []);

  expect(await movementMatches(db)).toEqual([
    `${DAY} ${refundNo} ← ${DAY} ${refundNo}, pass 1, role 1: 500 of 500`,
  ]);
  expect(await flowBreaks(db)).toEqual([`duplicate_line ${DAY} ${refundNo} 500/-`]);
});

test('what days had given each other is gone once a newer delivery leaves only one of the two', async () => {
  await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 10 }]);
  await bringFlow(db, DAY, []);
  await bringTrade(db, DAY_AFTER, []);
  await bringFlow(db, DAY_AFTER, [{ ...refund, refundNo: 'R1', amount: 10 }]);
  expect(await movementMatches(db)).toEqual([`${DAY_AFTER} R1 ← ${DAY} R1, pass 1, role 1: 10 of 10`]);
  expect(await flowBreaks(db)).toEqual([]);

  await bringFlow(db, DAY_AFTER, [{ word: 'payment', transactionId: 'T', amount: 9 }]);

  expect(await movementMatches(db)).toEqual([]);
  expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} R1 10/-`]);
});

test('P11 comparing again writes no row', async () => {
  await bringTrade(db, DAY_BEFORE, [{ refundNo: 'R0', amount: 5 }]);
  await bringFlow(db, DAY_BEFORE, []);
  await bringTrade(db, DAY, [
    { refundNo: 'R1', amount: 10, fee: 1 },
    { refundNo: 'R2', amount: 20 },
  ]);
  await bringFlow(db, DAY, [
    { ...refund, refundNo: 'R1', amount: 11 },
    { ...refund, refundNo: 'R0', amount: 5 },
  ]);
  await bringFlow(db, DAY_AFTER, []);
  const rows = `select (select array_agg((xmin, ctid)::text order by ctid) from movement_matches) as m,
    (select array_agg((xmin, ctid)::text order by ctid) from movement_shares) as s,
    (select array_agg((xmin, ctid)::text order by ctid) from movement_leftovers) as l,
    (select array_agg((xmin, ctid)::text order by ctid) from breaks) as b`;
  const before = await db.owner.query(rows);
  for (const day of [DAY, DAY_BEFORE, DAY_AFTER]) expect(await compareDay(db, day)).toBe(false);
  expect((await db.owner.query(rows)).rows).toEqual(before.rows);
});

test('a newer delivery takes the place of the one before: what came of that is gone', async () => {
  await bringTrade(db, DAY, [
    { refundNo: 'R1', amount: 10 },
    { refundNo: 'R2', amount: 20 },
  ]);
  await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 10 }]);
  await bringFlow(db, DAY_AFTER, []);
  expect(await flowBreaks(db)).toEqual([`missing_in_fund_flow ${DAY} R2 20/-`]);
  await bringFlow(db, DAY, [
    { ...refund, refundNo: 'R2', amount: 20 },
    { ...refund, refundNo: 'R1', amount: 10 },
  ]);
  expect(await flowBreaks(db)).toEqual([]);
  const seen = await outcomeOf(db);

  await emptyStatements(db);
  await bringFlow(db, DAY_AFTER, []);
  await bringFlow(db, DAY, [
    { ...refund, refundNo: 'R2', amount: 20 },
    { ...refund, refundNo: 'R1', amount: 10 },
  ]);
  await bringTrade(db, DAY, [
    { refundNo: 'R1', amount: 10 },
    { refundNo: 'R2', amount: 20 },
  ]);
  expect(await outcomeOf(db)).toBe(seen);
});

test('a day of which a file is there and no line is seen is not compared: what was compared is remembered by its files', async () => {
  await bringTrade(db, DAY, [{ refundNo: 'R1', amount: 500 }], { match: false });
  await bringFlow(db, DAY, [{ ...refund, refundNo: 'R1', amount: 500 }], { match: false });
  await db.owner.query('truncate statement_lines');

  await expect(compareDay(db, DAY)).rejects.toMatchObject({ code: 'invariant_broken' });

  const { rows } = await db.owner.query('select from movement_days');
  expect(rows).toEqual([]);
});
