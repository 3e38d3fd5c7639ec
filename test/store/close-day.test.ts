/** Closing a day in the database: what is closed, what stands in the way, and what nobody gets around. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MerkleTree } from '../../closing/merkle.ts';
import type { DayRecord } from '../../closing/record.ts';
import { recordHash, verifyRecordText } from '../../closing/record.ts';
import { APPROVAL_LIFETIME_MS } from '../../domain/approval.ts';
import { canonicalJson } from '../../domain/receipt/canonical-json.ts';
import type { Closing } from '../../store/close/closed-days.ts';
import { changesSince, hasChanged } from '../../store/close/closed-days.ts';
import type { PlainLine } from '../statements/plain-statement.ts';
import { bring, lineOf, taken } from '../statements/bills.ts';
import {
  DAY_KEYS,
  approvedDay,
  askedAboutDay,
  closedByTwo,
  closingOfDay,
  leavesAsClosed,
  reopenedByTwo,
} from '../support/closed-day.ts';
import type { Day } from '../support/closed-day.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT, countOf, openAccounts } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

/** When the days of the story can be closed. */
const NOW = new Date('2027-06-20T02:00:00Z');

let days = 0;

/** A day that no other test uses, two days apart from it. */
function nextDay(): Day & { readonly after: string } {
  days += 1;
  const date = (n: number): string => new Date(Date.UTC(2026, 10, 24 + n)).toISOString().slice(0, 10);
  return { merchantId: MERCHANT, accountId: ACCOUNT, billDate: date(days * 3), after: date(days * 3 + 1) };
}

const at = (day: Day, line: PlainLine): PlainLine => ({ ...line, at: `${day.billDate} 12:00:00` });

/** A day with two refunds that agree and, where asked for, a line that nobody knows of. */
async function matchedDay(o: { stranger?: boolean; closable?: boolean } = {}) {
  const day = nextDay();
  const refunds = [await taken(db, 234n), await taken(db, 566n)];
  const stranger: PlainLine = { at: '', refundNo: `X-${day.billDate}`, amount: 7, transactionId: 'T-X' };
  const lines = [...refunds.map((one) => lineOf(one)), ...(o.stranger === true ? [stranger] : [])];
  const file = await bring(db, { billDate: day.billDate, lines: lines.map((line) => at(day, line)) });
  if (o.closable !== false) await bring(db, { billDate: day.after, lines: [] });
  const { rows } = await db.owner.query<{ id: bigint }>(
    `select id from breaks where file_id = $1 and status = 'open' order by id`,
    [file.fileId],
  );
  return { day, file, refunds, lines, breaks: rows.map(({ id }) => String(id)) };
}

function recordIn({ record }: Closing): DayRecord {
  const verdict = verifyRecordText(record, DAY_KEYS.verification);
  if (verdict.verdict !== 'genuine') throw new Error(verdict.verdict);
  return verdict.record;
}

function rootOf(leaves: readonly string[]): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.finish().root.toString('hex');
}

describe('a day that agrees', () => {
  test('is closed by two people, under a signed root over its lines, matches and breaks', async () => {
    const { day, file, refunds } = await matchedDay();

    const closing = await closedByTwo(db.pool, day, { now: NOW });

    expect(recordIn(closing)).toMatchObject({
      ...{ bill_date: day.billDate, closing: 1, asked: { by: 'alice' }, approved: { by: 'bob' } },
      statements: [
        {
          ...{ id: file.fileId, sha256: file.sha256, refunds: { lines: 2, minor: '800' } },
          ...{ refunds_matched: { lines: 2, minor: '800' }, refunds_left_over: { lines: 0, minor: '0' } },
        },
      ],
      tree: { root: closing.root, size: 4, lines: 2, matches: 2, breaks: 0 },
    });
    const leaves = await leavesAsClosed(db.pool, closing);
    expect(rootOf(leaves)).toBe(closing.root);
    expect(leaves.map((leaf) => canonicalJson(JSON.parse(leaf)))).toEqual(leaves);
    expect(leaves.map((leaf) => JSON.parse(leaf) as unknown)).toMatchObject([
      { leaf: 'line', statement: file.fileId, line_no: 2, refund_no: refunds[0]?.refundNo },
      { leaf: 'line', statement: file.fileId, line_no: 3, amount_minor: '566' },
      { leaf: 'match', line_no: 2, pass: 1, refund_no: refunds[0]?.refundNo, amount_agrees: true },
      { leaf: 'match', line_no: 3, refund_no: refunds[1]?.refundNo },
    ]);
    expect(hasChanged(closing)).toBe(false);
  });

  test('on which nothing happened is closed, too', async () => {
    const day = nextDay();
    await bring(db, { billDate: day.billDate, lines: [] });
    await bring(db, { billDate: day.after, lines: [] });

    expect((await closedByTwo(db.pool, day, { now: NOW })).treeSize).toBe(0);
  });

  test('names the closing of the account before it', async () => {
    const before = await closedByTwo(db.pool, (await matchedDay()).day, { now: NOW });
    const after = await closedByTwo(db.pool, (await matchedDay()).day, { now: NOW });

    expect(recordIn(after).previous).toBe(recordHash(before.record));
  });

  test('is closed once: not again, and not by two at the same time', async () => {
    const { day } = await matchedDay();
    const first = await askedAboutDay(db.pool, 'close_day', day, { now: NOW });
    const later = new Date(NOW.getTime() + APPROVAL_LIFETIME_MS);
    const second = await askedAboutDay(db.pool, 'close_day', day, { now: later });

    const ends = await Promise.allSettled([
      approvedDay(db.pool, first, NOW),
      approvedDay(db.pool, second, later),
    ]);

    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(askedAboutDay(db.pool, 'close_day', day, { now: NOW })).rejects.toMatchObject({
      code: 'day_closed',
    });
  });
});

describe('a day that does not agree', () => {
  test('is not even asked for, and it is said what stands in the way', async () => {
    const { day, breaks } = await matchedDay({ stranger: true, closable: false });

    await expect(askedAboutDay(db.pool, 'close_day', day, { now: NOW })).rejects.toMatchObject({
      code: 'day_not_closable',
      details: {
        sentence: [
          `statement_final: the trade statement of ${day.after} is not there; a refund of ${day.billDate} may stand in it`,
          `no_open_break: break ${breaks[0] ?? ''}, missing_in_books of refund X-${day.billDate}, line ${await lineText(breaks[0])}, is open`,
        ].join('; '),
      },
    });
  });

  test('is closed when both have accepted the break by its number', async () => {
    const { day, breaks } = await matchedDay({ stranger: true });

    const closing = await closedByTwo(db.pool, day, { now: NOW, breaks });

    expect(recordIn(closing)).toMatchObject({
      accepted: [{ about: 'break', id: breaks[0], reason: 'seen by both' }],
      tree: { lines: 3, matches: 2, breaks: 1 },
    });
  });

  test('is asked for again when something changed before the second person decided', async () => {
    const { day, breaks } = await matchedDay({ stranger: true });
    const asked = await askedAboutDay(db.pool, 'close_day', day, { now: NOW, breaks });
    await db.owner.query(`update breaks set amount_minor = 8 where id = $1`, [breaks[0]]);

    await expect(approvedDay(db.pool, asked, NOW)).rejects.toMatchObject({ code: 'approval_outdated' });
  });

  test('stays open when a break came in between', async () => {
    const { day, refunds } = await matchedDay();
    const asked = await askedAboutDay(db.pool, 'close_day', day, { now: NOW });
    await missing(day, refunds[0]?.id ?? '');

    await expect(approvedDay(db.pool, asked, NOW)).rejects.toMatchObject({ code: 'day_not_closable' });
  });
});

async function lineText(breakId: string | undefined): Promise<string> {
  const { rows } = await db.owner.query<{ line: string }>(
    `select file_id || ':' || line_no as line from breaks where id = $1`,
    [breakId],
  );
  return rows[0]?.line ?? '';
}

/** A refund that should be in the day's bill and is not. */
async function missing(day: Day, refundId: string): Promise<void> {
  await db.ingest.query(
    `insert into breaks (kind, dedupe_key, account_id, refund_id, currency, detail, opened_at)
     values ('missing_at_channel', $1, $2, $3, 'CNY', $4, $5)`,
    [`missing_at_channel/r${refundId}`, day.accountId, refundId, { day: day.billDate }, NOW],
  );
}

describe('a closed day that changes', () => {
  test('F46 by a restated file says so, and what was closed still verifies', async () => {
    const { day, file, lines } = await matchedDay();
    const closing = await closedByTwo(db.pool, day, { now: NOW });
    const changed = lines.map((line, n) => at(day, n === 0 ? { ...line, amount: 235 } : line));

    const restated = await bring(db, { billDate: day.billDate, lines: changed });

    const now = await closingOfDay(db.pool, day);
    expect(now.changedSince).toMatchObject({ statement_added: 1, break_opened: 1 });
    expect((await changesSince(db.pool, now, 10))[0]).toMatchObject({
      change: 'statement_added',
      statementId: restated.fileId,
    });
    expect(restated.fileId).not.toBe(file.fileId);
    expect(rootOf(await leavesAsClosed(db.pool, now))).toBe(closing.root);
    expect(now.record).toBe(closing.record);
  });

  test('by a break that is opened or ended says so', async () => {
    const { day, refunds, breaks } = await matchedDay({ stranger: true });
    await closedByTwo(db.pool, day, { now: NOW, breaks });
    await missing(day, refunds[1]?.id ?? '');
    await db.owner.query(
      `update breaks set status = 'closed', closed_at = $2, closed_reason = 'x', closing_evidence = '{}' where id = $1`,
      [breaks[0], NOW],
    );

    const now = await closingOfDay(db.pool, day);
    expect(now.changedSince).toEqual({ break_opened: 1, break_closed: 1 });
    expect(rootOf(await leavesAsClosed(db.pool, now))).toBe(now.root);
  });

  test('by matches that go and come says so, and the matches that were closed are still known', async () => {
    const { day, file } = await matchedDay();
    const closing = await closedByTwo(db.pool, day, { now: NOW });
    const closed = await leavesAsClosed(db.pool, closing);
    const { rows } = await db.owner.query<{ refund_id: bigint }>(
      `delete from matches where account_id = $1 and bill_date = $2 and file_id = $3 and line_no = 3 returning refund_id`,
      [day.accountId, day.billDate, file.fileId],
    );
    const other = await taken(db, 566n);
    const put = `insert into matches (file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees, account_id)
                 values ($1, $2, 566, $3, 3, $4, 2, true, $5)`;
    await db.ingest.query(put, [file.fileId, other.id, NOW, day.billDate, day.accountId]);

    const now = await closingOfDay(db.pool, day);
    expect(now.changedSince).toEqual({ match_removed: 1, match_added: 1 });
    expect(await leavesAsClosed(db.pool, now)).toEqual(closed);

    await db.owner.query('delete from matches where file_id = $1 and refund_id = $2', [
      file.fileId,
      other.id,
    ]);
    await db.ingest.query(put, [file.fileId, rows[0]?.refund_id, NOW, day.billDate, day.accountId]);
    expect(await leavesAsClosed(db.pool, now)).toEqual(closed);
  });

  test('that is open says nothing', async () => {
    const { day } = await matchedDay({ stranger: true });
    expect(await countOf(db, 'closed_day_changes where bill_date = $1', [day.billDate])).toBe(0);
  });
});

describe('a closed day that two people reopen', () => {
  test('is closed again as another closing; both stand, and both are still what they were', async () => {
    const { day, lines } = await matchedDay();
    const first = await closedByTwo(db.pool, day, { now: NOW });
    await bring(db, {
      billDate: day.billDate,
      lines: [...lines, { at: '', refundNo: 'LATE', amount: 9 }].map((line) => at(day, line)),
    });
    await reopenedByTwo(db.pool, day, NOW);

    expect(await closingOfDay(db.pool, day)).toMatchObject({ closing: 1, reopened: { by: 'bob' } });
    const { rows } = await db.owner.query<{ id: bigint }>(
      `select id from breaks where account_id = $1 and bill_date = $2 and status = 'open'`,
      [day.accountId, day.billDate],
    );
    const second = await closedByTwo(db.pool, day, { now: NOW, breaks: rows.map(({ id }) => String(id)) });

    expect(second).toMatchObject({ closing: 2, reopened: null, changedSince: {} });
    expect(second.root).not.toBe(first.root);
    expect(rootOf(await leavesAsClosed(db.pool, first))).toBe(first.root);
    expect(rootOf(await leavesAsClosed(db.pool, second))).toBe(second.root);
  });

  test('is not reopened twice, nor before it is closed', async () => {
    const { day } = await matchedDay();
    await expect(reopenedByTwo(db.pool, day, NOW)).rejects.toMatchObject({ code: 'day_not_closed' });
    await closedByTwo(db.pool, day, { now: NOW });
    await reopenedByTwo(db.pool, day, NOW);
    await expect(reopenedByTwo(db.pool, day, NOW)).rejects.toMatchObject({ code: 'day_not_closed' });
  });
});

describe('the database', () => {
  const REFUSED = { code: '23000' };
  const insert = `insert into closed_days (account_id, bill_date, closing, approval_id, closed_at, tree_size, root, record)
                  values ($1, $2, $3, $4, $5, 0, $6, 'x')`;
  const root = '0'.repeat(64);

  test('I20 closes no day without a used approval of that day and that root', async () => {
    const closed = await matchedDay();
    const { approvalId } = await closedByTwo(db.pool, closed.day, { now: NOW });
    const { day } = await matchedDay();
    const waiting = await askedAboutDay(db.pool, 'close_day', day, { now: NOW });

    for (const id of [waiting.id, approvalId])
      await expect(
        db.pool.query(insert, [day.accountId, day.billDate, 1, id, NOW, root]),
      ).rejects.toMatchObject(id === approvalId ? { code: '23505' } : REFUSED);
  });

  test('I20 reopens none without one', async () => {
    const { day } = await matchedDay();
    const { id, approvalId } = await closedByTwo(db.pool, day, { now: NOW });

    await expect(
      db.pool.query(
        `insert into reopened_days (closed_day_id, approval_id, reopened_at, reopened_by, reason) values ($1, $2, $3, 'bob', 'x')`,
        [id, approvalId, NOW],
      ),
    ).rejects.toMatchObject(REFUSED);
  });

  test('takes closings in order, one at a time', async () => {
    const { day } = await matchedDay();
    const { id } = await closedByTwo(db.pool, day, { now: NOW });

    for (const closing of [1, 2, 3])
      await expect(
        db.pool.query(insert, [day.accountId, day.billDate, closing, id, NOW, root]),
      ).rejects.toMatchObject(REFUSED);
  });

  test('takes no leaf after the closing', async () => {
    const { day } = await matchedDay();
    const { id } = await closedByTwo(db.pool, day, { now: NOW });

    await expect(
      db.pool.query(`insert into closed_day_breaks values ($1, 9, 9, '{}')`, [id]),
    ).rejects.toMatchObject(REFUSED);
  });

  test.each(['closed_days', 'reopened_days', 'closed_day_breaks', 'closed_day_changes'])(
    'never changes %s, whoever asks',
    async (table) => {
      await expect(db.owner.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
      await expect(db.owner.query(`truncate ${table} cascade`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  test('lets nobody change a day while it is being closed', async () => {
    const { day, refunds } = await matchedDay();
    const tx = await db.pool.connect();
    await tx.query('begin');
    await tx.query('select yuanlu.hold_day($1, $2::date, true)', [day.accountId, day.billDate]);
    let opened = false;
    const opening = missing(day, refunds[0]?.id ?? '').then(() => {
      opened = true;
    });
    await waiting();

    expect(opened).toBe(false);
    await tx.query('commit');
    tx.release();
    await opening;
  });
});

/** Until somebody waits for a lock of a day. */
async function waiting(): Promise<void> {
  for (let look = 0; look < 200; look += 1) {
    if ((await countOf(db, `pg_locks where locktype = 'advisory' and not granted`)) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nobody waits');
}
