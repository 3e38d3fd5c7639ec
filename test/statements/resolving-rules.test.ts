/** Breaks that end by a rule of the rules file: what the rule says and no more, with the rule in their history. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BREAK_RULES } from '../../domain/statement/break-work.ts';
import type { ResolvingRule } from '../../domain/statement/resolving-rule.ts';
import { openedBefore } from '../../domain/statement/resolving-rule.ts';
import { businessCalendar } from '../../domain/time/china-calendar.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import { historyOf } from '../../store/break-events.ts';
import { resolveByRules } from '../../store/break-rules-applied.ts';
import { keepBreakRules } from '../../store/break-rules.ts';
import { workOnBreak } from '../../store/break-work.ts';
import type { Break } from '../../store/breaks.ts';
import { getBreak, listBreaks } from '../../store/breaks.ts';
import { matchStatement } from '../../store/match.ts';
import { ACCOUNT, DAY_MS, MERCHANT, minute, openAccounts } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { approvedByBob, askedAboutBreaks } from '../support/two-people.ts';
import { DAY, bring, lineOf, taken } from './bills.ts';

const calendar = businessCalendar(CHINA_HOLIDAYS);
/** Tuesday noon, like the story's day; the breaks are opened in its first hour. */
const today = minute(90);
const days = (count: number): Date => new Date(today.getTime() + count * DAY_MS);

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

let revision = 0;
beforeEach(async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, forced_matches, quarantined_lines, statement_files cascade',
  );
  await openAccounts(db.pool);
});

const FEN: ResolvingRule = {
  ...{ rule: 'some-fen', kind: 'amount_differs', maxMinor: 5n, afterBusinessDays: 0, code: 'rounding' },
};

async function rules(...resolveByItself: readonly ResolvingRule[]): Promise<void> {
  revision += 1;
  await keepBreakRules(
    db.owner,
    { ...BREAK_RULES, revision, source: 'this test', resolveByItself },
    { person: 'alice', now: today },
  );
}

const follow = (now = today): Promise<number> =>
  resolveByRules(db.ingest, { accountId: ACCOUNT, calendar, now });

/** Refunds of 10.00 whose lines are short by these many fen. */
async function shortBy(...fen: readonly number[]): Promise<string> {
  const lines = [];
  for (const less of fen) lines.push(lineOf(await taken(db, 1_000n), { amount: 1_000 - less }));
  return (await bring(db, { lines })).fileId;
}

async function open(): Promise<readonly Break[]> {
  return (await listBreaks(db.pool, { status: 'open', limit: 20 })).breaks;
}

async function first(): Promise<Break> {
  const [one] = await open();
  if (one === undefined) throw new Error('nothing is open');
  return one;
}

describe('a rule', () => {
  test('that nobody imported ends nothing', async () => {
    await shortBy(1);
    expect(await follow()).toBe(0);
    expect(await open()).toHaveLength(1);
  });

  test('ends what is of its kind and within its amount, each with an event that names revision and rule', async () => {
    await rules(FEN);
    await shortBy(5, 6);
    const [within, above] = await open();

    expect(await follow()).toBe(1);

    expect(await getBreak(db.pool, within?.id ?? '')).toMatchObject({
      ...{ status: 'closed', closedReason: 'resolved_by_rule', closedAt: today },
      closingEvidence: { code: 'rounding', rule: 'some-fen', rules_revision: String(revision) },
    });
    expect(await historyOf(db.pool, within?.id ?? '')).toMatchObject([
      {
        ...{ kind: 'resolved_by_rule', by: null, reasonCode: 'rounding', at: today },
        detail: { rule: 'some-fen', rules_revision: String(revision) },
      },
    ]);
    expect((await open()).map(({ id }) => id)).toEqual([above?.id]);
    expect(await follow()).toBe(0);
  });

  test('waits until the break is old enough in business days', async () => {
    await rules({ ...FEN, afterBusinessDays: 3 });
    await shortBy(1);

    expect(await follow(days(2))).toBe(0);
    expect(await follow(days(3))).toBe(1); // Tuesday to Friday
  });

  test('is kept to by matching, however often its statement is matched', async () => {
    await rules(FEN);
    const fileId = await shortBy(1);
    await follow();

    const again = await matchStatement(db.ingest, fileId, { now: minute(95) });

    expect(again.breaks.amount_differs).toBe(1);
    expect(await open()).toEqual([]);
  });

  test('goes with its line to a newer delivery of the day', async () => {
    await rules(FEN);
    const refund = await taken(db, 1_000n);
    const line = lineOf(refund, { amount: 999 });
    await bring(db, { lines: [line] });
    const { id } = await first();
    await follow();

    const { fileId } = await bring(db, { lines: [lineOf(await taken(db, 700n)), line] });

    expect(await getBreak(db.pool, id)).toMatchObject({ closedReason: 'resolved_by_rule', line: { fileId } });
    expect(await open()).toEqual([]);
  });

  test('leaves alone what somebody has or has put off', async () => {
    await rules(FEN);
    await shortBy(1, 2);
    const [one, other] = await open();
    const by = { merchantId: MERCHANT, by: 'alice', now: minute(80) };
    await workOnBreak(db.pool, { ...by, breakId: one?.id ?? '', deed: { kind: 'assigned', to: 'bob' } });
    await workOnBreak(db.pool, {
      ...{ ...by, breakId: other?.id ?? '' },
      deed: { kind: 'parked', until: '2026-11-26', code: 'asked_the_channel' },
    });

    expect(await follow()).toBe(0);
    expect(await follow(days(2))).toBe(1);
  });

  test('is taken back by two people, and does not end the same break again', async () => {
    await rules(FEN);
    await shortBy(1);
    const { id } = await first();
    await follow();

    const about = { merchantId: MERCHANT, breakIds: [id], at: minute(92) };
    await approvedByBob(
      db.pool,
      await askedAboutBreaks(db.pool, { ...about, act: 'reopen_break' }),
      minute(93),
    );

    expect(await follow()).toBe(0);
    expect((await first()).id).toBe(id);
  });

  test('leaves to people the duplicate of a line that people gave to its refund', async () => {
    await rules({ ...FEN, kind: 'duplicate_line', maxMinor: 2_000n, code: 'printed_twice' });
    const refund = await taken(db, 1_000n);
    const foreign = { refundNo: 'typed wrong', channelRefundNo: 'wrong', transactionId: 'wrong' };
    await bring(db, { lines: [lineOf(refund, foreign)] });
    const about = { merchantId: MERCHANT, breakIds: [(await first()).id], at: minute(80) };
    const told = { refund_no: refund.refundNo, code: 'number_mistyped' };
    await approvedByBob(
      db.pool,
      await askedAboutBreaks(db.pool, { ...about, act: 'force_match', told }),
      minute(81),
    );
    await bring(db, { lines: [lineOf(refund, { at: '2026-11-25 09:00:00' })], billDate: '2026-11-25' });
    expect(await open()).toMatchObject([{ kind: 'duplicate_line' }]);

    expect(await follow()).toBe(0);
  });

  test('that counts no more, or never covered the break, is refused by the database itself', async () => {
    await rules(FEN);
    await shortBy(1, 6);
    const [within, above] = await open();
    const written = (id: string | undefined, detail: object, code = 'rounding'): Promise<unknown> =>
      db.pool.query(
        `insert into break_events (break_id, at, kind, reason_code, detail) values ($1, now(), 'resolved_by_rule', $2, $3)`,
        [id, code, JSON.stringify(detail)],
      );
    const named = { rules_revision: String(revision), rule: 'some-fen' };

    await expect(written(above?.id, named)).rejects.toMatchObject({ code: '23000' });
    await expect(written(within?.id, named, 'fee')).rejects.toMatchObject({ code: '23000' });
    await expect(written(within?.id, { ...named, rule: 'other' })).rejects.toMatchObject({ code: '23000' });
    await rules();
    await expect(written(within?.id, named)).rejects.toMatchObject({ code: '23000' });
    await expect(written(within?.id, {})).rejects.toMatchObject({ code: '23000' });
    expect(await open()).toHaveLength(2);
  });
});

test('of several rules the first that covers a break ends it, the same way however often', async () => {
  await rules({ ...FEN, rule: 'one-fen', maxMinor: 1n }, FEN, {
    ...FEN,
    rule: 'twice',
    kind: 'duplicate_line',
    maxMinor: 2_000n,
    code: 'printed_twice',
  });
  const refund = await taken(db, 1_000n);
  await bring(db, { lines: [lineOf(refund), lineOf(refund)], billDate: DAY });
  await bring(db, {
    lines: [
      lineOf(await taken(db, 1_000n), { amount: 999, at: '2026-11-25 09:00:00' }),
      lineOf(await taken(db, 1_000n), { amount: 998, at: '2026-11-25 09:00:00' }),
    ],
    billDate: '2026-11-25',
  });

  expect(await follow()).toBe(3);

  const { breaks } = await listBreaks(db.pool, { limit: 10 });
  expect(breaks.map(({ closingEvidence: said }) => said?.['rule'])).toEqual(['twice', 'one-fen', 'some-fen']);
});

test('ages count business days: a holiday makes nothing older', () => {
  const age = (afterBusinessDays: number, today: string): string =>
    openedBefore({ afterBusinessDays }, today, calendar).toISOString();
  // Midnight in Beijing after the last day that is old enough.
  expect(age(0, '2026-11-24')).toBe('2026-11-24T16:00:00.000Z');
  expect(age(1, '2026-11-24')).toBe('2026-11-23T16:00:00.000Z');
  expect(age(1, '2026-11-23')).toBe('2026-11-22T16:00:00.000Z');
  expect(age(2, '2026-11-23')).toBe('2026-11-19T16:00:00.000Z');
});
