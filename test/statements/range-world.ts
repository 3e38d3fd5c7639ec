/** A day's bill of WeChat Pay and books for it, loaded by one worker or in ranges: the steps as the workflow has them. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Activities, FetchedStatement, LoadedStatement, StatementDay } from '../../activities/index.ts';
import { createActivities } from '../../activities/index.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { ACCOUNT, BILL_DATE, MERCHANT_NO, hourAfter } from '../../bench/bill.ts';
import type { Channel } from '../../channels/channel.ts';
import { WECHAT_RANGES } from '../../channels/wechat/bill-ranges.ts';
import { openWechatStatement } from '../../channels/wechat/bill-reader.ts';
import { AppError } from '../../domain/errors.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import { createPool } from '../../store/pool.ts';
import { scriptedChannel } from '../activities/scripted-channel.ts';
import type { Ended } from '../activities/workbench.ts';
import { attemptOf } from '../activities/workbench.ts';

export const DAY: StatementDay = { accountId: ACCOUNT, kind: 'trade', billDate: BILL_DATE, recheck: 0 };
const NOW = hourAfter(BILL_DATE, 2);

/** A packed bill on disk, as a channel would give it. */
export interface Delivery {
  readonly path: string;
  readonly sha1: string | null;
}

export async function deliveryOf(
  folder: string,
  text: string,
  o: { sha1?: string | null } = {},
): Promise<Delivery> {
  const path = join(folder, `${randomUUID()}.csv.gz`);
  await writeFile(path, gzipSync(text));
  const sha1 = createHash('sha1').update(text).digest('hex');
  return { path, sha1: o.sha1 === undefined ? sha1 : o.sha1 };
}

export interface RangeWorld {
  readonly deps: ActivityDeps;
  readonly activities: Activities;
  /** The delivery that the channel gives from now on. */
  deliver(delivery: Delivery): void;
  close(): Promise<void>;
}

/** @param rangeBytes null: one worker loads every statement */
export function rangeWorld(url: string, filesDir: string, rangeBytes: number | null): RangeWorld {
  let given: Delivery | null = null;
  const channel: Channel = {
    ...scriptedChannel(ACCOUNT, { now: () => NOW }),
    requestStatement: () => {
      if (given === null) return Promise.resolve({ outcome: 'empty' });
      const { path, sha1 } = given;
      const download = (): Promise<AsyncIterable<Buffer>> => Promise.resolve(createReadStream(path));
      const hash = sha1 === null ? null : ({ algorithm: 'sha1', hex: sha1 } as const);
      return Promise.resolve({ outcome: 'ready', ticket: { download, hash } });
    },
    openStatement: (_kind, packed) => openWechatStatement(packed),
    statementRanges: WECHAT_RANGES,
  };
  const pool = createPool({ url, role: 'yuanlu_app', max: 4, name: 'test-ranges' });
  const ingest = createPool({ url, role: 'yuanlu_ingest', max: 6, name: 'test-ranges' });
  const deps: ActivityDeps = {
    ...{ pool, ingest, calendar: chinaCalendar, pollFloorMs: 0, releaseLimits: NO_LIMITS },
    clock: { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms },
    splitting: { overBytes: rangeBytes === null ? null : 0, rangeBytes: rangeBytes ?? 1 },
    files: directoryFileStore(filesDir, randomUUID),
    teller: { statementMatched: () => Promise.resolve() },
    courier: { deliver: () => Promise.reject(new AppError('webhooks_not_set_up')) },
    channels: { get: () => channel, externalId: () => MERCHANT_NO },
  };
  return {
    deps,
    activities: createActivities(deps),
    deliver: (delivery) => {
      given = delivery;
    },
    close: async () => {
      await Promise.all([pool.end(), ingest.end()]);
    },
  };
}

/** One attempt that has to go well. */
export async function done<A extends unknown[], T>(
  activity: (...args: A) => Promise<T>,
  ...args: A
): Promise<T> {
  const ended = await attemptOf(activity, args);
  if (ended.how === 'result') return ended.result;
  throw new Error(`${ended.code ?? ''} ${ended.message}`);
}

export async function fetched(world: RangeWorld, day = DAY): Promise<FetchedStatement> {
  const file = await done(world.activities.fetchStatement, day, 0);
  if (file.outcome === 'empty') throw new Error('there is a bill');
  return file;
}

export interface Cut {
  readonly file: FetchedStatement;
  readonly fileId: string;
  readonly ranges: number;
}

/** Fetches the bill and cuts it into ranges. */
export async function cutUp(world: RangeWorld, day = DAY): Promise<Cut> {
  const file = await fetched(world, day);
  const split = await done(world.activities.splitStatement, day, file);
  if (split.outcome !== 'cut') throw new Error('there is enough of it to be cut');
  return { file, fileId: split.fileId, ranges: split.ranges };
}

/** The last range first, so that none is where its place in the file would have it. */
export async function loadAll(world: RangeWorld, { fileId, ranges }: Cut): Promise<void> {
  for (let rangeNo = ranges; rangeNo > 0; rangeNo -= 1)
    await done(world.activities.loadRange, { accountId: ACCOUNT, fileId, rangeNo });
}

/** The day as the workflow has it, up to its end or to its first failure. */
export async function loadDay(world: RangeWorld, day = DAY): Promise<Ended<LoadedStatement>> {
  const { activities } = world;
  const file = await fetched(world, day);
  if (file.inRanges !== true) return attemptOf(activities.loadStatement, [day, file]);
  const split = await attemptOf(activities.splitStatement, [day, file]);
  if (split.how === 'failure') return split;
  if (split.result.outcome === 'whole') return attemptOf(activities.loadStatement, [day, file]);
  const { fileId, ranges } = split.result;
  await loadAll(world, { file, fileId, ranges });
  const joined = await attemptOf(activities.joinStatement, [day, file, fileId]);
  await done(activities.clearSplit, fileId);
  return joined;
}

export async function matchDay(world: RangeWorld, fileId: string): Promise<void> {
  const matched = await done(world.activities.matchStatement, fileId);
  await done(world.activities.reportMatches, matched.decisive);
}
