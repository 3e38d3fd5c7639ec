/**
 * A statement that several workers load in ranges is the same as one that one worker has loaded: every line, what was set aside,
 * the row of the file, its matches and breaks, and every refusal.
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MadeUpRefund } from '../../bench/bill.ts';
import { BILL_DATE, makeUp, writeBill } from '../../bench/bill.ts';
import { copyOf, dropCopy, fillBooks } from '../../bench/books.ts';
import { hashOf, resultsOf, wholenessOf } from '../e2e/day-results.ts';
import { required } from '../support/required.ts';
import type { RangeWorld } from './range-world.ts';
import { DAY, deliveryOf, done, fetched, loadDay, matchDay, rangeWorld } from './range-world.ts';

const ADMIN_URL = required('YUANLU_TEST_DATABASE_URL');
const BOOKS = `ranges_books_${String(process.pid)}`;
/** More than a thousand, and of more than two pieces of what unpacking gives at once. */
const LINES = 1_600;
const UNPACKED_AT_ONCE = 256 * 1024;

let folder: string;
/** The bill as text, lines with their ends. */
let bill: string;
/** The same day with fewer of its refunds. */
let smallBill: string;
const worlds: RangeWorld[] = [];
const databases: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-ranges-'));
  const refunds = makeUp(LINES, 7, BILL_DATE);
  bill = await textOf(refunds);
  smallBill = await textOf(refunds.slice(0, 90));
  await fillBooks(ADMIN_URL, refunds, BOOKS);
}, 60_000);

afterAll(async () => {
  for (const world of worlds) await world.close();
  for (const name of [...databases, BOOKS]) await dropCopy(ADMIN_URL, name);
  await rm(folder, { recursive: true, force: true });
});

async function textOf(refunds: readonly MadeUpRefund[]): Promise<string> {
  const path = join(folder, 'bill.csv.gz');
  await writeBill(path, refunds);
  return gunzipSync(await readFile(path)).toString();
}

interface Place {
  readonly url: string;
  readonly filesDir: string;
  readonly world: RangeWorld;
}

/** Books of their own, and workers that load in ranges of so many bytes, or one worker. */
async function place(rangeBytes: number | null): Promise<Place> {
  const name = `${BOOKS}_${String(databases.length)}`;
  databases.push(name);
  const url = await copyOf(ADMIN_URL, BOOKS, name);
  const filesDir = join(folder, name);
  const world = rangeWorld(url, filesDir, rangeBytes);
  worlds.push(world);
  return { url, filesDir, world };
}

async function deliver({ world }: Place, text: string, o: { sha1?: string | null } = {}): Promise<void> {
  world.deliver(await deliveryOf(folder, text, o));
}

/** The rows at these places of the file get a time that is none: set aside, with amounts that add up. */
function withBadRows(text: string, rows: readonly number[]): string {
  const lines = text.split('\r\n');
  for (const row of rows) lines[row] = (lines[row] ?? '').replace(/^`(\d{4}-\d\d-\d\d) /, '`$1T');
  return lines.join('\r\n');
}

async function nothingUnderWay({ url, filesDir }: Place): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ splits: number; ranges: number }>(
    `select (select count(*) from yuanlu.statement_splits)::int as splits,
            (select count(*) from yuanlu.statement_ranges)::int as ranges`,
  );
  await client.end();
  expect(rows).toEqual([{ splits: 0, ranges: 0 }]);
  expect((await wholenessOf(url)).orphans).toEqual([]);
  const kept = await readdir(filesDir, { recursive: true, withFileTypes: true });
  const files = kept.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  expect(files.filter((one) => /[/]ranges-\d+[/]/.test(one))).toEqual([]);
}

describe('the same bytes as one worker', () => {
  const BAD = [1, 2, 57, 58, 800, 1_585, 1_586, 1_587];

  test.each([
    ['ranges of a few rows', 4_000],
    ['ranges of many rows', 70_000],
    ['as many as unpacking gives at once', UNPACKED_AT_ONCE],
  ])('lines, rows set aside, file, matches and breaks: %s', async (_what, rangeBytes) => {
    const results = await sameBothWays(withBadRows(bill, BAD), rangeBytes);

    expect(results['quarantined']).toMatch(/^8 /);
    expect(results['lines']).toMatch(/^15\d\d /);
  });

  test('lines, rows set aside, file, matches and breaks: a range for each row', async () => {
    const results = await sameBothWays(withBadRows(smallBill, [1, 2, 44, 88]), 1);

    expect(results['quarantined']).toMatch(/^4 /);
    expect(results['lines']).toMatch(/^8\d /);
  });

  async function sameBothWays(text: string, rangeBytes: number): Promise<Readonly<Record<string, string>>> {
    const [one, several] = await Promise.all([place(null), place(rangeBytes)]);
    for (const each of [one, several]) {
      await deliver(each, text);
      const loaded = await loadDay(each.world);
      if (loaded.how !== 'result') throw new Error(loaded.message);
      await matchDay(each.world, loaded.result.fileId);
    }
    const results = await resultsOf(several.url);
    expect(results).toEqual(await resultsOf(one.url));
    expect(hashOf(results)).toBe(hashOf(await resultsOf(one.url)));
    await nothingUnderWay(several);
    return results;
  }

  test('F46 and a restated file: the same revision, with the same differences to the one before', async () => {
    const [one, several] = await Promise.all([place(null), place(30_000)]);
    const restated = bill.replace(/ICBC_DEBIT/g, 'CMB_CREDIT');
    for (const each of [one, several]) {
      for (const text of [bill, restated]) {
        await deliver(each, text);
        const loaded = await loadDay(each.world);
        if (loaded.how !== 'result') throw new Error(loaded.message);
        expect(loaded.result.outcome).toBe('loaded');
        await matchDay(each.world, loaded.result.fileId);
      }
    }

    const results = await resultsOf(several.url);

    expect(results['files']).toMatch(/^2 /);
    expect(results).toEqual(await resultsOf(one.url));
    await nothingUnderWay(several);
  });

  test('F45 and the same file again: nothing is written, whether the channel gives its hash or not', async () => {
    const several = await place(30_000);
    await deliver(several, bill);
    const first = await loadDay(several.world);
    if (first.how !== 'result') throw new Error(first.message);
    await matchDay(several.world, first.result.fileId);
    const before = await resultsOf(several.url);

    const again = await loadDay(several.world);
    await deliver(several, bill, { sha1: null });
    const unannounced = await loadDay(several.world);

    for (const ended of [again, unannounced])
      expect(ended).toMatchObject({
        how: 'result',
        result: { outcome: 'same', fileId: first.result.fileId },
      });
    expect(await resultsOf(several.url)).toEqual(before);
    await nothingUnderWay(several);
  });
});

describe('a file that cannot be taken', () => {
  const REFUSED: readonly (readonly [string, (text: string) => string, string, string | undefined])[] = [
    [
      'F43 cut at a line end',
      (text) => text.split('\r\n').slice(0, 900).join('\r\n') + '\r\n',
      'statement_summary_missing',
      undefined,
    ],
    ['F43 cut in a row', (text) => text.slice(0, text.length / 2), 'statement_truncated', undefined],
    [
      'whose sums differ',
      (text) => text.replace(/`(\d+),`0\.00,`\d+/, '`$1,`0.00,`1'),
      'statement_totals_differ',
      undefined,
    ],
    [
      'whose count differs',
      (text) => text.replace(/\r\n`(\d+),`0\.00,/, '\r\n`$19,`0.00,'),
      'statement_totals_differ',
      undefined,
    ],
    ['F44 with another hash than announced', (text) => text, 'statement_hash_differs', 'a'.repeat(40)],
    [
      'F59 of another merchant in its last range',
      (text) => replaceLast(text, '1900000109', '1900000110'),
      'statement_account_differs',
      undefined,
    ],
    [
      'F59 of another day',
      (text) => text.replaceAll('`2026-11-23 ', '`2026-10-23 '),
      'statement_account_differs',
      undefined,
    ],
    [
      'with too many bad rows',
      (text) =>
        withBadRows(
          text,
          Array.from({ length: 390 }, (_, n) => 4 * n + 1),
        ),
      'statement_unrecognised',
      undefined,
    ],
    [
      'F52 without a column that is needed',
      (text) => text.replace('交易状态', '状态'),
      'statement_unrecognised',
      undefined,
    ],
    [
      'F48 with a NUL in its middle',
      (text) => `${text.slice(0, 300_000)}\0${text.slice(300_000)}`,
      'statement_encoding_invalid',
      undefined,
    ],
    ['with text after its summary', (text) => `${text}more\r\n`, 'statement_unrecognised', undefined],
  ];

  test.each(REFUSED)(
    'I9: %s is refused with the same code and words, and the same row says why',
    async (_what, spoil, code, sha1) => {
      const [one, several] = await Promise.all([place(null), place(UNPACKED_AT_ONCE)]);
      const narrow = await place(30_000);
      const text = spoil(bill);
      const ends = [];
      for (const each of [one, several, narrow]) {
        await deliver(each, text, sha1 === undefined ? {} : { sha1 });
        ends.push(await loadDay(each.world));
      }

      expect(ends[0]).toMatchObject({ how: 'failure', code });
      const [expected] = ends;
      if (expected?.how !== 'failure') throw new Error('it is refused');
      for (const ended of ends)
        expect(ended).toMatchObject({ how: 'failure', code, forGood: expected.forGood });
      // A piece of the smallest size shows where it is more exactly; all else is the same to the letter.
      if (code !== 'statement_encoding_invalid')
        expect(ends.map((ended) => (ended.how === 'failure' ? ended.message : ''))).toEqual(
          ends.map(() => expected.message),
        );
      expect(await resultsOf(several.url)).toEqual(await resultsOf(one.url));
      await nothingUnderWay(several);
      await nothingUnderWay(narrow);
    },
  );

  test('F42 a truncated gzip is found before any range is loaded', async () => {
    const several = await place(30_000);
    const whole = await deliveryOf(folder, bill);
    const packed = await readFile(whole.path);
    await writeFile(whole.path, packed.subarray(0, packed.length - 4));
    several.world.deliver(whole);

    const file = await fetched(several.world);
    expect(file.inRanges).toBe(true);
    await expect(done(several.world.activities.splitStatement, DAY, file)).rejects.toThrow(
      'statement_truncated',
    );
    await nothingUnderWay(several);
  });
});

function replaceLast(text: string, what: string, by: string): string {
  const at = text.lastIndexOf(what);
  return text.slice(0, at) + by + text.slice(at + what.length);
}

test('a file that makes but one range is loaded by one worker', async () => {
  const several = await place(4 * UNPACKED_AT_ONCE);
  await deliver(several, bill);

  const file = await fetched(several.world);

  expect(file.inRanges).toBe(true);
  expect(await done(several.world.activities.splitStatement, DAY, file)).toEqual({ outcome: 'whole' });
  await nothingUnderWay(several);
});

test('a file that is not over the size is loaded by one worker, and nothing is asked of it', async () => {
  const one = await place(null);
  await deliver(one, bill);

  expect(await fetched(one.world)).not.toHaveProperty('inRanges');
});
