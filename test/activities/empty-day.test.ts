/** A day on which nothing happened is followed as one with lines is: it may be what shows that a refund is missing. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordEmptyDay } from '../../activities/statement/record-empty-day.ts';
import type { ResolvingRule } from '../../domain/statement/resolving-rule.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { BREAK_RULES } from '../../domain/statement/break-work.ts';
import { keepBreakRules } from '../../store/break-rules.ts';
import { listBreaks } from '../../store/breaks.ts';
import { ACCOUNT, MERCHANT } from '../store/books.ts';
import { DAY, DAY_AFTER, bring, lineOf, taken } from '../statements/bills.ts';
import { askedAboutDay } from '../support/closed-day.ts';
import type { Workbench } from './workbench.ts';
import { toTheEnd, workbench } from './workbench.ts';

/** When the channel says that the day after was empty: both days are over. */
const TOLD = new Date('2026-11-26T02:00:00Z');

let bench: Workbench;

beforeEach(async () => {
  bench = await workbench();
  bench.clock.set(TOLD);
});
afterEach(() => bench.close());

async function emptyAfter(kind: StatementKind): Promise<void> {
  const day = { accountId: ACCOUNT, kind, billDate: DAY_AFTER, recheck: 0 };
  await toTheEnd(bench, recordEmptyDay(bench.deps), day);
}

test('I8: a refund that its day does not show is missing once the day after is known to be empty, and its day is not closed', async () => {
  const refund = await taken(bench.db, 234n);
  await bring(bench.db, { lines: [] }, { now: TOLD });

  // Of a refund's line nothing is known from what left the account.
  await emptyAfter('fund_flow');
  expect((await listBreaks(bench.db.pool, { limit: 9 })).breaks).toEqual([]);

  await emptyAfter('trade');
  await emptyAfter('trade');

  const { breaks } = await listBreaks(bench.db.pool, { limit: 9 });
  expect(breaks).toMatchObject([
    { kind: 'missing_at_channel', status: 'open', refundNo: refund.refundNo, openedAt: TOLD },
  ]);
  const day = { merchantId: MERCHANT, accountId: ACCOUNT, billDate: DAY };
  await expect(askedAboutDay(bench.db.pool, 'close_day', day, { now: TOLD })).rejects.toMatchObject({
    code: 'day_not_closable',
    details: { sentence: expect.stringContaining('missing_at_channel') as string },
  });
});

test('a break that a rule ends by itself is ended when an empty day is recorded, too', async () => {
  const resolveByItself: readonly ResolvingRule[] = [
    { rule: 'some-fen', kind: 'amount_differs', maxMinor: 5n, afterBusinessDays: 0, code: 'rounding' },
  ];
  const rules = { ...BREAK_RULES, revision: 1, source: 'this test', resolveByItself };
  await keepBreakRules(bench.db.owner, rules, { person: 'alice', now: TOLD });
  await bring(bench.db, { lines: [lineOf(await taken(bench.db, 1_000n), { amount: 999 })] });

  await emptyAfter('trade');

  const { breaks } = await listBreaks(bench.db.pool, { limit: 9 });
  expect(breaks).toMatchObject([{ kind: 'amount_differs', closedReason: 'resolved_by_rule' }]);
});
