/** One line for several refunds, several lines for one: matched by two people, kept to by matching, taken back, and lapsing as a whole. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApprovalContent } from '../../domain/approval.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { historyOf } from '../../store/break-events.ts';
import { explainBreak } from '../../store/break-facts.ts';
import type { Break } from '../../store/breaks.ts';
import { getBreak, listBreaks } from '../../store/breaks.ts';
import { dayFacts } from '../../store/close/day-facts.ts';
import { dayLeaves } from '../../store/close/day-leaves.ts';
import { matchStatement } from '../../store/match.ts';
import { inTransaction } from '../../store/pool.ts';
import { togetherOfStatement } from '../../store/matched-together.ts';
import { observe } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import { threeWayOf } from '../../store/three-way.ts';
import { appError } from '../domain/expectations.ts';
import { ACCOUNT, MERCHANT, minute, openAccounts, said } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { approvedByBob, askedAboutBreaks } from '../support/two-people.ts';
import { DAY, DAY_AFTER, bring, lineOf, shortFates, taken } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query(
    `truncate statement_lines, matches, breaks, forced_matches, match_groups, match_group_lines, match_group_refunds,
       quarantined_lines, statement_files cascade`,
  );
  await openAccounts(db.pool);
});

async function paid(amountMinor: bigint): Promise<Refund> {
  const refund = await taken(db, amountMinor);
  return observe(db.pool, refund.id, [said('success', 5, { channelRefundNo: refund.channelRefundNo ?? '' })]);
}

/** A line that no number of ours names. */
const nobodys = (amount: number, o: Partial<PlainLine> = {}): PlainLine => ({
  ...{ at: `${DAY} 12:00:00`, amount, channelRefundNo: `X${String(amount)}`, ...o },
});

const numbers = (...refunds: readonly Refund[]): string => refunds.map((one) => one.refundNo).join(' ');

async function brought(lines: readonly PlainLine[], billDate = DAY): Promise<string> {
  return (await bring(db, { lines, billDate })).fileId;
}

async function open(): Promise<readonly Break[]> {
  return (await listBreaks(db.pool, { status: 'open', limit: 20 })).breaks;
}

const asked = (breaks: readonly Break[], told: ApprovalContent) =>
  askedAboutBreaks(db.pool, {
    ...{ merchantId: MERCHANT, act: 'match_together', breakIds: breaks.map(({ id }) => id), at: minute(80) },
    told: { code: 'number_missing', ...told },
  });

async function together(breaks: readonly Break[], told: ApprovalContent): Promise<void> {
  await approvedByBob(db.pool, await asked(breaks, told), minute(81));
}

async function reopened(breaks: readonly Break[]): Promise<void> {
  const about = { merchantId: MERCHANT, breakIds: breaks.map(({ id }) => id), at: minute(85) };
  await approvedByBob(
    db.pool,
    await askedAboutBreaks(db.pool, { ...about, act: 'reopen_break' }),
    minute(86),
  );
}

const again = (fileId: string) => matchStatement(db.ingest, fileId, { now: minute(90) });

async function now(id: string): Promise<Break> {
  const one = await getBreak(db.pool, id);
  if (one === null) throw new Error('it is gone');
  return one;
}

const state = async ({ id }: Refund): Promise<string | undefined> =>
  (await getRefundById(db.pool, id))?.state;

async function rows(): Promise<readonly string[]> {
  const found = await db.owner.query<{ row: string }>(
    `select format('%s@%s %s %s', r.refund_no, m.pass, m.line_no, m.amount_minor) as row
       from live_matches m join refunds r on r.id = m.refund_id order by r.id`,
  );
  return found.rows.map(({ row }) => row);
}

describe('one line for several refunds', () => {
  async function oneForTwo() {
    const refunds = [await paid(300n), await paid(200n)] as const;
    const fileId = await brought([nobodys(500)]);
    const breaks = await open();
    return { refunds, fileId, breaks };
  }

  test('settles each of them by its own amount, and matching keeps to it', async () => {
    const { refunds, fileId, breaks } = await oneForTwo();
    const [first, second] = refunds;

    await together(breaks, { refund_nos: numbers(first, second) });

    const matches = [`${first.refundNo}@8 2 300`, `${second.refundNo}@8 2 200`];
    expect(await rows()).toEqual(matches);
    expect([await state(first), await state(second)]).toEqual(['settled', 'settled']);
    const result = await again(fileId);
    expect(result).toMatchObject({ byPeople: 1, refundNo: 0, transactionAmount: 0 });
    expect(await rows()).toEqual(matches);
    expect(await open()).toEqual([]);
  });

  test('explains itself: in its break with who and why, with the statement, and in the facts and leaves of its day', async () => {
    const { refunds, fileId, breaks } = await oneForTwo();
    const [one] = breaks as [Break];
    await together(breaks, { refund_nos: numbers(...refunds) });

    const closed = await now(one.id);
    expect(closed).toMatchObject({ status: 'closed', closedReason: 'matched_together' });
    expect(await historyOf(db.pool, one.id)).toMatchObject([
      {
        ...{ kind: 'matched_together', by: 'bob', reasonCode: 'number_missing' },
        detail: { refund_nos: numbers(...refunds), asked_by: 'alice' },
      },
    ]);
    const match = {
      ...{ code: 'number_missing', remainderMinor: 0n, remainderCode: null },
      lines: [{ breakId: one.id, fileId, lineNo: 2, amountMinor: 500n }],
      refunds: refunds.map(({ refundNo, amountMinor }) => ({ refundNo, amountMinor })),
    };
    expect((await explainBreak(db.pool, closed, minute(90))).together).toMatchObject(match);
    expect(await togetherOfStatement(db.pool, fileId)).toMatchObject([match]);

    const day = { accountId: ACCOUNT, billDate: DAY };
    const facts = await dayFacts(db.pool, day, {
      ...{ expected: { kinds: ['trade'], readyAfterMs: 0 }, now: minute(90) },
    });
    expect(facts.statements).toMatchObject([
      { refunds: { lines: 1, minor: 500n }, refundsMatched: { lines: 1, minor: 500n } },
    ]);
    const leaves = await inTransaction(db.pool, async (tx) => {
      const found: string[] = [];
      for await (const batch of dayLeaves(tx, { ...day, fileIds: [fileId], closing: null }))
        found.push(...batch.leaves.map(({ leaf }) => leaf));
      return found.map((leaf) => JSON.parse(leaf) as object);
    });
    expect(leaves).toMatchObject([
      { leaf: 'line', amount_minor: '500' },
      { leaf: 'match', pass: 8, line_no: 2, amount_minor: '300', refund_no: refunds[0].refundNo },
      { leaf: 'match', pass: 8, line_no: 2, amount_minor: '200', refund_no: refunds[1].refundNo },
      { leaf: 'break', closed_reason: 'matched_together', amount_minor: '500' },
    ]);
  });

  test('is taken back by two people: the line is nobody’s, and the refunds have none', async () => {
    const { refunds, fileId, breaks } = await oneForTwo();
    await together(breaks, { refund_nos: numbers(...refunds) });

    await reopened(breaks);

    expect(await rows()).toEqual([]);
    expect((await open()).map(({ id }) => id)).toEqual(breaks.map(({ id }) => id));
    expect(await state(refunds[0])).toBe('succeeded');
    expect((await again(fileId)).breaks.missing_in_books).toBe(1);
    await together(breaks, { refund_nos: numbers(...refunds) });
    expect(await rows()).toHaveLength(2);
  });

  test('leaves a later line of one of them as printed again, whichever file is matched first', async () => {
    const { refunds, fileId, breaks } = await oneForTwo();
    await together(breaks, { refund_nos: numbers(...refunds) });

    const later = await brought([lineOf(refunds[1], { at: `${DAY_AFTER} 09:00:00` })], DAY_AFTER);

    expect(await shortFates(db, later)).toEqual(['duplicate_line']);
    await again(fileId);
    await again(later);
    expect(await shortFates(db, later)).toEqual(['duplicate_line']);
    expect(await rows()).toHaveLength(2);
  });
});

describe('several lines for one refund', () => {
  test('settle it together; each of their breaks names it, until they are taken back, all of them', async () => {
    const refund = await paid(500n);
    const first = await brought([nobodys(300)]);
    const second = await brought([nobodys(200, { at: `${DAY_AFTER} 12:00:00` })], DAY_AFTER);
    const breaks = await open();
    const [one, other] = breaks as [Break, Break];

    await together(breaks, { refund_nos: refund.refundNo });

    expect(await rows()).toEqual([`${refund.refundNo}@8 2 500`]);
    expect(await state(refund)).toBe('settled');
    for (const { id } of breaks)
      expect(await now(id)).toMatchObject({ refundNo: refund.refundNo, closedReason: 'matched_together' });
    expect((await again(second)).byPeople).toBe(1);
    expect((await again(first)).byPeople).toBe(1);
    expect(await open()).toEqual([]);
    for (const billDate of [DAY, DAY_AFTER]) {
      const facts = await dayFacts(
        db.pool,
        { accountId: ACCOUNT, billDate },
        { expected: { kinds: ['trade'], readyAfterMs: 0 }, now: minute(90) },
      );
      expect(facts.statements).toMatchObject([{ refundsMatched: { lines: 1 } }]);
    }

    await expect(reopened([one])).rejects.toThrow(appError('approval_not_applicable'));
    await reopened(breaks);
    expect(await rows()).toEqual([]);
    expect(await now(other.id)).toMatchObject({ status: 'open', refundId: null, refundNo: null });
  });

  test('go with them to a newer delivery, and are all nobody’s once one of them is gone', async () => {
    const refund = await paid(500n);
    const first = await brought([nobodys(300), nobodys(120)]);
    const second = await brought([nobodys(80, { at: `${DAY_AFTER} 12:00:00` })], DAY_AFTER);
    const breaks = await open();
    await together(breaks, { refund_nos: refund.refundNo });

    const carried = await brought([nobodys(7), nobodys(300), nobodys(120)]);
    expect(carried).not.toBe(first);
    expect(await rows()).toEqual([`${refund.refundNo}@8 3 500`]);
    expect((await open()).map(({ amountMinor }) => amountMinor)).toEqual([7n]);

    const without = await brought([nobodys(7), nobodys(300)]);

    expect(await rows()).toEqual([]);
    expect(await shortFates(db, without)).toEqual(['missing_in_books', 'missing_in_books']);
    expect(await shortFates(db, second)).toEqual(['missing_in_books']);
    expect(await state(refund)).toBe('succeeded');
    const kinds = (await historyOf(db.pool, breaks[0]?.id ?? '')).map(({ kind }) => kind);
    expect(kinds).toEqual(['matched_together', 'carried', 'carried', 'lapsed']);
  });
});

describe('three ways', () => {
  const items = async (billDate: string) => {
    const line = { proves: 'acceptance', dayEndsEarlyMs: 0 } as const;
    return (await threeWayOf(db.pool, { accountId: ACCOUNT, billDate, words: [], kinds: ['trade'], line }))
      .booksToTrade;
  };

  test('a day on which one line is for several refunds has no difference by it', async () => {
    const refunds = [await paid(300n), await paid(200n)];
    await brought([nobodys(500)]);
    await together(await open(), { refund_nos: numbers(...refunds) });

    const { items: said } = await items(DAY);
    expect(said.filter(({ kind }) => kind === 'amount_differs' || kind === 'matched_together')).toEqual([]);
    expect(said.filter(({ kind }) => kind === 'missing_in_books')).toEqual([]);
  });

  test('of several lines on two days for one refund each day says what stands in the other', async () => {
    const refund = await paid(500n);
    await brought([nobodys(300)]);
    await brought([nobodys(200, { at: `${DAY_AFTER} 12:00:00` })], DAY_AFTER);
    await together(await open(), { refund_nos: refund.refundNo });

    for (const [day, minor] of [
      [DAY, -200n],
      [DAY_AFTER, 200n],
    ] as const) {
      const { items: said } = await items(day);
      expect(said.filter(({ kind }) => kind === 'matched_together')).toEqual([
        { kind: 'matched_together', isExplained: true, count: 1, minor },
      ]);
      expect(said.filter(({ kind }) => kind === 'missing_in_books')).toEqual([]);
    }
  });
});

describe('the sums', () => {
  test('differ by what has a reason and is within its limit, and by nothing else', async () => {
    const refunds = [await paid(300n), await paid(200n)];
    await brought([nobodys(497)]);
    const breaks = await open();
    const refund_nos = numbers(...refunds);

    await expect(asked(breaks, { refund_nos })).rejects.toThrow(appError('approval_not_applicable'));
    await together(breaks, { refund_nos, remainder_code: 'rounding' });

    const { together: match } = await explainBreak(db.pool, await now(breaks[0]?.id ?? ''), minute(90));
    expect(match).toMatchObject({ remainderMinor: -3n, remainderCode: 'rounding' });
  });

  test.each([
    ['more than the reason explains', 399, { remainder_code: 'rounding' }],
    ['nothing to explain', 500, { remainder_code: 'rounding' }],
    ['no reason', 501, {}],
  ])('with %s are refused', async (_, amount, told) => {
    const refunds = [await paid(300n), await paid(200n)];
    await brought([nobodys(amount)]);
    await expect(asked(await open(), { refund_nos: numbers(...refunds), ...told })).rejects.toThrow(
      appError('approval_not_applicable'),
    );
  });

  test('are those of the request: when a refund was matched meanwhile, it is asked for again', async () => {
    const refunds = [await paid(300n), await paid(200n)] as const;
    await brought([nobodys(500)]);
    const breaks = await open();
    const request = await asked(breaks, { refund_nos: numbers(...refunds) });
    await brought([lineOf(refunds[1], { at: `${DAY_AFTER} 09:00:00` })], DAY_AFTER);

    await expect(approvedByBob(db.pool, request, minute(82))).rejects.toThrow();
    expect(await rows()).toEqual([`${refunds[1].refundNo}@1 2 200`]);
  });
});

describe('the database', () => {
  test('takes no match of several without the approval of two, of other sums, or of what is matched', async () => {
    const refunds = [await paid(300n), await paid(200n)] as const;
    await brought([nobodys(500), nobodys(501)]);
    const [line, other] = (await open()) as [Break, Break];
    const request = await asked([line], { refund_nos: numbers(...refunds) });
    const call = (approval: string) =>
      db.pool.query('select yuanlu.match_together($1, $2, now())', [approval, 'bob']);

    await expect(call(request.id)).rejects.toMatchObject({ code: '23000' });
    await expect(call('0')).rejects.toMatchObject({ code: '23000' });
    for (const table of ['match_groups', 'match_group_lines', 'match_group_refunds'])
      await expect(db.pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });

    await approvedByBob(db.pool, request, minute(81));
    await expect(call(request.id)).rejects.toMatchObject({ code: '23000' });
    await expect(
      asked([other], { refund_nos: numbers(...refunds), remainder_code: 'rounding' }),
    ).rejects.toThrow(appError('approval_not_applicable'));
  });

  test.each([
    ['one line and one refund', 1],
    ['two lines and two refunds', 2],
  ])('and the rules take only one to many, and not %s', async (_, count) => {
    const refunds = [];
    for (let n = 0; n < count; n += 1) refunds.push(await paid(300n));
    await brought(refunds.map((_one, n) => nobodys(300, { channelRefundNo: `Y${String(n)}` })));
    await expect(asked(await open(), { refund_nos: numbers(...refunds) })).rejects.toThrow(
      appError('approval_not_applicable'),
    );
  });
});
