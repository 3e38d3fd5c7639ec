/**
 * I11: whether the lines of a day come in one file or in several, in whatever order, and however often each is brought or matched:
 * matches and breaks are the same. Only ids of files and places in them are left out of the comparison.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { matchStatement, sweepMissing } from '../../store/match.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, openAccounts } from '../store/books.ts';
import { bring } from './bills.ts';
import type { DuckRefund } from './duck-match.ts';
import { DAYS, fillBooks, NOW, plain, together, world } from './match-worlds.ts';
import type { PlainLine } from './plain-statement.ts';

/** In each of the tests below, which have worlds of their own. */
const WORLDS = 100;
/** Lines of payments beside those of refunds, a day. */
const PAYMENTS = 20;
/** Each so many-th line of a refund is there a second time, often with another word for its state. */
const PRINTED_AGAIN_EVERY = 5;
const TYPES = ['refund:SUCCESS', 'refund:PROCESSING', 'refund:CLOSED', 'refund'] as const;
/** Differences that a failure shows of each side. */
const SHOWN_MAX = 5;

/** The same books twice: one has each day as one file, the other in parts. */
let whole: TestDatabase;
let inParts: TestDatabase;
beforeEach(async () => {
  [whole, inParts] = [await testDatabase(), await testDatabase()];
  for (const db of [whole, inParts]) await openAccounts(db.pool);
});
afterEach(async () => {
  for (const db of [whole, inParts]) await db.drop();
});

interface DayLine extends PlainLine {
  readonly billDate: string;
}

/** One file: a part of a day. */
interface Part {
  readonly billDate: string;
  readonly part: string;
  readonly lines: readonly PlainLine[];
}

/** Where a line goes, when, and whether the first delivery of a part that comes twice was without it. */
interface Thrown {
  readonly part: number;
  readonly place: number;
  readonly comesLater: boolean;
}

const thrown: fc.Arbitrary<Thrown> = fc.record({
  part: fc.nat(2),
  place: fc.nat(),
  comesLater: fc.boolean(),
});

function dice(count: number, seed: number): readonly Thrown[] {
  return fc.sample(thrown, { numRuns: count, seed });
}

interface Made {
  readonly refunds: readonly DuckRefund[];
  readonly lines: readonly DayLine[];
}

function madeOf(seed: number): Made {
  const books = together(fc.sample(world, { numRuns: WORLDS, seed }));
  const payments = DAYS.flatMap((billDate) =>
    Array.from({ length: PAYMENTS }, (_, n): DayLine => {
      const no = `${billDate.slice(-2)}${String(n)}`;
      return {
        billDate,
        type: 'payment',
        at: `${billDate} 08:00:00`,
        transactionId: `TP${no}`,
        amount: n + 1,
      };
    }),
  );
  const refunds = books.lines.map((line): DayLine => ({ billDate: line.bill_date, ...plain(line) }));
  const again = refunds
    .filter((_, index) => index % PRINTED_AGAIN_EVERY === 0)
    .map((line, index): DayLine => ({ ...line, type: TYPES[index % TYPES.length] ?? 'refund' }));
  return { refunds: books.refunds, lines: [...refunds, ...again, ...payments] };
}

type Sorting = (line: DayLine, thrown: Thrown) => string;

/** The lines, each in its part; neither their order nor that of the parts says anything. */
function partsOf(
  lines: readonly DayLine[],
  sorting: Sorting,
  seed: number,
  isFirst = false,
): readonly Part[] {
  const all = dice(lines.length, seed);
  const given = lines
    .flatMap((line, index) => (all[index] === undefined ? [] : [{ line, thrown: all[index] }]))
    .filter((one) => !(isFirst && one.thrown.comesLater))
    .toSorted((one, other) => one.thrown.place - other.thrown.place);
  const parts = new Map<string, { billDate: string; part: string; lines: PlainLine[] }>();
  for (const { line, thrown } of given) {
    const part = sorting(line, thrown);
    const of = parts.get(`${line.billDate}/${part}`) ?? { billDate: line.billDate, part, lines: [] };
    of.lines.push(line);
    parts.set(`${line.billDate}/${part}`, of);
  }
  return [...parts.values()];
}

/** Imports the files in this order and matches each, then looks at what is missing. */
async function bringAll(db: TestDatabase, files: readonly Part[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { billDate, part, lines } of files) {
    const { fileId } = await bring(db, { billDate, lines }, { now: NOW, part });
    ids.push(fileId);
  }
  return ids;
}

async function sweep(db: TestDatabase): Promise<void> {
  await sweepMissing(db.ingest, {
    accountId: ACCOUNT,
    asOf: NOW,
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });
}

interface BreakRow {
  readonly place: string;
  readonly said: string;
  readonly again: string | null;
}

/** Of each line its match and its open breaks with all that they say, and the refunds that are missing. */
async function outcomeOf({ owner }: TestDatabase): Promise<string[]> {
  const lines = await owner.query<{ place: string; said: string }>(
    `select l.file_id || '/' || l.line_no as place,
            concat_ws('|', l.bill_date, l.occurred_at, l.line_type, coalesce(l.status, '-'), coalesce(l.transaction_id, '-'),
              coalesce(l.channel_refund_no, '-'), coalesce(l.refund_no, '-'), l.amount_minor) as said
       from statement_lines l join statement_files f on f.id = l.file_id and f.status = 'loaded'`,
  );
  const matches = await owner.query<{ place: string; said: string }>(
    `select m.file_id || '/' || m.line_no as place, concat_ws(' ', r.refund_no, 'by', m.pass, m.amount_agrees) as said
       from live_matches m join refunds r on r.id = m.refund_id`,
  );
  const breaks = await owner.query<BreakRow>(
    `select b.file_id || '/' || b.line_no as place, concat_ws(' ', b.kind, r.refund_no, b.detail - 'of_file' - 'of_line') as said,
            (b.detail ->> 'of_file') || '/' || (b.detail ->> 'of_line') as again
       from breaks b left join refunds r on r.id = b.refund_id
      where b.status = 'open' and b.line_no is not null order by b.kind`,
  );
  const missing = await owner.query<{ refund_no: string }>(
    `select refund_no from breaks where kind = 'missing_at_channel' and status = 'open'`,
  );
  const lineAt = new Map(lines.rows.map(({ place, said }) => [place, said]));
  const matchAt = new Map(matches.rows.map(({ place, said }) => [place, said]));
  const breaksAt = new Map<string, readonly string[]>();
  for (const { place, said, again } of breaks.rows) {
    const all = again === null ? said : `${said} of ${lineAt.get(again) ?? again}`;
    breaksAt.set(place, [...(breaksAt.get(place) ?? []), all]);
  }
  return [
    ...lines.rows.map(({ place, said }) =>
      [said, matchAt.get(place) ?? 'no match', ...(breaksAt.get(place) ?? [])].join(' → '),
    ),
    ...missing.rows.map(({ refund_no: refundNo }) => `missing → ${refundNo}`),
  ].toSorted();
}

/** What is only in one of the two, for reading. */
function unlike(one: readonly string[], other: readonly string[]): readonly string[] {
  const rest = [...other];
  const only = one.filter((said) => {
    const at = rest.indexOf(said);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  return [
    ...only.slice(0, SHOWN_MAX).map((said) => `- ${said}`),
    ...rest.slice(0, SHOWN_MAX).map((said) => `+ ${said}`),
  ];
}

const seed = Number(process.env['YUANLU_DAYS_SEED'] ?? Date.now() % 1_000_000);
/** The part that is delivered twice. */
const RESTATED = '1';
const byDice: Sorting = (_line, { part }) => String(part);
const byKind: Sorting = ({ type }) => (type === 'payment' ? 'SUCCESS' : 'REFUND');

describe(`on ${String(WORLDS)} worlds each, with seed ${String(seed)}`, () => {
  test.each([
    ['in three parts, one of which came without half of its lines at first', byDice, 0],
    ['as a bill of payments and a bill of refunds', byKind, 1],
  ])(
    'days that come %s have the matches and breaks of days that come in one file',
    async (_, sorting, nth) => {
      const { refunds, lines } = madeOf(seed + nth * 100);
      for (const db of [whole, inParts]) await fillBooks(db, refunds);
      const days = partsOf(lines, () => '', seed + 1);
      const parts = partsOf(lines, sorting, seed + 2);

      await bringAll(whole, days);
      await sweep(whole);
      const firstly = partsOf(lines, sorting, seed + 2, true).filter(({ part }) => part === RESTATED);
      await bringAll(inParts, firstly);
      const ids = await bringAll(inParts, parts);
      await sweep(inParts);

      const expected = await outcomeOf(whole);
      expect(unlike(expected, await outcomeOf(inParts))).toEqual([]);
      expect(expected.filter((said) => !said.startsWith('missing')).length).toBe(lines.length);
      expect(parts.length).toBeGreaterThan(days.length);

      for (const id of ids.toReversed()) await matchStatement(inParts.ingest, id, { now: NOW });
      await sweep(inParts);
      expect(unlike(expected, await outcomeOf(inParts))).toEqual([]);
    },
    60_000,
  );
});
