/**
 * One measurement in a process of its own, so that its memory and its warm-up are its own. The parent hands over what to do
 * as JSON in the arguments and reads one JSON document from stdout.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { acceptRefunds } from './accepting.ts';
import type { Accepted, Asking } from './asking.ts';
import { askOften } from './asking.ts';
import { bareWay } from './bare.ts';
import type { DayFileName } from './day-reading.ts';
import { importDay, readDay } from './day-reading.ts';
import type { Looked, Looking } from './looking.ts';
import { onOneCore } from './one-core.ts';
import { lookOften } from './looking.ts';
import { matchInLargeBook } from './large-book.ts';
import { duckWholeWay, fillDuck } from './duck.ts';
import type { Bill } from './matching.ts';
import { ingestPool, rowByRow, wholeWay } from './matching.ts';
import { READERS } from './reading.ts';
import { lookAtReceipts } from './receipts.ts';
import { replayRefunds } from './replaying.ts';
import { sweepByScan, sweepOurs } from './sweeping.ts';

export type Task =
  | { readonly kind: 'whole_way'; readonly url: string; readonly bill: Bill; readonly warmUp: Bill }
  | { readonly kind: 'same_again'; readonly url: string; readonly bill: Bill; readonly warmUp: Bill }
  | {
      readonly kind: 'book';
      readonly url: string;
      readonly bills: readonly Bill[];
      readonly warmUp: Bill;
    }
  | { readonly kind: 'bare'; readonly url: string; readonly bill: Bill; readonly warmUp: Bill }
  | { readonly kind: 'duck'; readonly file: string; readonly booksCsv: string; readonly bill: string }
  | { readonly kind: 'match_rows'; readonly url: string; readonly sample: number }
  | {
      readonly kind: 'read';
      readonly how: keyof typeof READERS;
      readonly bill: string;
    }
  | {
      readonly kind: 'day';
      readonly name: DayFileName;
      readonly path: string;
      /** Of the books that it goes into; null to read it only. */
      readonly url: string | null;
    }
  | { readonly kind: 'replay'; readonly count: number }
  | { readonly kind: 'sweep'; readonly how: 'ours' | 'scan'; readonly url: string }
  | {
      readonly kind: 'accept';
      readonly url: string;
      readonly temporal: string | null;
      readonly requests: number;
    }
  | ({ readonly kind: 'ask' } & Asking)
  | { readonly kind: 'receipts'; readonly url: string; readonly requests: number }
  | ({ readonly kind: 'look' } & Looking);

export interface Done {
  /** What the task gives back, as JSON. */
  readonly result: Record<string, unknown>;
  readonly ms: number;
  readonly peakRssMb: number;
}

/** Runs a task in a fresh process. */
export async function inProcess(task: Task): Promise<Done> {
  const run = fileURLToPath(new URL('./run.ts', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', run, '--task', JSON.stringify(task)];
  const [command = '', ...options] = task.kind === 'replay' ? onOneCore(node) : node;
  const child = spawn(command, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the measurement ${task.kind} failed`);
  return JSON.parse(stdout) as Done;
}

/** The child's side. */
export async function runTask(text: string): Promise<void> {
  const task = JSON.parse(text) as Task;
  const { result, ms } = await work(task);
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ result, ms, peakRssMb } satisfies Done));
}

async function work(task: Task): Promise<Pick<Done, 'result' | 'ms'>> {
  switch (task.kind) {
    case 'whole_way':
    case 'same_again':
      return wholeWayTask(task);
    case 'book':
      return { result: { ...(await matchInLargeBook(task.url, task.bills, task.warmUp)) }, ms: 0 };
    case 'duck': {
      await fillDuck(task.file, task.booksCsv);
      return timed(async () => ({ ...(await duckWholeWay(task.file, task.bill)) }));
    }
    case 'bare': {
      await bareWay(task.url, task.warmUp);
      const { ms, ...result } = await bareWay(task.url, task.bill);
      return { result, ms };
    }
    case 'match_rows': {
      const pool = createPool({ url: task.url, role: null, max: 1, name: 'bench-rows' });
      const perSecond = await rowByRow(pool, task.sample);
      await pool.end();
      return { result: { perSecond }, ms: 0 };
    }
    case 'read': {
      const read = READERS[task.how];
      // Readers are compared as they are in a process that has been up for a while, not in its first second.
      await read(task.bill);
      return timed(async () => ({ read: await read(task.bill) }));
    }
    case 'day': {
      const { name, path, url } = task;
      return timed(async () => ({
        lines: url === null ? await readDay(name, path) : await importDay(name, path, url),
      }));
    }
    case 'sweep':
      return { result: await (task.how === 'ours' ? sweepOurs : sweepByScan)(task.url), ms: 0 };
    case 'replay':
      return { result: { ...(await replayRefunds(task.count)) }, ms: 0 };
    case 'accept':
      return {
        result: {
          ...(await acceptRefunds({
            databaseUrl: task.url,
            temporalAddress: task.temporal,
            requests: task.requests,
            ask: async (at) => (await inProcess({ kind: 'ask', ...at })).result as unknown as Accepted,
          })),
        },
        ms: 0,
      };
    case 'receipts': {
      const { url: databaseUrl, requests } = task;
      const look = async (at: Looking): Promise<Looked> =>
        (await inProcess({ kind: 'look', ...at })).result as unknown as Looked;
      return { result: { ...(await lookAtReceipts({ databaseUrl, requests, look })) }, ms: 0 };
    }
    case 'ask':
      return { result: { ...(await askOften(task)) }, ms: 0 };
    case 'look':
      return { result: { ...(await lookOften(task)) }, ms: 0 };
  }
}

async function wholeWayTask(
  task: Extract<Task, { kind: 'whole_way' | 'same_again' }>,
): Promise<Pick<Done, 'result' | 'ms'>> {
  const pool = ingestPool(task.url);
  // A worker that has been up for a minute has compiled what it runs, and so have its connections.
  await wholeWay(pool, task.warmUp);
  const before = await logPosition(pool);
  const done = await timed(async () => ({ ...(await wholeWay(pool, task.bill)) }));
  const logBytes = (await logPosition(pool)) - before;
  const diskBytes = await sizeOfStatements(pool);
  await pool.end();
  return { ...done, result: { ...done.result, logBytes, diskBytes } };
}

/** What lines and matches take on the disk, with their indexes, bytes. */
async function sizeOfStatements(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>(
    `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
      where relkind = 'r' and relname ~ '^(statement_lines|matches)_f[0-9]+$'`,
  );
  return rows[0]?.bytes ?? Number.NaN;
}

/** How far the server's log was written, bytes. */
async function logPosition(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ at: number }>(
    `select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 as at`,
  );
  return rows[0]?.at ?? Number.NaN;
}

async function timed(act: () => Promise<Record<string, unknown>>): Promise<Pick<Done, 'result' | 'ms'>> {
  const began = performance.now();
  const result = await act();
  return { result, ms: performance.now() - began };
}
