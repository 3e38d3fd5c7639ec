/**
 * F57, F75, F76: `kill -9` of the worker, of a backend of Postgres and of Postgres itself at random moments of the import of
 * one large bill, from its download to what is told of it. At no time is any of it there by halves, and in the end everything
 * is as after an import that nobody disturbed. The dice are printed; `YUANLU_CHAOS_SEED` repeats a run, and
 * `YUANLU_KILLED_LINES=1000000` makes the bill a large one.
 */
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities, StatementDay } from '../../activities/index.ts';
import type { Expected } from '../../bench/bill.ts';
import { ACCOUNT, BILL_DATE, expectedOf, hourAfter, makeUp, writeBill } from '../../bench/bill.ts';
import { copyOf, fillBooks } from '../../bench/books.ts';
import { describeBill } from '../../bench/reading.ts';
import { dice } from '../../cli/demo/dice.ts';
import { addDays, parsePlainDate } from '../../domain/time/plain-date.ts';
import type { MatchResult } from '../../store/match.ts';
import type { Engines } from '../../workers/engines/engines.ts';
import { startEngines } from '../../workers/engines/engines.ts';
import type { Wholeness } from './day-results.ts';
import { busyBackend, hashOf, resultsOf, wholenessOf } from './day-results.ts';
import type { DayWorkerPlan, Step, Verb } from './day-worker.ts';
import { DAY_WORKER, DayWorker } from './day-worker.ts';
import { until } from './shop.ts';

const LINES = Number(process.env['YUANLU_KILLED_LINES'] ?? 20_000);
/** How many kills each step gets: most where most is at stake. */
const KILLS: Readonly<Record<Step, number>> = {
  fetchStatement: 4,
  loadStatement: 7,
  matchStatement: 6,
  reportMatches: 3,
};
const KILLS_ALL = Object.values(KILLS).reduce((sum, kills) => sum + kills, 0);
const VICTIMS = ['worker', 'worker', 'backend', 'postgres'] as const;

/** Attempts of one step, those that find no server among them. */
const ATTEMPTS_MAX = 200;
const AGAIN_MS = 200;
/** How long a server may take to be back; the statements of a killed one may go on for a while and keep it from starting. */
const BACK_WITHIN_MS = 120_000;
/** A spool that nobody wrote to for so long is nobody's any more; see store/file-store.ts. */
const TWO_HOURS_MS = 2 * 3_600_000;
const TIMEOUT_MS = 300_000 + LINES * 4;

/** On the second day after the bill's: what it does not show is missing by now. */
const NOW = hourAfter(BILL_DATE, 2);
const DAY: StatementDay = { accountId: ACCOUNT, kind: 'trade', billDate: BILL_DATE, recheck: 0 };
const DAY_AFTER: StatementDay = { ...DAY, billDate: addDays(parsePlainDate(BILL_DATE), 1) };

const seed = Number(process.env['YUANLU_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const roll = dice(seed);

let dir: string;
let engines: Engines;
let bill: DayWorkerPlan['bill'];
let expected: Expected;
const workers: DayWorker[] = [];

beforeAll(async () => {
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  dir = await mkdtemp(join(root, 'killed-days-'));
  engines = await startEngines({
    // What a server said to have committed must be there after its kill: with all it does for that.
    ...{ dataDir: join(dir, 'engines'), keepData: false, throwAway: false, postgres: true, temporal: false },
    log: () => undefined,
  });
  const refunds = makeUp(LINES, seed, BILL_DATE);
  expected = expectedOf(refunds);
  const path = join(dir, 'bill.csv.gz');
  await writeBill(path, refunds);
  bill = { path, packedBytes: (await stat(path)).size, sha1: (await describeBill(path)).sha1 };
  await fillBooks(engines.adminUrl, refunds, 'killed_books');
}, TIMEOUT_MS);

afterAll(async () => {
  for (const worker of workers) worker.stop();
  await engines.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

/** Kills still to come, by the step whose attempts they are for, and what befell whom. */
class Strikes {
  readonly killed: string[] = [];
  /** How many of them came when their step was done. */
  late = 0;
  readonly #left: Record<string, number>;
  readonly #usualMs: Readonly<Record<string, number>>;
  #pending: Promise<void> = Promise.resolve();
  #isDone = false;

  constructor(kills: Readonly<Record<string, number>>, usualMs: Readonly<Record<string, number>>) {
    this.#left = { ...kills };
    this.#usualMs = usualMs;
  }

  /** All that are left, whatever they were for. */
  remaining(): number {
    return Object.values(this.#left).reduce((sum, left) => sum + left, 0);
  }

  /**
   * A kill at some moment of this attempt. Only the last one of a step may come soon after it: an attempt that ends first ends the
   * step, and all that were still to come for it would find it done.
   */
  aim(day: Day, verb: Verb, at: string = verb): void {
    const left = this.#left[at] ?? 0;
    if (left === 0) return;
    this.#left[at] = left - 1;
    const delayMs = roll.between(0, Math.ceil((this.#usualMs[verb] ?? 0) * (left > 1 ? 0.8 : 1.1)));
    const victim = roll.pick(VICTIMS);
    this.#pending = sleep(delayMs).then(async () => {
      // One that found nobody is still to come.
      if (!(await this.#strike(day, verb, victim))) this.#left[at] = (this.#left[at] ?? 0) + 1;
      else if (this.#isDone) this.late += 1;
    });
  }

  /** For a step that was through before all of its kills had come: they are still to come. */
  nextOf(): string | null {
    this.#isDone = true;
    return Object.entries(this.#left).find(([, left]) => left > 0)?.[0] ?? null;
  }

  settled(): Promise<void> {
    return this.#pending;
  }

  async #strike(day: Day, verb: Verb, victim: (typeof VICTIMS)[number]): Promise<boolean> {
    const [name, pid] = await victimOf(day, victim);
    if (pid === null) return false;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended a moment ago.
      return false;
    }
    this.killed.push(`${name} in ${verb}`);
    return true;
  }
}

/** Where no backend works for the worker just now, the worker itself. */
async function victimOf(
  day: Day,
  victim: (typeof VICTIMS)[number],
): Promise<readonly [string, number | null]> {
  if (victim === 'postgres') return [victim, engines.pids().postgres];
  const backend = victim === 'backend' ? await busyBackend(day.url, DAY_WORKER).catch(() => null) : null;
  return backend === null ? ['worker', day.worker.pid()] : ['backend', backend];
}

/** Books of their own, a file store and a worker on them. */
interface Day {
  readonly url: string;
  readonly filesDir: string;
  readonly worker: DayWorker;
  readonly strikes: Strikes;
  /** How long the last attempt of each step took. */
  readonly tookMs: Record<string, number>;
}

async function openDay(name: string, strikes: Strikes): Promise<Day> {
  const url = await copyOf(engines.adminUrl, 'killed_books', name);
  const filesDir = join(dir, `${name}-files`);
  const worker = new DayWorker({ databaseUrl: url, filesDir, bill, now: NOW.toISOString() });
  workers.push(worker);
  return { url, filesDir, worker, strikes, tookMs: {} };
}

/** A step until it is done, as Temporal does it: again when its worker died or its database was away. */
async function done<V extends Verb>(
  day: Day,
  verb: V,
  args: Parameters<Activities[V]>,
  at: string = verb,
): Promise<Awaited<ReturnType<Activities[V]>>> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    let beganAt = performance.now();
    const end = await day.worker.attempt(verb, args, () => {
      beganAt = performance.now();
      day.strikes.aim(day, verb, at);
    });
    // The first time: what is tried again after a kill takes another way.
    day.tookMs[verb] ??= performance.now() - beganAt;
    await day.strikes.settled();
    await nothingByHalves(day);
    if (end.how === 'result') return end.result;
    if (end.how === 'failure' && end.forGood) throw new Error(`${verb}: ${end.code ?? ''} ${end.message}`);
    await sleep(AGAIN_MS);
  }
  throw new Error(`${verb} does not end`);
}

/** Whatever died: a file is there with all of its lines and all of its matches, or not at all. */
async function nothingByHalves(day: Day): Promise<void> {
  const seen = await until<Wholeness | null>(
    'the server answers',
    async () => {
      const value = await wholenessOf(day.url).catch(() => null);
      return { done: value !== null, value };
    },
    BACK_WITHIN_MS,
  );
  if (seen === null) throw new Error('until gives what is there');
  const { lines, matched, breaks } = expected;
  const matches = matched + breaks.amount_differs + breaks.state_conflict;
  expect(seen.orphans).toEqual([]);
  for (const file of seen.files) {
    expect(file.lines).toBe(lines);
    expect([null, matches]).toContain(file.matches);
  }
}

/** The day as the workflow `statementDay` has it; the next one is known to be empty, so that what is missing is found. */
async function wholeDay(day: Day): Promise<MatchResult> {
  await done(day, 'recordEmptyDay', [DAY_AFTER]);
  const file = await done(day, 'fetchStatement', [DAY]);
  if (file.outcome !== 'fetched') throw new Error('there is a bill');
  const { fileId } = await done(day, 'loadStatement', [DAY, file]);
  const matched = await done(day, 'matchStatement', [fileId]);
  await done(day, 'reportMatches', [matched.decisive]);
  // Kills that came too late for their step come now: what is done is done again, and changes nothing.
  for (let at = day.strikes.nextOf(); at !== null; at = day.strikes.nextOf()) {
    await done(day, 'matchStatement', [fileId], at);
  }
  return done(day, 'matchStatement', [fileId]);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

const isSpool = (path: string): boolean => basename(path).startsWith('.spool-');

describe(`a bill of ${String(LINES)} refunds, with dice ${String(seed)}`, () => {
  test(
    `F57 F75 F76: after ${String(KILLS_ALL)} kills everything is as if there had been none, and never was any of it there by halves`,
    async () => {
      const quiet = await openDay('undisturbed', new Strikes({}, {}));
      const matched = await wholeDay(quiet);
      quiet.worker.stop();
      const undisturbed = await resultsOf(quiet.url);

      const strikes = new Strikes(KILLS, quiet.tookMs);
      const day = await openDay('killed', strikes);
      const matchedAtLast = await wholeDay(day);
      const results = await resultsOf(day.url);
      const { missing_at_channel: missing, ...breaks } = expected.breaks;
      process.stderr.write(
        `killed days, dice ${String(seed)}: ${strikes.killed.join(', ')}; ${String(strikes.late)} of them when all was done; results ${hashOf(results)}\n`,
      );

      expect(strikes.remaining()).toBe(0);
      expect(strikes.killed).toHaveLength(KILLS_ALL);
      // Most of them while the file was on its way: what strikes a finished day proves little.
      expect(strikes.late).toBeLessThan(KILLS_ALL / 2);
      expect(matched.breaks).toMatchObject(breaks);
      expect(missing).toBeGreaterThan(0);
      expect(withoutFile(matchedAtLast)).toEqual(withoutFile(matched));
      expect(results).toEqual(undisturbed);
      expect(hashOf(results)).toBe(hashOf(undisturbed));
      expect((await wholenessOf(day.url)).files).toHaveLength(1);
      await onlyWholeFiles(day);
    },
    TIMEOUT_MS,
  );
});

/** A file id that a rolled back import took is never given again. */
function withoutFile({ decisive, ...counts }: MatchResult): object {
  return { ...counts, news: decisive.refunds };
}

/** A worker that was killed while it downloaded leaves what it had; the next download of the day after a while takes it away. */
async function onlyWholeFiles(day: Day): Promise<void> {
  const kept = await filesIn(day.filesDir);
  expect(kept.filter((path) => !isSpool(path))).toHaveLength(1);
  const longAgo = new Date(Date.now() - TWO_HOURS_MS);
  for (const spool of kept.filter(isSpool)) await utimes(spool, longAgo, longAgo);
  await done(day, 'fetchStatement', [DAY]);
  expect(await filesIn(day.filesDir)).toHaveLength(1);
}
