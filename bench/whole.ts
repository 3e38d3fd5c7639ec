/** P1, P3, P5, P6, P7, P8: a large bill from its packed bytes to committed breaks, beside DuckDB on the same bytes. */
import { join } from 'node:path';
import type { BackendMemory } from './backends.ts';
import { watchBackends } from './backends.ts';
import type { Expected } from './bill.ts';
import { BILL_DATE, expectedOf, makeUp, warmUpRefunds } from './bill.ts';
import { copyOf, dropCopy, fillBooks, writeBooksCsv } from './books.ts';
import type { DuckWay } from './duck.ts';
import type { Bill, WholeWay } from './matching.ts';
import { billOn } from './matching.ts';
import type { Bench } from './parts.ts';
import { assertFound } from './statements.ts';
import type { Figure } from './report.ts';
import { figure, leftOut } from './report.ts';
import { rounds } from './rounds.ts';
import type { Done } from './task.ts';
import { inProcess } from './task.ts';

/** A bill, the books that it is matched against, and what must be found. */
interface Day {
  readonly template: string;
  readonly bill: Bill;
  readonly booksCsv: string;
  readonly expected: Expected;
}

interface Round {
  readonly ours: Watched;
  readonly duck: Done;
  readonly tenth: Watched;
}

interface Watched extends Done {
  /** What the server's processes held meanwhile, or why that is not known. */
  readonly backends: BackendMemory | string;
}

export async function whole(bench: Bench): Promise<readonly Figure[]> {
  const day = await makeDay(bench, 'bench_whole', bench.wholeLines);
  const small = await makeDay(bench, 'bench_whole_tenth', Math.round(bench.wholeLines / 10));
  const measured = await rounds(bench, async () => ({
    ours: await ours(bench, day),
    duck: await duck(bench, day),
    tenth: await ours(bench, small),
  }));
  for (const { template } of [day, small]) await dropCopy(bench.adminUrl, template);
  return figures(measured, day.expected.lines);
}

async function makeDay(bench: Bench, name: string, lines: number): Promise<Day> {
  const refunds = makeUp(lines, bench.seed, BILL_DATE);
  const bill = await billOn(BILL_DATE, join(bench.dir, `${name}.csv.gz`), refunds);
  const booksCsv = join(bench.dir, `${name}.books.csv`);
  await writeBooksCsv(booksCsv, refunds);
  await fillBooks(bench.adminUrl, [...warmUpRefunds(bench.seed), ...refunds], name);
  return { template: name, bill, booksCsv, expected: expectedOf(refunds) };
}

async function ours(bench: Bench, { template, bill, expected }: Day): Promise<Watched> {
  const url = await copyOf(bench.adminUrl, template, 'bench_whole_round');
  const { result: done, memory } = await watchBackends(bench.postmaster(), () =>
    inProcess({ kind: 'whole_way', url, bill, warmUp: bench.small }),
  );
  await dropCopy(bench.adminUrl, 'bench_whole_round');
  assertFound(done.result as unknown as WholeWay, expected);
  return { ...done, backends: memory };
}

async function duck(bench: Bench, { bill, booksCsv, expected }: Day): Promise<Done> {
  const file = join(bench.dir, 'whole.duckdb');
  const done = await inProcess({ kind: 'duck', file, booksCsv, bill: bill.path });
  assertFound(done.result as unknown as DuckWay, expected);
  return done;
}

function figures(measured: readonly Round[], lines: number): readonly Figure[] {
  const of = (name: string, which: keyof Round): number[] =>
    measured.map((one) => Number(one[which].result[name]));
  const ms = (which: keyof Round): number[] => measured.map((one) => one[which].ms);
  const seconds = (all: readonly number[]): number[] => all.map((one) => one / 1000);
  const ratio = (one: readonly number[], other: readonly number[]): number[] =>
    one.map((value, index) => value / (other[index] ?? Number.NaN));
  const imported = ratio(of('importMs', 'ours'), of('importMs', 'duck'));
  const memory = measured.map((one) => one.ours.peakRssMb);
  const perLine = (name: string): number[] => of(name, 'ours').map((bytes) => bytes / lines);
  return [
    figure(
      'P1',
      `${String(lines)} lines from .gz to breaks, over DuckDB`,
      '×',
      ratio(ms('ours'), ms('duck')),
      {
        at: 'most',
        value: 2.5,
      },
    ),
    figure(null, '  ours', 's', seconds(ms('ours'))),
    figure(null, '  DuckDB, two threads', 's', seconds(ms('duck'))),
    figure('P3', '  import alone, over DuckDB', '×', imported, { at: 'most', value: 1.3 }),
    figure(null, '  match and breaks, over DuckDB', '×', ratio(of('matchMs', 'ours'), of('matchMs', 'duck'))),
    figure('P5', '  of the time for a tenth of the lines', '×', ratio(ms('ours'), ms('tenth')), {
      at: 'most',
      value: 12,
    }),
    figure('P6', '  peak memory of the process', 'MB', memory, { at: 'most', value: 300 }),
    figure(
      null,
      '  peak memory of DuckDB and its driver',
      'MB',
      measured.map((one) => one.duck.peakRssMb),
    ),
    ...backends(measured.map((one) => one.ours.backends)),
    figure('P8', '  log of the database', 'bytes/line', perLine('logBytes'), { at: 'most', value: 320 }),
    figure(null, '  lines and matches on the disk', 'bytes/line', perLine('diskBytes')),
  ];
}

function backends(all: readonly (BackendMemory | string)[]): readonly Figure[] {
  const name = "  peak private memory of the server's backends";
  const unseen = all.find((one) => typeof one === 'string');
  if (unseen !== undefined) return [leftOut('P7', name, 'MB', unseen)];
  const seen = all.filter((one) => typeof one !== 'string');
  return [
    figure(
      'P7',
      name,
      'MB',
      seen.map((one) => one.privateMb),
      { at: 'most', value: 200 },
    ),
    figure(
      null,
      '  what they share for parallel work',
      'MB',
      seen.map((one) => one.parallelMb),
    ),
  ];
}
