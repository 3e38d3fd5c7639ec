/**
 * I11: on any days, in any order of files, and whatever the channel's lines prove, matches and breaks are those of the rules
 * written down naively. DuckDB's version of them is held to the same on thousands of days.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_ENDS_EARLY_MS } from '../../domain/time/arrival-window.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { openAccounts } from '../store/books.ts';
import { duckFates } from './duck-match.ts';
import type { ChannelRules } from './match-fates.ts';
import { differences, kindsOf, ourFates } from './match-fates.ts';
import { COVERED, DAYS, EVERY_KIND, fillBooks, together, world } from './match-worlds.ts';
import { naiveFates } from './naive-match.ts';

const WORLDS = 500;
/** Each has three days. */
const WORLDS_FOR_DUCK = 1_500;

const WECHAT: ChannelRules = {
  proves: 'acceptance',
  numberWithin: 'account',
  dayEndsEarlyMs: DAY_ENDS_EARLY_MS.wechat,
};
const ALIPAY: ChannelRules = {
  proves: 'completion',
  numberWithin: 'payment',
  dayEndsEarlyMs: DAY_ENDS_EARLY_MS.alipay,
};
const UNIONPAY: ChannelRules = {
  proves: 'clearing',
  numberWithin: 'account',
  dayEndsEarlyMs: DAY_ENDS_EARLY_MS.unionpay,
};

const seed = Number(process.env['YUANLU_DAYS_SEED'] ?? Date.now() % 1_000_000);

describe(`with seed ${String(seed)}`, () => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await testDatabase();
    await openAccounts(db.pool);
  });
  afterEach(() => db.drop());

  test.each([
    ['of WeChat Pay, in the order of days', WECHAT, [0, 1, 2]],
    ['of WeChat Pay, with the first day at last', WECHAT, [1, 2, 0]],
    ['of Alipay, in the order of days', ALIPAY, [0, 1, 2]],
    ['of Alipay, backwards', ALIPAY, [2, 1, 0]],
    ['of UnionPay, in the order of days', UNIONPAY, [0, 1, 2]],
    ['of UnionPay, with the day between at last', UNIONPAY, [2, 0, 1]],
  ])(
    'matches and breaks of files %s are those of the rules',
    async (named, rules, order) => {
      const books = together(fc.sample(world, { numRuns: WORLDS, seed: seed + named.length }));
      await fillBooks(db, books.refunds);

      const days = order.map((index) => DAYS[index] ?? '');
      const ours = await ourFates(db, books, days, rules);
      const naive = naiveFates(books.refunds, books.lines, COVERED, rules);

      expect(differences(books, ours, naive)).toEqual([]);
      expect(ours.missing).toEqual(naive.missing);
      expect(ours.missing.length).toBeGreaterThan(0);
      expect(kindsOf(ours)).toEqual(EVERY_KIND);
    },
    60_000,
  );
});

test(`with seed ${String(seed)}, DuckDB and the naive matcher say the same of ${String(WORLDS_FOR_DUCK * DAYS.length)} days`, async () => {
  const books = together(fc.sample(world, { numRuns: WORLDS_FOR_DUCK, seed: seed + 7 }));

  const duck = await duckFates(books.refunds, books.lines, COVERED);
  const naive = naiveFates(books.refunds, books.lines, COVERED, WECHAT);

  expect(differences(books, naive, duck)).toEqual([]);
  expect(naive.missing).toEqual(duck.missing);
}, 60_000);
