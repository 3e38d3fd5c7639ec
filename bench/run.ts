/**
 * `npm run bench`: generates a bill and books, runs the product and its yardsticks on the same bytes in the same run, and
 * prints medians of three rounds. `--quick` is a small run to see that all of it works; `--json` prints one document;
 * `--strict` ends with 1 when a goal was missed; `--only <part>` measures one part.
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { startEngines } from '../workers/engines/engines.ts';
import type { Engines } from '../workers/engines/engines.ts';
import { BILL_DATE, expectedOf, makeUp, WARM_UP_DATE, warmUpRefunds } from './bill.ts';
import { fillBooks } from './books.ts';
import type { Bench, Part } from './parts.ts';
import { PARTS } from './parts.ts';
import { billOn } from './matching.ts';
import type { Figure, Report } from './report.ts';
import { figuresText, isMet, leftOut, machine, reportText, withPace } from './report.ts';
import { runTask } from './task.ts';

const SEED = 20_261_123;
const FULL = {
  lines: 100_000,
  rounds: 3,
  sample: 10_000,
  replays: 400,
  requests: 4_000,
  dayLines: 1_000_000,
  wholeLines: 1_000_000,
  sweepRefunds: 1_000_000,
  bookLines: 100_000,
  bookRefunds: 1_000_000,
} as const;
const QUICK = {
  lines: 5_000,
  rounds: 1,
  sample: 1_000,
  replays: 20,
  requests: 200,
  dayLines: 10_000,
  wholeLines: 100_000,
  sweepRefunds: 20_000,
  bookLines: 2_000,
  bookRefunds: 20_000,
} as const;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly strict: boolean;
  readonly only?: string;
  readonly sweepRefunds?: string;
  readonly wholeLines?: string;
  readonly bookRefunds?: string;
  readonly task?: string;
}

const options = new Command('bench')
  .description('measures the product against yardsticks in the same run')
  .option('--quick', 'a small run, to see that it works', false)
  .option('--json', 'one JSON document on stdout', false)
  .option('--strict', 'exit 1 when a goal was missed', false)
  .option('--only <part>', `one of: ${Object.keys(PARTS).join(', ')}`)
  .option('--sweep-refunds <n>', 'open refunds that the sweep looks over, such as 10000000')
  .option('--whole-lines <n>', 'lines of the bill that DuckDB reads too, such as 10000000')
  .option('--book-refunds <n>', 'open refunds of the book that a bill is matched in, such as 10000000')
  .option('--task <json>', 'one measurement; used by the run itself')
  .parse()
  .opts<Options>();

if (options.task !== undefined) await runTask(options.task);
else process.exitCode = await run(options);

async function run(o: Options): Promise<number> {
  const began = performance.now();
  const parts = chosen(o.only);
  const size = sizeOf(o);
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  const dir = await mkdtemp(join(root, 'bench-'));
  let engines: Engines | null = null;
  try {
    engines = await startEngines({
      dataDir: join(dir, 'engines'),
      keepData: false,
      postgres: true,
      temporal: parts.some(([name]) => name === 'accept'),
      temporalInMemory: false,
      log: say,
    });
    const { bench, billBytes } = await prepare(dir, engines, size);
    const figures: Figure[] = [];
    for (const [name, part] of parts) {
      say(`measuring: ${name}`);
      const measured = await part(bench).catch((error: unknown) => [notMeasured(name, error)]);
      // A whole run takes a quarter of an hour and more: what is known is shown, and stays if the run is ended.
      say(figuresText(measured));
      figures.push(...measured);
    }
    const report: Report = {
      machine: machine(),
      size: {
        lines: bench.expected.lines,
        billMb: billBytes / 1e6,
        packedMb: (await stat(bench.bill.path)).size / 1e6,
        rounds: size.rounds,
      },
      figures: withPace(figures).map((one) => ({ ...one, met: isMet(one) })),
      elapsedMs: Math.round(performance.now() - began),
    };
    process.stdout.write(`${o.json ? JSON.stringify(report) : reportText(report)}\n`);
    const isWhole = report.figures.every((one) => one.failed !== true);
    return !isWhole || (o.strict && report.figures.some((one) => one.met === false)) ? 1 : 0;
  } finally {
    await engines?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** One part that ends with an error keeps nobody from the others' figures; the run ends with 1. */
function notMeasured(part: string, error: unknown): Figure {
  const why = error instanceof Error ? error.message : String(error);
  return { ...leftOut(null, `the part ${part}`, '', why), failed: true };
}

type Size = { readonly [name in keyof typeof FULL]: number };

function sizeOf(o: Options): Size {
  const size = o.quick ? QUICK : FULL;
  return {
    ...size,
    ...(o.sweepRefunds === undefined ? {} : { sweepRefunds: Number(o.sweepRefunds) }),
    ...(o.wholeLines === undefined ? {} : { wholeLines: Number(o.wholeLines) }),
    ...(o.bookRefunds === undefined ? {} : { bookRefunds: Number(o.bookRefunds) }),
  };
}

function chosen(only: string | undefined): readonly (readonly [string, Part])[] {
  const all = Object.entries(PARTS);
  const some = only === undefined ? all : all.filter(([name]) => name === only);
  if (some.length === 0) throw new Error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`);
  return some;
}

async function prepare(
  dir: string,
  engines: Engines,
  size: Size,
): Promise<{ bench: Bench; billBytes: number }> {
  say(`making up ${String(size.lines)} refunds and their bill`);
  const refunds = makeUp(size.lines, SEED, BILL_DATE);
  const before = warmUpRefunds(SEED);
  await fillBooks(engines.adminUrl, [...before, ...refunds]);
  const bill = await billOn(BILL_DATE, join(dir, 'bill.csv.gz'), refunds);
  const bench: Bench = {
    ...size,
    seed: SEED,
    dir,
    bill,
    small: await billOn(WARM_UP_DATE, join(dir, 'small.csv.gz'), before),
    adminUrl: engines.adminUrl,
    temporalAddress: engines.temporalAddress,
    postmaster: () => engines.pids().postgres,
    expected: expectedOf(refunds),
  };
  return { bench, billBytes: bill.bytes };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
