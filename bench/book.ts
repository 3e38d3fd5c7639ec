/** P10: the bill of a day matched in a book that has a hundred times as many open refunds. */
import { join } from 'node:path';
import { expectedOf, makeUp, warmUpRefunds } from './bill.ts';
import { databaseUrl, dropCopy } from './books.ts';
import type { LargeBook } from './large-book.ts';
import { fillLargeBook } from './large-book.ts';
import { billOn } from './matching.ts';
import type { Bench } from './parts.ts';
import { assertFound } from './statements.ts';
import type { Figure } from './report.ts';
import { figure } from './report.ts';
import { inProcess } from './task.ts';

const NAME = 'bench_book';

/** Days with a bill, a round each; the day after each of them is known to be empty, so that what is missing is found. */
const DAYS = ['2026-11-14', '2026-11-17', '2026-11-20'] as const;

export async function book(bench: Bench): Promise<readonly Figure[]> {
  const { adminUrl, bookRefunds: open } = bench;
  const days = DAYS.slice(0, bench.rounds).map((date, index) => ({
    date,
    refunds: makeUp(bench.bookLines, bench.seed + 10 + index, date),
  }));
  const refunds = [...warmUpRefunds(bench.seed), ...days.flatMap((day) => day.refunds)];
  await fillLargeBook(adminUrl, NAME, { refunds, open });
  const bills = await Promise.all(
    days.map((day) => billOn(day.date, join(bench.dir, `book-${day.date}.csv.gz`), day.refunds)),
  );
  const task = { kind: 'book', url: databaseUrl(adminUrl, NAME), bills, warmUp: bench.small } as const;
  const { ways, plan } = (await inProcess(task)).result as unknown as LargeBook;
  await dropCopy(adminUrl, NAME);
  for (const [index, way] of ways.entries()) assertFound(way, expectedOf(days[index]?.refunds ?? []));
  return [
    {
      ...figure(
        'P10',
        `match of ${String(bench.bookLines)} lines in a book of ${String(open)} more open refunds`,
        's',
        ways.map((way) => way.matchMs / 1000),
        { at: 'most', value: 1 },
      ),
      note: `lines find their refunds by: ${plan}`,
    },
    figure(
      null,
      '  sweep of that book for what is missing',
      's',
      ways.map((way) => way.sweepMs / 1000),
    ),
  ];
}
