/**
 * A worker of statements in a process of its own, which a test kills. It runs one activity after the other as it is told,
 * as Temporal would tell it: what was done and not answered for is told again to the next one.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ACCOUNT, MERCHANT_NO } from '../../bench/bill.ts';
import type { Activities } from '../../activities/index.ts';
import { createActivities } from '../../activities/index.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Channel, StatementTicket } from '../../channels/channel.ts';
import { openWechatStatement } from '../../channels/wechat/bill-reader.ts';
import { AppError } from '../../domain/errors.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import { createPool } from '../../store/pool.ts';
import { scriptedChannel } from '../activities/scripted-channel.ts';
import type { Ended } from '../activities/workbench.ts';
import { attemptOf } from '../activities/workbench.ts';

const SELF = fileURLToPath(import.meta.url);

/** What the connections of such a worker are called in `pg_stat_activity`. */
export const DAY_WORKER = 'test-day-worker';

/** What happens with a statement, in this order. */
export type Step = 'fetchStatement' | 'loadStatement' | 'matchStatement' | 'reportMatches';
export type Verb = Step | 'recordEmptyDay';

export interface DayWorkerPlan {
  readonly databaseUrl: string;
  readonly filesDir: string;
  /** The packed bill that the channel gives, its bytes, and the SHA-1 of what is in it. */
  readonly bill: { readonly path: string; readonly packedBytes: number; readonly sha1: string };
  /** When it is, all the time: an ISO instant. */
  readonly now: string;
}

interface Order {
  readonly verb: Verb;
  readonly args: readonly unknown[];
}

type Said = { readonly kind: 'began' } | { readonly kind: 'ended'; readonly ended: Ended<unknown> };

/** How an attempt ended: as Temporal sees it, or without a word, because its worker died. */
export type AttemptEnd<T> = Ended<T> | { readonly how: 'died' };

export class DayWorker {
  readonly #plan: DayWorkerPlan;
  #child: ChildProcess | null = null;

  constructor(plan: DayWorkerPlan) {
    this.#plan = plan;
  }

  pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Runs one attempt, in a new process where the last one has died. `began` is called when the worker has it in hand. */
  async attempt<V extends Verb>(
    verb: V,
    args: Parameters<Activities[V]>,
    began: () => void,
  ): Promise<AttemptEnd<Awaited<ReturnType<Activities[V]>>>> {
    const child = this.#child ?? this.#start();
    return new Promise((resolve) => {
      const done = (end: AttemptEnd<unknown>): void => {
        child.off('message', heard);
        child.off('exit', died);
        resolve(end as AttemptEnd<Awaited<ReturnType<Activities[V]>>>);
      };
      const heard = (said: Said): void => {
        if (said.kind === 'began') began();
        else done(said.ended);
      };
      const died = (): void => {
        done({ how: 'died' });
      };
      child.on('message', heard);
      child.once('exit', died);
      // Sending to one that has just died fails; its end is heard all the same.
      child.send({ verb, args } satisfies Order, () => undefined);
    });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const child = fork(SELF, [JSON.stringify(this.#plan)], { execArgv: ['--import', 'tsx'] });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    child.on('error', () => undefined);
    return child;
  }
}

/** In how many pieces a bill comes, and how long each takes: a channel is slower than a disk. */
const PIECES = 50;
const PIECE_MS = 20;

async function* download({ path, packedBytes }: DayWorkerPlan['bill']): AsyncGenerator<Buffer> {
  const highWaterMark = Math.ceil(packedBytes / PIECES);
  for await (const piece of createReadStream(path, { highWaterMark }) as AsyncIterable<Buffer>) {
    await sleep(PIECE_MS);
    yield piece;
  }
}

function channelOf({ bill, now }: DayWorkerPlan): Channel {
  const ticket: StatementTicket = {
    download: () => Promise.resolve(download(bill)),
    hash: { algorithm: 'sha1', hex: bill.sha1 },
  };
  return {
    ...scriptedChannel(ACCOUNT, { now: () => new Date(now) }),
    requestStatement: () => Promise.resolve({ outcome: 'ready', ticket }),
    openStatement: (_kind, packed) => openWechatStatement(packed),
  };
}

function depsOf(plan: DayWorkerPlan): ActivityDeps {
  const now = (): Date => new Date(plan.now);
  const channel = channelOf(plan);
  const url = plan.databaseUrl;
  return {
    pool: createPool({ url, role: 'yuanlu_app', max: 4, name: DAY_WORKER }),
    ingest: createPool({ url, role: 'yuanlu_ingest', max: 3, name: DAY_WORKER }),
    clock: { now, wallNow: now, toWallMs: (ms) => ms },
    calendar: chinaCalendar,
    pollFloorMs: 0,
    releaseLimits: NO_LIMITS,
    splitting: { overBytes: null, rangeBytes: 1024 ** 2 },
    files: directoryFileStore(plan.filesDir, randomUUID),
    teller: { statementMatched: () => Promise.resolve() },
    courier: { deliver: () => Promise.reject(new AppError('webhooks_not_set_up')) },
    channels: { get: () => channel, externalId: () => MERCHANT_NO },
  };
}

function work(plan: DayWorkerPlan): void {
  const activities = createActivities(depsOf(plan));
  const say = (said: Said): void => {
    process.send?.(said);
  };
  process.on('message', (order) => {
    const { verb, args } = order as Order;
    const activity = activities[verb] as (...all: unknown[]) => Promise<unknown>;
    say({ kind: 'began' });
    void attemptOf(activity, [...args]).then((ended) => {
      say({ kind: 'ended', ended });
    });
  });
  // Nobody is left to tell it anything.
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === SELF) work(JSON.parse(process.argv[2] ?? '') as DayWorkerPlan);
