/**
 * I11: on any days, in any order of files, matches and breaks are those that DuckDB finds with the rules written down once
 * more. Hundreds of small worlds, none of which knows a number of another, share one database and three files.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { openAccounts } from '../store/books.ts';
import { duckFates } from './duck-match.ts';
import { differences, kindsOf, ourFates } from './match-fates.ts';
import { COVERED, DAYS, EVERY_KIND, fillBooks, together, world } from './match-worlds.ts';

const WORLDS = 300;

// Each order has books of its own.
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterEach(() => db.drop());

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

      const days = order.map((index) => DAYS[index] ?? '');
      const rules = { proves: 'acceptance', numberWithin: 'account', dayEndsEarlyMs: 0 } as const;
      const ours = await ourFates(db, books, days, rules);
      const duck = await duckFates(books.refunds, books.lines, COVERED);

      expect(differences(books, ours, duck)).toEqual([]);
      expect(ours.missing).toEqual(duck.missing);
      expect(ours.lines.size).toBe(books.lines.length);
      expect(kindsOf(ours)).toEqual(EVERY_KIND);
    },
    60_000,
  );
});
