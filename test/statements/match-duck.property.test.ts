/**
 * I11: on any days, in any order of files, matches and breaks are those that DuckDB finds with the rules written down once
 * more. Hundreds of small worlds, none of which knows a number of another, share one database and three files.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sweepMissing } from '../../store/match.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, openAccounts } from '../store/books.ts';
import { bring } from './bills.ts';
import type { DuckLine, Fates } from './duck-match.ts';
import { duckFates } from './duck-match.ts';
import type { Books } from './match-worlds.ts';
import { COVERED, DAYS, fillBooks, NOW, plain, together, world } from './match-worlds.ts';

const WORLDS = 300;

// Each order has books of its own.
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterEach(() => db.drop());

/** One file a day, imported and matched in this order, and then a look at what is missing. */
async function ourFates(books: Books, order: readonly string[]): Promise<Fates> {
  for (const billDate of order) {
    const lines = books.lines.filter((line) => line.bill_date === billDate).map(plain);
    await bring(db, { billDate, lines }, { now: NOW });
  }
  await sweepMissing(db.ingest, {
    accountId: ACCOUNT,
    asOf: NOW,
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });
  const { rows } = await db.owner.query<{ place: string; fate: string }>(
    `select l.bill_date || '/' || l.line_no as place,
            concat_ws('+', m.refund_id || '@' || m.pass,
              (select string_agg(b.kind || coalesce('(' || b.refund_id || ')', ''), '+' order by b.kind) from breaks b
                where b.file_id = l.file_id and b.line_no = l.line_no and b.status = 'open')) as fate
       from statement_lines l left join matches m on m.file_id = l.file_id and m.line_no = l.line_no`,
  );
  const { rows: missing } = await db.owner.query<{ refund_id: bigint }>(
    `select refund_id from breaks where kind = 'missing_at_channel' and status = 'open' order by refund_id`,
  );
  return {
    lines: new Map(rows.map(({ place, fate }) => [place, fate])),
    missing: missing.map(({ refund_id: id }) => Number(id)),
  };
}

/** Lines of which the two think differently, with all that their world has. */
function differences(books: Books, ours: Fates, duck: Fates): readonly object[] {
  const worldOf = (line: DuckLine): number =>
    Number(
      /^W([0-9]+)-/.exec(line.refund_no ?? line.channel_refund_no ?? line.transaction_id ?? '')?.[1] ?? -1,
    );
  return books.lines
    .map((line) => ({ line, place: `${line.bill_date}/${String(line.line_no)}` }))
    .filter(({ place }) => ours.lines.get(place) !== duck.lines.get(place))
    .slice(0, 3)
    .map(({ line, place }) => ({
      ...{ line, ours: ours.lines.get(place), duck: duck.lines.get(place) },
      lines: books.lines.filter((one) => worldOf(one) === worldOf(line)),
      refunds: books.refunds.filter((one) => Math.floor(one.id / 10) === worldOf(line)),
    }));
}

const seed = Number(process.env['YUANLU_DAYS_SEED'] ?? Date.now() % 1_000_000);

describe(`on ${String(WORLDS)} worlds, with seed ${String(seed)}`, () => {
  test.each([
    ['in the order of days', [0, 1, 2]],
    ['backwards', [2, 1, 0]],
    ['with the day between at last', [2, 0, 1]],
  ])(
    'matches and breaks of files that come %s are those of the rules',
    async (_, order) => {
      const worlds = fc.sample(world, {
        numRuns: WORLDS,
        seed: seed + (order[0] ?? 0) * 10 + (order[1] ?? 0),
      });
      const books = together(worlds);
      await fillBooks(db, books.refunds);

      const ours = await ourFates(
        books,
        order.map((index) => DAYS[index] ?? ''),
      );
      const duck = await duckFates(books.refunds, books.lines, COVERED);

      expect(differences(books, ours, duck)).toEqual([]);
      expect(ours.missing).toEqual(duck.missing);
      expect(ours.lines.size).toBe(books.lines.length);
      const kinds = new Set(
        [...ours.lines.values()].flatMap((fate) => fate.match(/[a-z_]{4,}|@[123]/g) ?? []),
      );
      expect([...kinds].toSorted()).toEqual([
        ...['@1', '@2', '@3', 'ambiguous', 'amount_differs', 'duplicate_line', 'missing_in_books'],
        ...['number_differs', 'state_conflict'],
      ]);
    },
    60_000,
  );
});
