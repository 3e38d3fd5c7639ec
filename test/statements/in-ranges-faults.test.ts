/** F57 F76 F77 I9: whatever dies while a statement is loaded in ranges, no range is there by halves, and none twice. */
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { createActivities } from '../../activities/index.ts';
import { ACCOUNT, BILL_DATE, expectedOf, makeUp, writeBill } from '../../bench/bill.ts';
import { copyOf, dropCopy, fillBooks } from '../../bench/books.ts';
import { WECHAT_RANGES } from '../../channels/wechat/bill-ranges.ts';
import { clearSplit } from '../../store/statement-splits.ts';
import { joinStatement } from '../../store/statements-join.ts';
import { loadRange } from '../../store/statements-range.ts';
import { splitStatement } from '../../store/statements-split.ts';
import { attemptOf } from '../activities/workbench.ts';
import { resultsOf, wholenessOf } from '../e2e/day-results.ts';
import { required } from '../support/required.ts';
import { loadUpTo, stalling } from './range-killed.ts';
import type { Cut, RangeWorld } from './range-world.ts';
import { DAY, cutUp, deliveryOf, done, fetched, loadAll, loadDay, rangeWorld } from './range-world.ts';
import { watchedPool } from './watched-pool.ts';

const ADMIN_URL = required('YUANLU_TEST_DATABASE_URL');
const BOOKS = `range_faults_${String(process.pid)}`;
const RANGE_BYTES = 30_000;
/** Books of their own for each statement that is made to fail. */
const SWEEP_MS = 240_000;

let folder: string;
let bill: string;
/** What one worker makes of the bill. */
let byOne: Readonly<Record<string, string>>;
let databases = 0;
let url: string;
let filesDir: string;
let world: RangeWorld;
let owner: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-range-faults-'));
  const refunds = makeUp(400, 11, BILL_DATE);
  const path = join(folder, 'bill.csv.gz');
  await writeBill(path, refunds);
  bill = gunzipSync(await readFile(path)).toString();
  await fillBooks(ADMIN_URL, refunds, BOOKS);
  await open(null);
  await loadDay(world);
  byOne = await resultsOf(url);
  await shut();
}, 60_000);

afterAll(async () => {
  await dropCopy(ADMIN_URL, BOOKS);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => open(RANGE_BYTES));
afterEach(() => shut());

async function open(rangeBytes: number | null): Promise<void> {
  databases += 1;
  url = await copyOf(ADMIN_URL, BOOKS, `${BOOKS}_${String(databases)}`);
  filesDir = join(folder, String(databases));
  world = rangeWorld(url, filesDir, rangeBytes);
  world.deliver(await deliveryOf(folder, bill));
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
}

async function shut(): Promise<void> {
  await world.close();
  await owner.end();
  await dropCopy(ADMIN_URL, `${BOOKS}_${String(databases)}`);
}

async function count(sql: string): Promise<number> {
  const { rows } = await owner.query<{ n: number }>(`select count(*)::int as n from ${sql}`);
  return rows[0]?.n ?? -1;
}

const linesOf = ({ fileId }: Pick<Cut, 'fileId'>): Promise<number> =>
  count(`yuanlu.statement_lines_f${fileId}`);

const loadedRanges = (): Promise<number> => count('yuanlu.statement_ranges where findings is not null');

async function finish(cut: Cut): Promise<void> {
  await loadAll(world, cut);
  await done(world.activities.joinStatement, DAY, cut.file, cut.fileId);
  await done(world.activities.clearSplit, cut.fileId);
}

async function nothingUnderWay(): Promise<void> {
  expect(await count('yuanlu.statement_splits')).toBe(0);
  expect(await count('yuanlu.statement_ranges')).toBe(0);
  expect((await wholenessOf(url)).orphans).toEqual([]);
  const kept = await readdir(filesDir, { recursive: true, withFileTypes: true });
  expect(kept.filter((one) => one.isFile() && one.parentPath.includes('/ranges-'))).toEqual([]);
}

/** Resolves with the store whose reading waits at half of a range until it is let go on. */
function halfway(): { files: ReturnType<typeof stalling>; reached: Promise<void>; goOn: () => void } {
  let reach = (): void => undefined;
  let goOn = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const going = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return {
    files: stalling(
      world.deps.files,
      50,
      () => {
        reach();
      },
      going,
    ),
    reached,
    goOn,
  };
}

const rangeOf = (cut: Cut, rangeNo: number) => ({
  ...{ fileId: cut.fileId, rangeNo, ranges: WECHAT_RANGES, now: new Date(0) },
});

/** How many connections that copy lines it ended. */
async function endCopies(): Promise<number | null> {
  const { rowCount } = await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'active' and query like 'copy yuanlu.statement_lines%'`,
  );
  return rowCount;
}

describe('a worker that is killed while it loads a range', () => {
  test.each([0, 50, 99])('F57 at %i % leaves no line of it, and the next one loads it', async (percent) => {
    const cut = await cutUp(world);
    await done(world.activities.loadRange, { accountId: ACCOUNT, fileId: cut.fileId, rangeNo: 1 });
    const before = await linesOf(cut);
    const child = await loadUpTo({ url, filesDir, fileId: cut.fileId, rangeNo: 2, percent });

    child.kill('SIGKILL');
    await once(child, 'exit');

    await expect
      .poll(() =>
        count(`pg_stat_activity where datname = current_database() and application_name = 'test-killed'`),
      )
      .toBe(0);
    expect(await linesOf(cut)).toBe(before);
    expect(await loadedRanges()).toBe(1);
    await finish(cut);
    expect(await resultsOf(url)).toEqual(byOne);
    await nothingUnderWay();
  });

  test('F76 by its connection leaves no line of it, and says that the database is away', async () => {
    const cut = await cutUp(world);
    const { files, reached, goOn } = halfway();
    const loading = loadRange(world.deps.ingest, files, rangeOf(cut, 2));
    await Promise.race([reached, loading]);

    // The lines may be on their way before the server has seen the command.
    await expect.poll(endCopies).toBe(1);
    goOn();

    await expect(loading).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(await linesOf(cut)).toBe(0);
    await finish(cut);
    expect(await resultsOf(url)).toEqual(byOne);
  });
});

test('a range says how far it is while it is loaded, by the line numbers of the file', async () => {
  const cut = await cutUp(world);
  const { files, reached, goOn } = halfway();
  const told: { readonly bytes: number; readonly lines: number }[] = [];
  const loading = loadRange(world.deps.ingest, files, {
    ...rangeOf(cut, 2),
    onProgress: (progress) => told.push(progress),
  });
  await reached;

  await expect.poll(() => told.at(-1)?.bytes ?? 0, { timeout: 10_000 }).toBeGreaterThan(10_000);
  goOn();
  const { lines } = await loading;

  const { rows } = await owner.query<{ before: number }>(
    'select lines_before as before from yuanlu.statement_ranges where range_no = 2',
  );
  const last = told.at(-1)?.lines ?? 0;
  expect(last).toBeGreaterThan(rows[0]?.before ?? Number.POSITIVE_INFINITY);
  expect(last).toBeLessThanOrEqual((rows[0]?.before ?? 0) + lines);
});

describe('a range that is loaded twice', () => {
  test('F77 one after the other, because the answer of the first was lost, is left as it is', async () => {
    const cut = await cutUp(world);
    const first = await loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 2));
    const before = await linesOf(cut);

    const second = await loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 2));

    expect([first.outcome, second.outcome]).toEqual(['loaded', 'same']);
    expect(second.lines).toBe(first.lines);
    expect(await linesOf(cut)).toBe(before);
  });

  test('F87 at once, because the first worker was taken for dead, is there once: who commits first wins', async () => {
    const cut = await cutUp(world);
    const slow = halfway();
    const dead = loadRange(world.deps.ingest, slow.files, rangeOf(cut, 2));
    await slow.reached;

    const second = await loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 2));
    const after = await linesOf(cut);
    slow.goOn();

    expect(second.outcome).toBe('loaded');
    expect(await dead).toEqual({ outcome: 'same', lines: second.lines });
    expect(await linesOf(cut)).toBe(after);
    await finish(cut);
    expect(await resultsOf(url)).toEqual(byOne);
  });

  test('by several that all have half of it in the table is there once', async () => {
    const cut = await cutUp(world);
    const slow = [halfway(), halfway(), halfway(), halfway()];
    const loading = slow.map(({ files }) => loadRange(world.deps.ingest, files, rangeOf(cut, 1)));
    await Promise.all(slow.map(({ reached }) => reached));

    for (const { goOn } of slow) goOn();
    const ends = await Promise.all(loading);

    expect(ends.filter((one) => one.outcome === 'loaded')).toHaveLength(1);
    expect(await linesOf(cut)).toBe(ends[0]?.lines);
  });
});

describe('a file in ranges that is called off', () => {
  test('while a range is loaded leaves nothing', async () => {
    const cut = await cutUp(world);
    await loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 1));
    const stop = new AbortController();
    const { files, reached } = halfway();
    const loading = loadRange(world.deps.ingest, files, { ...rangeOf(cut, 2), signal: stop.signal });
    await reached;

    stop.abort(new Error('called off'));

    await expect(loading).rejects.toThrow('called off');
    await clearSplit(world.deps.ingest, world.deps.files, cut.fileId);
    await clearSplit(world.deps.ingest, world.deps.files, cut.fileId);
    await nothingUnderWay();
    expect(await count('yuanlu.statement_files')).toBe(0);
  });

  test('while it is cut leaves nothing', async () => {
    const file = await fetched(world);
    const { files, reached } = halfway();
    const stop = new AbortController();
    const splitting = splitStatement(world.deps.ingest, files, {
      ...{ owner: 'w', run: 'r', accountId: ACCOUNT, kind: 'trade', billDate: BILL_DATE, uri: file.uri },
      ...{ expectHash: null, expectMerchantNo: null, now: new Date(0), rangeBytes: RANGE_BYTES },
      ...{ ranges: WECHAT_RANGES, signal: stop.signal },
    });
    await reached;

    stop.abort(new Error('called off'));

    await expect(splitting).rejects.toThrow('called off');
    await nothingUnderWay();
  });

  test('and whose last range comes too late writes nothing any more', async () => {
    const cut = await cutUp(world);
    await clearSplit(world.deps.ingest, world.deps.files, cut.fileId);

    await expect(loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 1))).rejects.toMatchObject({
      code: 'invariant_broken',
    });
    await nothingUnderWay();
  });
});

describe('what was joined', () => {
  test('F77 is found by whoever joins again, because the answer of the first was lost', async () => {
    const cut = await cutUp(world);
    await loadAll(world, cut);
    const first = await done(world.activities.joinStatement, DAY, cut.file, cut.fileId);

    expect(await done(world.activities.joinStatement, DAY, cut.file, cut.fileId)).toEqual(first);
    await done(world.activities.clearSplit, cut.fileId);
    expect(await done(world.activities.joinStatement, DAY, cut.file, cut.fileId)).toEqual(first);
    expect(await resultsOf(url)).toEqual(byOne);
  });

  test('at once by two is joined once', async () => {
    const cut = await cutUp(world);
    await loadAll(world, cut);

    const ends = await Promise.all(
      [1, 2].map(() => done(world.activities.joinStatement, DAY, cut.file, cut.fileId)),
    );

    expect(ends[0]).toEqual(ends[1]);
    expect(await resultsOf(url)).toEqual(byOne);
  });

  test('is never taken away with what is cleared', async () => {
    const cut = await cutUp(world);
    await finish(cut);

    await clearSplit(world.deps.ingest, world.deps.files, cut.fileId);
    await world.deps.ingest.query('select yuanlu.drop_line_table($1)', [cut.fileId]);

    expect(await resultsOf(url)).toEqual(byOne);
  });

  test('is not joined with a range missing', async () => {
    const cut = await cutUp(world);
    await loadAll(world, { ...cut, ranges: cut.ranges - 1 });

    const joining = joinStatement(world.deps.ingest, {
      ...{ fileId: cut.fileId, ranges: WECHAT_RANGES, expectHash: null, expectMerchantNo: null },
      now: new Date(0),
    });

    await expect(joining).rejects.toMatchObject({ code: 'invariant_broken' });
    expect(await count('yuanlu.statement_files')).toBe(0);
  });
});

describe('a split that was begun before', () => {
  test('F77 by the same run is found as it is, its ranges too', async () => {
    const cut = await cutUp(world);
    await loadRange(world.deps.ingest, world.deps.files, rangeOf(cut, 1));

    expect(await done(world.activities.splitStatement, DAY, cut.file)).toEqual({
      ...{ outcome: 'cut', fileId: cut.fileId, ranges: cut.ranges },
    });
    expect(await loadedRanges()).toBe(1);
  });

  test('by another run of the workflow, or by a worker that died in it, is cleared away first', async () => {
    const left = await cutUp(world);
    await loadRange(world.deps.ingest, world.deps.files, rangeOf(left, 1));
    await owner.query(`update yuanlu.statement_splits set run = 'another'`);

    const cut = await cutUp(world);

    expect(cut.fileId).not.toBe(left.fileId);
    expect(await count(`pg_class where relname = 'statement_lines_f${left.fileId}'`)).toBe(0);
    await finish(cut);
    await nothingUnderWay();
    expect(await resultsOf(url)).toEqual(byOne);
  });
});

test('F46 a restated file that is loaded while ranges of the older one are: who joins last is live, and nothing is mixed', async () => {
  const older = await cutUp(world);
  await loadRange(world.deps.ingest, world.deps.files, rangeOf(older, 1));
  const restating = rangeWorld(url, filesDir, null);
  restating.deliver(await deliveryOf(folder, bill.replace(/ICBC_DEBIT/g, 'CMB_CREDIT')));

  await loadDay(restating);
  await finish(older);
  await restating.close();

  const { rows } = await owner.query<{ status: string; revision: number; lines: number; found: number }>(
    `select f.status, f.revision, f.lines,
            (select count(*) from yuanlu.statement_lines l where l.file_id = f.id)::int as found
       from yuanlu.statement_files f order by f.revision`,
  );
  expect(rows.map(({ status, revision }) => [status, revision])).toEqual([
    ['superseded', 1],
    ['loaded', 2],
  ]);
  for (const { lines, found } of rows) expect(found).toBe(lines);
  await nothingUnderWay();
});

describe('a statement of the database that fails', () => {
  /** Each step again until it is done, as Temporal does it. */
  async function toTheEnd(activities: Activities): Promise<void> {
    const step = async <A extends unknown[], T>(
      activity: (...args: A) => Promise<T>,
      ...args: A
    ): Promise<T> => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const ended = await attemptOf(activity, args);
        for (const file of (await wholenessOf(url)).files) expect(file.lines).toBe(lines);
        if (ended.how === 'result') return ended.result;
        expect(ended.forGood).toBe(false);
      }
      throw new Error('one fault is one attempt');
    };
    const file = await fetched(world);
    const split = await step(activities.splitStatement, DAY, file);
    if (split.outcome !== 'cut') throw new Error('there is enough of it to be cut');
    const { fileId } = split;
    for (let rangeNo = 1; rangeNo <= split.ranges; rangeNo += 1)
      await step(activities.loadRange, { accountId: ACCOUNT, fileId, rangeNo });
    await step(activities.joinStatement, DAY, file, fileId);
    await step(activities.clearSplit, fileId);
  }

  const lines = expectedOf(makeUp(400, 11, BILL_DATE)).lines;

  test(
    'F75 F77 wherever it is, costs one attempt of one step: no line is there too few or twice',
    async () => {
      let at = 0;
      for (let isThrough = false; !isThrough; at += 1) {
        await shut();
        await open(50_000);
        const { pool, sent, failAt } = watchedPool(url, 'yuanlu_ingest');
        failAt(at);

        await toTheEnd(createActivities({ ...world.deps, ingest: pool }));

        isThrough = sent().length <= at;
        await pool.end();
        expect(await resultsOf(url)).toEqual(byOne);
        await nothingUnderWay();
      }
      // Every statement of all steps was made to fail once.
      expect(at).toBeGreaterThan(35);
    },
    SWEEP_MS,
  );
});
