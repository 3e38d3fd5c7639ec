/** The parts of a run: what each measures, and its goals. */
import type { Expected } from './bill.ts';
import { book } from './book.ts';
import { dropCopy, freshCopy } from './books.ts';
import { days } from './days.ts';
import type { Bill } from './matching.ts';
import { canPin } from './one-core.ts';
import type { READERS } from './reading.ts';
import type { Figure } from './report.ts';
import { figure, paceOf } from './report.ts';
import { rounds } from './rounds.ts';
import { statement } from './statements.ts';
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

/** P4: reading alone, against what everybody has. */
async function reader(bench: Bench): Promise<readonly Figure[]> {
  const read = async (how: keyof typeof READERS): Promise<Done> => {
    const done = await inProcess({ kind: 'read', how, bill: bench.bill.path });
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
  const cores = canPin() ? ' on one core' : ' (not kept on one core)';
  const measured = await rounds(bench, () => inProcess({ kind: 'replay', count: bench.replays }));
  const of = (name: string): number[] => measured.map((one) => Number(one.result[name]));
  return [
    figure('P12', 'workflow tasks of a refund, however often polled', 'tasks', of('tasks'), {
      at: 'most',
      value: 6,
    }),
    figure(null, '  with a notice of the channel', 'tasks', of('tasksWithNotice'), { at: 'most', value: 7 }),
    figure('P13', `refund histories replayed${cores}`, '/s', of('perSecond'), { at: 'least', value: 100 }),
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
