/** A statement in ranges on a real Temporal server, with two worker processes that share its ranges. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNT, BILL_DATE, makeUp, writeBill } from '../../bench/bill.ts';
import { copyOf, dropCopy, fillBooks } from '../../bench/books.ts';
import { rangeWorkflowId, statementWorkflowId } from '../../domain/ids.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { hashOf, resultsOf, wholenessOf } from '../e2e/day-results.ts';
import { required } from '../support/required.ts';
import type { Server } from '../workflow/temporal.ts';
import { connectServer, openNamespace } from '../workflow/temporal.ts';
import type { RangeWorker } from './range-worker.ts';
import { startRangeWorker } from './range-worker.ts';
import type { Delivery } from './range-world.ts';
import { DAY, deliveryOf, loadDay, matchDay, rangeWorld } from './range-world.ts';

const ADMIN_URL = required('YUANLU_TEST_DATABASE_URL');
const BOOKS = `range_workers_${String(process.pid)}`;
const RANGE_BYTES = 20_000;
/** A worker that is killed is noticed a minute later, by its heartbeats. */
const NOTICED_MS = 150_000;

let folder: string;
let delivery: Delivery;
let server: Server;
let byOne: Readonly<Record<string, string>>;
let databases = 0;
let workers: RangeWorker[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-range-workers-'));
  const refunds = makeUp(400, 13, BILL_DATE);
  const path = join(folder, 'bill.csv.gz');
  await writeBill(path, refunds);
  delivery = await deliveryOf(folder, gunzipSync(await readFile(path)).toString());
  await fillBooks(ADMIN_URL, refunds, BOOKS);
  server = await connectServer();
  byOne = await loadedByOne();
}, 60_000);

afterEach(() => {
  for (const worker of workers) worker.process.kill('SIGKILL');
  workers = [];
});

afterAll(async () => {
  await server.close();
  for (let n = 1; n <= databases; n += 1) await dropCopy(ADMIN_URL, `${BOOKS}_${String(n)}`);
  await dropCopy(ADMIN_URL, BOOKS);
  await rm(folder, { recursive: true, force: true });
});

async function books(): Promise<{ readonly url: string; readonly filesDir: string }> {
  databases += 1;
  const name = `${BOOKS}_${String(databases)}`;
  return { url: await copyOf(ADMIN_URL, BOOKS, name), filesDir: join(folder, name) };
}

async function loadedByOne(): Promise<Readonly<Record<string, string>>> {
  const { url, filesDir } = await books();
  const world = rangeWorld(url, filesDir, null);
  world.deliver(delivery);
  const loaded = await loadDay(world);
  if (loaded.how !== 'result') throw new Error(loaded.message);
  await matchDay(world, loaded.result.fileId);
  await world.close();
  return resultsOf(url);
}

interface Day {
  readonly url: string;
  readonly client: Client;
  readonly result: ReturnType<typeof statementDay>;
}

/** The day on its way, with both workers up. */
async function startDay(): Promise<Day> {
  const { url, filesDir } = await books();
  const client = await openNamespace(server, 'range-workers');
  const { namespace } = client.options;
  workers = await Promise.all(
    ['first', 'second'].map((identity) =>
      startRangeWorker({ identity, namespace, url, filesDir, delivery, rangeBytes: RANGE_BYTES }),
    ),
  );
  const handle = await client.workflow.start<typeof statementDay>('statementDay', {
    taskQueue: REFUND_QUEUE,
    workflowId: statementWorkflowId(ACCOUNT, 'trade', BILL_DATE),
    args: [DAY],
  });
  return { url, client, result: handle.result() };
}

/** Who has loaded each range, by the history of its workflow. */
async function loadersOf({ client }: Day, fileId: string): Promise<readonly string[]> {
  const loaders: string[] = [];
  const statement = statementWorkflowId(ACCOUNT, 'trade', BILL_DATE);
  for (let rangeNo = 1; ; rangeNo += 1) {
    const handle = client.workflow.getHandle(rangeWorkflowId(statement, fileId, rangeNo));
    const history = await handle.fetchHistory().catch(() => null);
    if (history === null) return loaders;
    const started = (history.events ?? []).flatMap(
      (event) => event.activityTaskStartedEventAttributes?.identity ?? [],
    );
    loaders.push(started.at(-1) ?? 'nobody');
  }
}

describe('two worker processes', () => {
  test('share the ranges of a statement, and it is to the byte as one worker has it', async () => {
    const day = await startDay();
    // Each has a range in hand while the other has one: neither can have done it alone.
    await Promise.all(workers.map((worker) => worker.holding));
    for (const worker of workers) worker.goOn();

    const loaded = await day.result;

    if (loaded.outcome !== 'loaded') throw new Error('it is new');
    const loaders = await loadersOf(day, loaded.fileId);
    expect(loaders.length).toBeGreaterThan(4);
    expect(new Set(loaders)).toEqual(new Set(['first', 'second']));
    const results = await resultsOf(day.url);
    expect(results).toEqual(byOne);
    expect(hashOf(results)).toBe(hashOf(byOne));
    expect((await wholenessOf(day.url)).orphans).toEqual([]);
  });

  test(
    'F57 F75 of which one is killed with a range in hand: the other loads that range too, and nothing is there twice',
    async () => {
      const day = await startDay();
      const [killed, other] = workers;
      await Promise.all(workers.map((worker) => worker.holding));

      killed?.process.kill('SIGKILL');
      other?.goOn();
      const loaded = await day.result;

      if (loaded.outcome !== 'loaded') throw new Error('it is new');
      expect(new Set(await loadersOf(day, loaded.fileId))).toEqual(new Set(['second']));
      expect(await resultsOf(day.url)).toEqual(byOne);
      expect((await wholenessOf(day.url)).orphans).toEqual([]);
    },
    NOTICED_MS,
  );
});
