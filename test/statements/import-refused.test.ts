/** I9: a statement that is not right leaves no line. Why it was refused is kept; faults of ours are not its fault. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import type { StatementFile } from '../../store/statements-files.ts';
import { listStatementFiles } from '../../store/statements-files.ts';
import type { ImportOptions } from '../../store/statements.ts';
import { importStatement } from '../../store/statements.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, minute, openAccounts } from '../store/books.ts';
import type { Bill } from './bills.ts';
import { importOptions, importPlain, leftBehind, manyLines } from './bills.ts';
import { chunksOf, plainReader, plainStatement } from './plain-statement.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

let days = 0;

/** A day of its own for each test. */
function freshDay(): string {
  days += 1;
  return new Date(Date.parse('2026-01-01T00:00:00Z') + days * 86_400_000).toISOString().slice(0, 10);
}

async function filesOf(day: string): Promise<StatementFile[]> {
  return listStatementFiles(db.pool, { accountId: ACCOUNT, from: day, to: day, limit: 100 });
}

/** Imports, expects the refusal, and that the only trace is one row that says why. */
async function refusedFor(code: string, bill: Bill, o: Partial<ImportOptions> = {}): Promise<StatementFile> {
  const before = await leftBehind(db);
  await expect(importPlain(db, bill, o)).rejects.toMatchObject({ code });
  const after = await leftBehind(db);
  expect(after).toEqual({ ...before, files: (before['files'] ?? 0) + 1 });
  const [file, ...others] = await filesOf(bill.billDate ?? '');
  if (file === undefined) throw new Error('the refusal was not kept');
  expect(others).toEqual([]);
  expect(file).toMatchObject({
    status: 'refused',
    revision: 0,
    refusalCode: code,
    refusedCount: 1,
    lines: 0,
  });
  return file;
}

function billOf(day: string): string {
  return plainStatement(manyLines(30, day));
}

async function* gunzipped(packed: Buffer): AsyncGenerator<Buffer> {
  for await (const bytes of Readable.from([packed]).pipe(createGunzip())) yield bytes as Buffer;
}

describe('F42 a truncated gzip', () => {
  test.each([
    ['half of it', (packed: Buffer) => packed.subarray(0, packed.length / 2)],
    ['all but the last four bytes', (packed: Buffer) => packed.subarray(0, -4)],
    ['nothing at all', () => Buffer.alloc(0)],
  ])('of which there is %s is refused and no line is kept', async (_, cut) => {
    const day = freshDay();
    const before = await leftBehind(db);
    const packed = cut(gzipSync(billOf(day)));
    const source = gunzipped(packed);

    await expect(importPlain(db, { billDate: day }, { source })).rejects.toMatchObject({
      code: 'Z_BUF_ERROR',
    });

    // The source failed, which says nothing about the statement of that day: it is fetched again.
    expect(await leftBehind(db)).toEqual(before);
    expect(await importPlain(db, { billDate: day, text: billOf(day) })).toMatchObject({ revision: 1 });
  });
});

describe('F43 a file that was cut', () => {
  test('at the end of a line has no summary', async () => {
    const day = freshDay();
    const text = billOf(day).split('\n').slice(0, 20).join('\n');
    await refusedFor('statement_summary_missing', { billDate: day, text: `${text}\n` });
  });

  test('in the middle of a line is truncated', async () => {
    const day = freshDay();
    await refusedFor('statement_truncated', { billDate: day, text: billOf(day).slice(0, -3) });
  });

  test('in the middle and stuck together again disagrees with its own summary, and both sums are said', async () => {
    const day = freshDay();
    const rows = billOf(day).split('\n');
    rows.splice(10, 1);
    const file = await refusedFor('statement_totals_differ', { billDate: day, text: rows.join('\n') });
    expect(file.detail).toMatchObject({
      declared: 'rows 30, amount_minor 465',
      computed: 'rows 29, amount_minor 455',
    });
  });
});

describe('F44 another hash than the channel gave', () => {
  test.each(['sha1', 'sha256'] as const)('(%s) is refused; the right one is not', async (algorithm) => {
    const day = freshDay();
    const text = billOf(day);
    const file = await refusedFor(
      'statement_hash_differs',
      { billDate: day, text },
      { expectHash: { algorithm, hex: '0'.repeat(64) } },
    );
    expect(file.sha256).toBe(createHash('sha256').update(text).digest('hex'));

    const hex = createHash(algorithm).update(text).digest('hex');
    expect(await importPlain(db, { billDate: day, text }, { expectHash: { algorithm, hex } })).toMatchObject({
      outcome: 'loaded',
    });
  });
});

describe('F59 a statement that is not ours', () => {
  test('of another merchant is refused', async () => {
    const day = freshDay();
    const text = plainStatement(manyLines(3, day), '1999999999');
    const file = await refusedFor('statement_account_differs', { billDate: day, text });
    expect(file.detail).toMatchObject({ expected: '1900000109', found: '1999999999' });
  });

  test.each([
    ['days before', ['2026-03-10 12:00:00'], '2026-03-12'],
    ['the day before only', ['2026-03-10 12:00:00'], '2026-03-11'],
    ['the day after only', ['2026-03-11 00:00:00'], '2026-03-10'],
    ['its day and a day long ago', ['2026-02-10 12:00:00', '2026-02-13 12:00:00'], '2026-02-13'],
    ['its day and a day far ahead', ['2026-02-16 12:00:00', '2026-02-18 00:00:00'], '2026-02-16'],
  ])('with lines of %s is another day’s', async (_, times, billDate) => {
    const lines = times.map((at) => ({ at, amount: 1 }));
    await refusedFor('statement_account_differs', { billDate, lines });
  });

  test('of another kind is refused', async () => {
    const day = freshDay();
    const bill = { billDate: day, text: billOf(day) };
    await refusedFor('statement_unrecognised', bill, { reader: plainReader('fund_flow') });
  });

  test('an error page in place of a statement is refused', async () => {
    await refusedFor('statement_unrecognised', {
      billDate: freshDay(),
      text: '<html>502 Bad Gateway</html>\n',
    });
  });

  test('rubbish is refused, also where Postgres could not hold what it begins with', async () => {
    const file = await refusedFor('statement_unrecognised', {
      billDate: freshDay(),
      text: Buffer.from('\0\0\ud83d\ude00,x\n', 'utf8'),
    });
    expect(file.detail['header']).toMatch(/^␀␀/);
  });

  test('whose reader speaks of half a character is refused with its reason all the same', async () => {
    const file = await refusedFor(
      'statement_unrecognised',
      { billDate: freshDay() },
      {
        reader: {
          push: () => {
            throw new AppError('statement_unrecognised', { header: 'abc\ud83d' });
          },
          end: () => Buffer.alloc(0),
          summary: () => plainReader().summary(),
        },
      },
    );
    expect(file.detail).toMatchObject({ header: 'abc\ufffd' });
  });
});

describe('F48 F50 a value that Postgres cannot hold', () => {
  const raw = (row: string | Buffer) => ({
    push: () => Buffer.from(row),
    end: () => Buffer.alloc(0),
    summary: () => plainReader().summary(),
  });

  test.each([
    ['a NUL', '2\trefund\t2026-01-01 12:00:00+08\tT\0\t\\N\t\\N\t\\N\t1\t1\t0\tCNY\t\\N\t\\N\n'],
    [
      'broken UTF-8',
      Buffer.from(
        '2\trefund\t2026-01-01 12:00:00+08\t\xff\t\\N\t\\N\t\\N\t1\t1\t0\tCNY\t\\N\t\\N\n',
        'latin1',
      ),
    ],
    ['a time that is none', '2\trefund\tsome day\t\\N\t\\N\t\\N\t\\N\t1\t1\t0\tCNY\t\\N\t\\N\n'],
    [
      'an amount beyond all bounds',
      '2\trefund\t2026-01-01 12:00:00+08\t\\N\t\\N\t\\N\t\\N\t99999999999999999999\t1\t0\tCNY\t\\N\t\\N\n',
    ],
    ['a column too few', '2\trefund\t2026-01-01 12:00:00+08\t\\N\n'],
  ])(
    '(%s) that a reader lets through refuses the whole file, with the place and without the text',
    async (_, row) => {
      const file = await refusedFor(
        'statement_encoding_invalid',
        { billDate: freshDay(), text: 'x' },
        { reader: raw(row) },
      );
      expect(file.detail).toMatchObject({ copy_line: '1' });
      expect(JSON.stringify(file.detail)).not.toContain('refund');
    },
  );
});

describe('a refusal', () => {
  test('of the same bytes again is counted, of other bytes or for another reason kept beside it', async () => {
    const day = freshDay();
    const cut = billOf(day).slice(0, -3);
    for (let time = 0; time < 3; time += 1) {
      await expect(importPlain(db, { billDate: day, text: cut })).rejects.toThrow(AppError);
    }
    await expect(importPlain(db, { billDate: day, text: cut.slice(0, -1) })).rejects.toThrow(AppError);
    await expect(
      importPlain(db, { billDate: day, text: cut }, { reader: plainReader('fund_flow'), kind: 'fund_flow' }),
    ).rejects.toThrow(AppError);

    const files = await filesOf(day);
    expect(files.map(({ kind, refusedCount }) => [kind, refusedCount])).toEqual([
      ['trade', 3],
      ['trade', 1],
      ['fund_flow', 1],
    ]);
  });

  test('is not in the way of the right file, nor does it count as a delivery', async () => {
    const day = freshDay();
    await expect(importPlain(db, { billDate: day, text: 'x\n' })).rejects.toThrow(AppError);
    expect(await importPlain(db, { billDate: day, text: billOf(day) })).toMatchObject({
      outcome: 'loaded',
      revision: 1,
    });
  });

  test('does not touch what is live for its day', async () => {
    const day = freshDay();
    const { fileId } = await importPlain(db, { billDate: day, text: billOf(day) });
    await expect(importPlain(db, { billDate: day, text: billOf(day).slice(0, -3) })).rejects.toThrow(
      AppError,
    );
    expect((await filesOf(day)).map(({ id, status }) => [id, status])).toEqual([
      [fileId, 'loaded'],
      [expect.any(String), 'refused'],
    ]);
  });

  test('is not kept where nobody said of which day or kind the file is', async () => {
    const before = await leftBehind(db);
    for (const unsaid of [{ billDate: null }, { kind: null }]) {
      await expect(importPlain(db, { text: 'x\n' }, unsaid)).rejects.toMatchObject({
        code: 'statement_unrecognised',
      });
    }
    expect(await leftBehind(db)).toEqual(before);
  });

  test('keeps its part and its address', async () => {
    const day = freshDay();
    const file = await refusedFor(
      'statement_unrecognised',
      { billDate: day, text: 'x\n' },
      { part: '2', uri: 'file:p' },
    );
    expect(file).toMatchObject({ part: '2', uri: 'file:p', receivedAt: minute(60) });
  });
});

describe('faults that are not the file’s', () => {
  test('of the source are passed on as they are, and nothing is kept', async () => {
    const before = await leftBehind(db);
    const day = freshDay();
    async function* failing(): AsyncGenerator<Buffer> {
      yield* chunksOf(billOf(day).slice(0, 500));
      throw new Error('disk on fire');
    }
    await expect(importPlain(db, { billDate: day }, { source: failing() })).rejects.toThrow('disk on fire');
    expect(await leftBehind(db)).toEqual(before);
  });

  test('of an account that nobody knows is a fault of the caller', async () => {
    const before = await leftBehind(db);
    await expect(
      importStatement(db.ingest, importOptions({}, { accountId: 'nobody' })),
    ).rejects.toMatchObject({
      code: '23503',
    });
    expect(await leftBehind(db)).toEqual(before);
  });
});
