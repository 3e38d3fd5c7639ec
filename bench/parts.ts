/** The parts of a run: what each measures, and its goals. */
import { isDeepStrictEqual } from 'node:util';
import type { Expected } from './bill.ts';
import { book } from './book.ts';
import { dropCopy, freshCopy } from './books.ts';
import { days } from './days.ts';
import type { Bill, WholeWay } from './matching.ts';
import type { READERS } from './reading.ts';
import type { Figure } from './report.ts';
import { figure, paceOf } from './report.ts';
import { sweep } from './sweeps.ts';
import { whole } from './whole.ts';
import type { Done } from './task.ts';
import { inProcess } from './task.ts';

export interface Bench {
  readonly bill: Bill;
  /** A small bill, for warming up. */
  readonly small: Bill;
  readonly adminUrl: string;
  readonly temporalAddress: string;
  readonly expected: Expected;
  readonly rounds: number;
  /** Lines that are matched row by row. */
  readonly sample: number;
  readonly replays: number;
  readonly requests: number;
  /** Lines of the files of a day. */
  readonly dayLines: number;
  /** Lines of the bill that DuckDB reads too. */
  readonly wholeLines: number;
  /** Open refunds that the overdue sweep looks over. */
  readonly sweepRefunds: number;
  /** Lines of the bill that is matched in a large book, and open refunds in it besides its own. */
  readonly bookLines: number;
  readonly bookRefunds: number;
  /** The server's first process, where it is one of ours. */
  readonly postmaster: () => number | null;
  readonly seed: number;
  /** Where files may be written. */
  readonly dir: string;
}

export type Part = (bench: Bench) => Promise<readonly Figure[]>;

/** In the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  statement,
  whole,
  reader,
  days,
  replay,
  accept,
  receipt,
  sweep,
  book,
};

/** Runs a measurement once a round. */
async function rounds<T>(bench: Bench, measure: (round: number) => Promise<T>): Promise<readonly T[]> {
  const done: T[] = [];
  for (let round = 0; round < bench.rounds; round += 1) done.push(await measure(round));
  return done;
}

/** P2, P6, P9, P11: the bill into the books. */
async function statement(bench: Bench): Promise<readonly Figure[]> {
  const { lines } = bench.expected;
  const measured = await rounds(bench, (round) => statementRound(bench, round));
  const perSecond = (ms: (one: Measured) => number): number[] =>
    measured.map((one) => lines / (ms(one) / 1000));
  const memory = measured.map((one) => one.first.peakRssMb);
  const setsPerSecond = perSecond((one) => one.way.matchMs);
  return [
    figure(
      'P2',
      'bill to breaks: .gz, import, match, breaks',
      'lines/s',
      perSecond((one) => one.first.ms),
      {
        at: 'least',
        value: 200_000,
      },
    ),
    figure(
      null,
      '  import alone',
      'lines/s',
      perSecond((one) => one.way.importMs),
    ),
    figure(
      null,
      '  match and breaks',
      'ms',
      measured.map((one) => one.way.matchMs),
    ),
    figure(
      null,
      '  sweep for what is missing',
      'ms',
      measured.map((one) => one.way.sweepMs),
    ),
    figure('P6', 'peak memory of the process', 'MB', memory, { at: 'most', value: 300 }),
    figure(
      'P9',
      'match in sets, over row by row in one transaction',
      '×',
      measured.map((one, index) => (setsPerSecond[index] ?? 0) / one.rowsPerSecond),
      { at: 'least', value: 10 },
    ),
    figure(
      null,
      '  row by row',
      'lines/s',
      measured.map((one) => one.rowsPerSecond),
    ),
    figure(
      'P11',
      'the same file again, of the first time',
      '%',
      measured.map((one) => (one.again.ms / one.first.ms) * 100),
      { at: 'most', value: 5 },
    ),
  ];
}

interface Measured {
  readonly first: Done;
  readonly way: WholeWay;
  readonly again: Done;
  readonly rowsPerSecond: number;
}

async function statementRound(bench: Bench, round: number): Promise<Measured> {
  const name = `bench_round_${String(round)}`;
  const url = await freshCopy(bench.adminUrl, name);
  const { bill, small: warmUp } = bench;
  const first = await inProcess({ kind: 'whole_way', url, bill, warmUp });
  const way = first.result as unknown as WholeWay;
  assertFound(way, bench.expected);
  const again = await inProcess({ kind: 'same_again', url, bill, warmUp });
  if (again.result['outcome'] !== 'same') throw new Error('the same file was loaded twice');
  const rows = await inProcess({ kind: 'match_rows', url, sample: bench.sample });
  await dropCopy(bench.adminUrl, name);
  return { first, way, again, rowsPerSecond: Number(rows.result['perSecond']) };
}

/** A fast wrong answer is worth nothing: what was found must be what was made up. */
export function assertFound({ lines, found }: Pick<WholeWay, 'lines' | 'found'>, expected: Expected): void {
  const breaks = Object.fromEntries(Object.entries(found.breaks).filter(([, count]) => count > 0));
  const seen = { lines, matched: found.matched, byChannelNumber: found.byChannelNumber, breaks };
  if (!isDeepStrictEqual(seen, { ...expected })) {
    throw new Error(`found ${JSON.stringify(seen)}, made up ${JSON.stringify(expected)}`);
  }
}

/** P4: reading alone, against what everybody has. */
async function reader(bench: Bench): Promise<readonly Figure[]> {
  const read = async (how: keyof typeof READERS): Promise<Done> => {
    const done = await inProcess({ kind: 'read', how, bill: bench.bill.path, warmUp: bench.small.path });
    const all = how === 'unpack' ? bench.bill.bytes : bench.expected.lines;
    if (done.result['read'] !== all) throw new Error(`${how} did not read all of it`);
    return done;
  };
  const measured = await rounds(bench, async () => ({
    ours: await read('ours'),
    unpack: await read('unpack'),
    csv: await read('csv_parse'),
    papa: await read('papa_parse'),
  }));
  const perSecond = (ms: number): number => bench.expected.lines / (ms / 1000);
  return [
    figure(
      'P4',
      'bill reader, over gunzip + csv-parse',
      '×',
      measured.map((one) => one.csv.ms / one.ours.ms),
      {
        at: 'least',
        value: 4,
      },
    ),
    figure(
      'P4',
      'bill reader, over gunzip + PapaParse',
      '×',
      measured.map((one) => one.papa.ms / one.ours.ms),
      { at: 'least', value: 1.6 },
    ),
    figure(
      null,
      '  bill reader',
      'lines/s',
      measured.map((one) => perSecond(one.ours.ms)),
    ),
    figure(
      null,
      '  gunzip + csv-parse',
      'lines/s',
      measured.map((one) => perSecond(one.csv.ms)),
    ),
    paceOf(measured.map((one) => perSecond(one.papa.ms))),
    figure(
      null,
      '  gunzip + PapaParse',
      'lines/s',
      measured.map((one) => perSecond(one.papa.ms)),
    ),
    figure(
      null,
      '  gunzip alone',
      'lines/s',
      measured.map((one) => perSecond(one.unpack.ms)),
    ),
    figure(
      null,
      '  peak memory of the bill reader',
      'MB',
      measured.map((one) => one.ours.peakRssMb),
    ),
  ];
}

/** P12, P13: what a refund costs the worker. */
async function replay(bench: Bench): Promise<readonly Figure[]> {
  const measured = await rounds(bench, () => inProcess({ kind: 'replay', count: bench.replays }));
  const of = (name: string): number[] => measured.map((one) => Number(one.result[name]));
  return [
    figure('P12', 'workflow tasks of a refund, however often polled', 'tasks', of('tasks'), {
      at: 'most',
      value: 6,
    }),
    figure(null, '  with a notice of the channel', 'tasks', of('tasksWithNotice'), { at: 'most', value: 7 }),
    figure('P13', 'refund histories replayed', '/s', of('perSecond'), { at: 'least', value: 100 }),
  ];
}

/** P14: how long a caller waits until its refund is safe. */
async function accept(bench: Bench): Promise<readonly Figure[]> {
  const run = async (temporal: string | null, name: string): Promise<Done> => {
    const url = await freshCopy(bench.adminUrl, name);
    const done = await inProcess({ kind: 'accept', url, temporal, requests: bench.requests });
    await dropCopy(bench.adminUrl, name);
    return done;
  };
  const recorded = await rounds(bench, () => run(null, 'bench_accept'));
  const started = await rounds(bench, () => run(bench.temporalAddress, 'bench_accept'));
  const of = (all: readonly Done[], name: string): number[] => all.map((one) => Number(one.result[name]));
  return [
    figure('P14', 'a refund recorded over HTTP, 8 clients: p99', 'ms', of(recorded, 'p99Ms'), {
      at: 'most',
      value: 25,
    }),
    figure(null, '  p50', 'ms', of(recorded, 'p50Ms')),
    figure(null, '  refunds', '/s', of(recorded, 'perSecond')),
    figure(null, '  recorded and its workflow started: p99', 'ms', of(started, 'p99Ms')),
    figure(null, '  p50', 'ms', of(started, 'p50Ms')),
    figure(null, '  refunds', '/s', of(started, 'perSecond')),
  ];
}

/** P18: how long a payer waits for the page, when fifty look at once. */
async function receipt(bench: Bench): Promise<readonly Figure[]> {
  const measured = await rounds(bench, async () => {
    const url = await freshCopy(bench.adminUrl, 'bench_receipt');
    const done = await inProcess({ kind: 'receipts', url, requests: bench.requests });
    await dropCopy(bench.adminUrl, 'bench_receipt');
    return done;
  });
  const of = (name: string): number[] => measured.map((one) => Number(one.result[name]));
  return [
    figure('P18', 'a receipt page over HTTP, 50 clients: p99', 'ms', of('p99Ms'), { at: 'most', value: 50 }),
    figure(null, '  p50', 'ms', of('p50Ms')),
    figure(null, '  pages', '/s', of('perSecond')),
    figure(null, '  each receipt for the first time: p99', 'ms', of('firstP99Ms')),
    figure(null, '  5 clients that pause: p99', 'ms', of('calmP99Ms')),
    figure(null, '  the same while two ask for one PDF after the other: p99', 'ms', of('printingP99Ms')),
    figure(null, '  p50', 'ms', of('printingP50Ms')),
    figure(null, '  PDFs meanwhile', '/s', of('papersPerSecond')),
    figure(null, '  largest page', 'bytes', of('bytes'), { at: 'most', value: 30 * 1024 }),
  ];
}
