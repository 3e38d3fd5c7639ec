/** One live version per day: the same bytes change nothing, other bytes are a new revision, whoever comes when. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getStatementFile, importStatement, recordEmptyStatement } from '../../store/statements.ts';
import { listStatementFiles } from '../../store/statements-files.ts';
import { matchStatement } from '../../store/match.ts';
import { isDone, markFollowed } from '../../store/statements-known.ts';
import { createHash } from 'node:crypto';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, countOf, minute, openAccounts } from '../store/books.ts';
import { importOptions, importPlain, leftBehind, manyLines } from './bills.ts';
import type { PlainLine } from './plain-statement.ts';
import { chunksOf, plainStatement } from './plain-statement.ts';
import { watchedPool } from './watched-pool.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

let days = 0;

/** A day of its own for each test; months are shared. */
function freshDay(): string {
  days += 1;
  return new Date(Date.parse('2026-01-01T00:00:00Z') + days * 86_400_000).toISOString().slice(0, 10);
}

const filesOf = (day: string) =>
  listStatementFiles(db.pool, { accountId: ACCOUNT, from: day, to: day, limit: 100 });

async function* untouched(): AsyncGenerator<Buffer> {
  yield* chunksOf('');
  throw new Error('nobody should read this');
}

describe('F45 the same bytes again', () => {
  test('are recognised whatever they are called, and write nothing', async () => {
    const day = freshDay();
    const first = await importPlain(db, { billDate: day, lines: manyLines(5, day) }, { uri: 'file:a' });
    const before = await leftBehind(db);

    const again = await importPlain(
      db,
      { billDate: day, lines: manyLines(5, day) },
      { uri: 'file:b', now: minute(99) },
    );

    expect(again).toEqual({ ...first, outcome: 'same' });
    expect(await leftBehind(db)).toEqual(before);
    expect(await getStatementFile(db.pool, first.fileId)).toMatchObject({
      uri: 'file:a',
      receivedAt: minute(60),
    });
  });

  test('are done with once they were matched and followed, until they are matched again', async () => {
    const day = freshDay();
    const bill = { billDate: day, lines: manyLines(2, day) };
    const { fileId } = await importPlain(db, bill);
    await matchStatement(db.ingest, fileId, { now: minute(70) });
    expect(await importPlain(db, bill)).toMatchObject({ outcome: 'same', fileId });
    const unfollowed = await isDone(db.pool, fileId);
    await markFollowed(db.ingest, fileId, minute(70));
    const followed = await isDone(db.pool, fileId);
    await matchStatement(db.ingest, fileId, { now: minute(80) });
    await markFollowed(db.ingest, fileId, minute(70));
    expect([unfollowed, followed, await isDone(db.pool, fileId)]).toEqual([false, true, false]);
  });

  test.each(['sha1', 'sha256'] as const)(
    'are not even read when the channel gave their %s beforehand',
    async (algorithm) => {
      const day = freshDay();
      const text = plainStatement([
        { at: `${day} 12:00:00`, amount: 5 },
        { at: `${day} 12:00:00`, amount: 7 },
      ]).replace('total,2,12', 'bad\ntotal,3,12');
      const expectHash = { algorithm, hex: createHash(algorithm).update(text).digest('hex') };
      const first = await importPlain(db, { billDate: day, text }, { expectHash });

      const again = await importPlain(db, { billDate: day }, { source: untouched(), expectHash });

      expect(again).toEqual({ ...first, outcome: 'same' });
      expect(again.summary.quarantined).toHaveLength(1);
      await expect(
        importPlain(db, { billDate: day }, { source: untouched(), expectHash: { algorithm, hex: 'ff' } }),
      ).rejects.toThrow('nobody should read this');
    },
  );

  test('for another day, kind or account are another statement', async () => {
    const [day, other] = [freshDay(), freshDay()];
    const text = plainStatement([]);
    const one = await importPlain(db, { billDate: day, text });
    const rest = [
      await importPlain(db, { billDate: other, text }),
      await importPlain(db, { billDate: day, text, kind: 'fund_flow' }),
      await importPlain(db, { billDate: day, text }, { accountId: 'stall-wechat' }),
    ];
    expect(rest.map(({ outcome, revision }) => [outcome, revision])).toEqual(rest.map(() => ['loaded', 1]));
    expect(new Set([one, ...rest].map(({ fileId }) => fileId)).size).toBe(4);
  });
});

describe('F46 other bytes for the same day', () => {
  test('are a new revision that takes the place of the one before, which stays to be seen', async () => {
    const day = freshDay();
    const first = await importPlain(db, { billDate: day, lines: manyLines(3, day) });
    const second = await importPlain(db, { billDate: day, lines: manyLines(4, day) }, { now: minute(99) });
    const third = await importPlain(db, { billDate: day, lines: manyLines(5, day) });

    expect([first, second, third].map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect((await filesOf(day)).map(({ id, status, supersedes }) => [id, status, supersedes])).toEqual([
      [first.fileId, 'superseded', null],
      [second.fileId, 'superseded', first.fileId],
      [third.fileId, 'loaded', second.fileId],
    ]);
    expect(await countOf(db, 'statement_lines where bill_date = $1', [day])).toBe(12);
    expect(
      await countOf(db, 'statement_files where bill_date = $1 and superseded_at = $2', [day, minute(99)]),
    ).toBe(1);
  });

  test('say what they change: lines added, gone and changed, also among equal ones', async () => {
    const day = freshDay();
    const at = `${day} 12:00:00`;
    const line = (refundNo: string, amount: number, o: Partial<PlainLine> = {}): PlainLine => ({
      at,
      refundNo,
      amount,
      ...o,
    });
    const fee: PlainLine = { type: 'payment', at, amount: 1 };
    await importPlain(db, {
      billDate: day,
      lines: [line('A', 1), line('B', 2), line('C', 3), line('D', 4), fee, fee, fee],
    });
    const lines = [
      fee,
      fee,
      line('D', 4),
      line('B', 20),
      line('C', 3, { at: `${day} 13:00:00` }),
      line('E', 5),
      line('F', 6),
    ];
    const { fileId } = await importPlain(db, { billDate: day, lines });
    expect((await getStatementFile(db.pool, fileId))?.detail).toEqual({
      diff: { added: 2, gone: 2, changed: 2 },
    });
  });

  test('that only print the lines in another order are a revision without a difference', async () => {
    const day = freshDay();
    const lines = manyLines(9, day);
    await importPlain(db, { billDate: day, lines });
    const { fileId, outcome } = await importPlain(db, { billDate: day, lines: lines.toReversed() });
    expect(outcome).toBe('loaded');
    expect((await getStatementFile(db.pool, fileId))?.detail).toEqual({
      diff: { added: 0, gone: 0, changed: 0 },
    });
  });

  test('may come back to what was delivered first: that is a third delivery', async () => {
    const day = freshDay();
    const first = await importPlain(db, { billDate: day, lines: manyLines(3, day) });
    await importPlain(db, { billDate: day, lines: manyLines(4, day) });
    const third = await importPlain(db, { billDate: day, lines: manyLines(3, day) });
    expect(third).toMatchObject({ outcome: 'loaded', revision: 3, sha256: first.sha256 });
  });
});

describe('a day that came in parts', () => {
  test('has all of them live together, each with revisions of its own', async () => {
    const day = freshDay();
    const part = (name: string, count: number) =>
      importPlain(db, { billDate: day, lines: manyLines(count, day, name) }, { part: name });

    const [a, b] = [await part('a', 2), await part('b', 3)];
    const a2 = await part('a', 4);

    expect([a.revision, b.revision, a2.revision]).toEqual([1, 1, 2]);
    expect((await filesOf(day)).map(({ part: name, status }) => [name, status])).toEqual([
      ['a', 'superseded'],
      ['b', 'loaded'],
      ['a', 'loaded'],
    ]);
  });

  test('F45 knows the bytes of any of its parts, under whatever name they come', async () => {
    const day = freshDay();
    const bill = { billDate: day, lines: manyLines(2, day) };
    const first = await importPlain(db, bill, { part: 'a' });
    expect(await importPlain(db, bill, { part: 'b' })).toEqual({ ...first, outcome: 'same' });
  });

  test('is not empty', async () => {
    const day = freshDay();
    const { fileId } = await importPlain(db, { billDate: day, lines: manyLines(2, day) }, { part: 'a' });
    expect(await emptyDay(day)).toEqual({ fileId, outcome: 'same' });
  });
});

const emptyDay = (billDate: string) =>
  recordEmptyStatement(db.ingest, { accountId: ACCOUNT, kind: 'trade', billDate, now: minute(70) });

describe('an empty day', () => {
  test('is recorded once and needs no matching', async () => {
    const day = freshDay();
    const first = await emptyDay(day);
    expect(first.outcome).toBe('recorded');
    expect(await emptyDay(day)).toEqual({ fileId: first.fileId, outcome: 'same' });
    expect(await filesOf(day)).toMatchObject([
      { status: 'empty', revision: 1, lines: 0, sha256: null, matchedAt: minute(70) },
    ]);
    expect(await matchStatement(db.ingest, first.fileId, { now: minute(80) })).toMatchObject({ refundNo: 0 });
  });

  test('recorded by many at the same instant is one', async () => {
    const day = freshDay();
    const ends = await Promise.all(Array.from({ length: 8 }, () => emptyDay(day)));
    expect(ends.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(1);
    expect(new Set(ends.map(({ fileId }) => fileId)).size).toBe(1);
  });

  test('that gets a statement after all is superseded by it', async () => {
    const day = freshDay();
    const empty = await emptyDay(day);
    const late = await importPlain(db, { billDate: day, lines: manyLines(2, day) });
    expect(late).toMatchObject({ outcome: 'loaded', revision: 2 });
    expect(await getStatementFile(db.pool, late.fileId)).toMatchObject({
      supersedes: empty.fileId,
      detail: {},
    });
    expect(await getStatementFile(db.pool, empty.fileId)).toMatchObject({ status: 'superseded' });
  });

  test('never takes the place of lines', async () => {
    const day = freshDay();
    const { fileId } = await importPlain(db, { billDate: day, lines: manyLines(2, day) });
    expect(await emptyDay(day)).toEqual({ fileId, outcome: 'same' });
    expect(await filesOf(day)).toMatchObject([{ status: 'loaded' }]);
  });
});

describe('several imports at the same instant', () => {
  test('I9 of one day and the same bytes: one is loaded, the others find it', async () => {
    const day = freshDay();
    const bill = { billDate: day, lines: manyLines(50, day) };
    const ends = await Promise.all([1, 2, 3, 4].map(() => importPlain(db, bill)));
    expect(ends.map(({ outcome }) => outcome).toSorted()).toEqual(['loaded', 'same', 'same', 'same']);
    expect(new Set(ends.map(({ fileId }) => fileId)).size).toBe(1);
    expect(await countOf(db, 'statement_lines where bill_date = $1', [day])).toBe(50);
  });

  test('I9 of one day and other bytes: each is a revision, and one is live', async () => {
    const day = freshDay();
    const ends = await Promise.all(
      [1, 2, 3].map((n) => importPlain(db, { billDate: day, lines: manyLines(n, day) })),
    );
    expect(ends.map(({ revision }) => revision).toSorted()).toEqual([1, 2, 3]);
    const files = await filesOf(day);
    expect(files.filter(({ status }) => status === 'loaded')).toHaveLength(1);
    expect(files.find(({ status }) => status === 'loaded')?.revision).toBe(3);
  });

  test('an empty day and a statement of it: the statement is live in the end', async () => {
    for (let round = 0; round < 8; round += 1) {
      const day = freshDay();
      await Promise.all([emptyDay(day), importPlain(db, { billDate: day, lines: manyLines(1, day) })]);
      const live = (await filesOf(day)).filter(({ status }) => status === 'loaded' || status === 'empty');
      expect(live).toMatchObject([{ status: 'loaded' }]);
    }
  });

  test('of the first days of months and accounts make each table once', async () => {
    const months = ['2031-01-31', '2031-01-30', '2031-02-01', '2031-02-28'];
    const jobs = ['shop-wechat', 'stall-wechat'].flatMap((accountId) =>
      months.map((day) =>
        importPlain(db, { billDate: day, lines: manyLines(2, day) }, { accountId, part: 'x' }),
      ),
    );
    const ends = await Promise.all(jobs);
    expect(ends.every(({ outcome }) => outcome === 'loaded')).toBe(true);
    expect(await countOf(db, `statement_lines where bill_date >= '2031-01-01'`)).toBe(16);
  });
});

test('F45 offering a file again costs a look at its hash and at its summary, whatever its size', async () => {
  const { pool, sent } = watchedPool(db.url, 'yuanlu_ingest');
  const day = freshDay();
  const text = plainStatement(manyLines(2_000, day));
  const expectHash = { algorithm: 'sha256', hex: createHash('sha256').update(text).digest('hex') } as const;
  await importPlain(db, { billDate: day, text });

  await importStatement(pool, importOptions({ billDate: day }, { source: untouched(), expectHash }));

  const statements = sent();
  expect(statements.map((sql) => sql.trimStart().slice(0, 6))).toEqual(['select', 'select']);
  await pool.end();
});
