/**
 * What every test of an activity needs: a database of its own, a channel in memory, a clock that the test moves, and a
 * way to run an activity as Temporal does, attempt after attempt.
 */
import '../support/quiet-temporal.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import { AppError, invariant } from '../../domain/errors.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { FundingSource, Payment, Refund } from '../../domain/refund/refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import type { FileStore } from '../../store/file-store.ts';
import { observationsOf } from '../../store/observations.ts';
import { getRefundById } from '../../store/refunds.ts';
import { ACCOUNT, fresh, minute, openAccounts, pay, refundOf } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import type { ChannelOptions, ScriptedChannel } from './scripted-channel.ts';
import { scriptedChannel } from './scripted-channel.ts';

export interface TestClock extends Clock {
  /** Business time goes on. */
  pass(ms: number): void;
  set(at: Date): void;
  /** Business milliseconds per wall millisecond. */
  rate: number;
}

export interface Workbench {
  readonly db: TestDatabase;
  readonly clock: TestClock;
  readonly deps: ActivityDeps;
  /** Which refunds were told of which line. */
  readonly told: { refundNo: string; lineRef: string }[];
  channel: ScriptedChannel;
  /** Puts another channel behind the account. */
  useChannel(options?: Omit<ChannelOptions, 'now'>): ScriptedChannel;
  close(): Promise<void>;
}

export const POLL_FLOOR_MS = 40;

export async function workbench(): Promise<Workbench> {
  const db = await testDatabase();
  await openAccounts(db.pool);
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-activities-'));
  let names = 0;
  const files = directoryFileStore(folder, () => {
    names += 1;
    return `spool-${String(names)}`;
  });
  return benchOn(db, files, async () => {
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  });
}

/** Another clock and another channel on the same database, so that many stories can run side by side. */
export function besides(bench: Workbench): Workbench {
  return benchOn(bench.db, bench.deps.files, () => Promise.resolve());
}

function benchOn(db: TestDatabase, files: FileStore, close: () => Promise<void>): Workbench {
  const clock = testClock(minute(1));
  const told: { refundNo: string; lineRef: string }[] = [];
  const bench: Workbench = {
    db,
    clock,
    told,
    close,
    channel: scriptedChannel(ACCOUNT, { now: () => clock.now() }),
    useChannel: (options = {}) => {
      bench.channel = scriptedChannel(ACCOUNT, { ...options, now: () => clock.now() });
      return bench.channel;
    },
    deps: {
      pool: db.pool,
      ingest: db.ingest,
      clock,
      calendar: chinaCalendar,
      pollFloorMs: POLL_FLOOR_MS,
      releaseLimits: NO_LIMITS,
      splitting: { overBytes: null, rangeBytes: 1024 ** 2 },
      files,
      teller: {
        statementMatched: (refund, lineRef) => {
          told.push({ refundNo: refund.refundNo, lineRef });
          return Promise.resolve();
        },
      },
      courier: { deliver: () => Promise.reject(new AppError('webhooks_not_set_up')) },
      channels: {
        get: (accountId) => {
          if (accountId !== ACCOUNT) throw new AppError('account_unknown', { account_id: accountId });
          return bench.channel;
        },
        externalId: () => '1900000109',
      },
    },
  };
  return bench;
}

function testClock(start: Date): TestClock {
  let at = start;
  const clock: TestClock = {
    rate: 1,
    now: () => at,
    wallNow: () => at,
    toWallMs: (businessMs) => businessMs / clock.rate,
    pass: (ms) => {
      at = new Date(at.getTime() + ms);
    },
    set: (to) => {
      at = to;
    },
  };
  return clock;
}

/** A refund of a payment that both sides know alike; with `captured`, of a part of it. */
export async function aRefund(
  bench: Workbench,
  o: {
    readonly amountMinor?: bigint;
    readonly captured?: bigint;
    readonly fundingSource?: FundingSource;
  } = {},
): Promise<RefundRef> {
  const amountMinor = o.amountMinor ?? 2345n;
  const payment = await aPayment(bench, o.captured ?? amountMinor, o.fundingSource ?? 'wallet');
  return refOf(await refundOf(bench.db.pool, amountMinor, payment));
}

export async function aPayment(
  bench: Workbench,
  capturedMinor: bigint,
  fundingSource: FundingSource = 'wallet',
): Promise<Payment> {
  const payment = await pay(bench.db.pool, capturedMinor);
  bench.channel.takePayment({
    paymentNo: payment.paymentNo,
    transactionId: fresh('4200'),
    capturedMinor,
    currency: 'CNY',
    paidAt: payment.paidAt ?? minute(0),
    fundingSource,
  });
  return payment;
}

export function refOf(refund: Refund): RefundRef {
  return { refundId: refund.id, merchantId: refund.merchantId, refundNo: refund.refundNo };
}

export async function rowOf(bench: Workbench, ref: RefundRef): Promise<Refund> {
  const row = await getRefundById(bench.db.pool, ref.refundId);
  invariant(row !== null, 'the refund of a test has a row');
  return row;
}

export function evidenceOf(bench: Workbench, ref: RefundRef): Promise<Observation[]> {
  return observationsOf(bench.db.pool, ref.refundId);
}

export async function kindsOf(bench: Workbench, ref: RefundRef): Promise<string[]> {
  const evidence = await evidenceOf(bench, ref);
  return evidence.map((one) => one.kind);
}

/** How one attempt of an activity ended, as Temporal sees it. */
export type Ended<T> =
  | { readonly how: 'result'; readonly result: T }
  | {
      readonly how: 'failure';
      /** The code of the catalogue, or null for an error that the catalogue does not know. */
      readonly code: string | null;
      readonly message: string;
      /** When the activity asks to be tried again, wall milliseconds; null leaves it to the retry policy. */
      readonly againAfterMs: number | null;
      readonly forGood: boolean;
      /** Kept out of error logs: the end of this attempt was expected. */
      readonly benign: boolean;
      readonly heartbeats: readonly unknown[];
    };

/** Failed attempts are what these tests are about; each of them in the log would bury the report. */
const SILENT = new DefaultLogger('ERROR');

/** Runs one attempt of an activity in an activity context. */
export async function attemptOf<A extends unknown[], T>(
  activity: (...args: A) => Promise<T>,
  args: A,
  attempt = 1,
): Promise<Ended<T>> {
  const environment = new MockActivityEnvironment({ attempt }, { logger: SILENT });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  try {
    return { how: 'result', result: await environment.run(activity, ...args) };
  } catch (error) {
    return failureOf(error, heartbeats);
  }
}

function failureOf(
  error: unknown,
  heartbeats: readonly unknown[],
): Extract<Ended<never>, { how: 'failure' }> {
  const known = error instanceof ApplicationFailure ? error : null;
  return {
    how: 'failure',
    code: known?.type ?? null,
    message: error instanceof Error ? error.message : String(error),
    againAfterMs: typeof known?.nextRetryDelay === 'number' ? known.nextRetryDelay : null,
    forGood: known?.nonRetryable ?? false,
    benign: known?.category === 'BENIGN',
    heartbeats,
  };
}

/** More attempts than any story here needs: one that has not ended by then hangs. */
const ATTEMPTS_MAX = 60;
const RETRY_POLICY_MS = 1_000;

/**
 * Runs an activity as Temporal does: again after each retryable failure, when it asks to be run again, until it ends.
 * @throws Error when it fails for good, or never ends.
 */
export async function toTheEnd<A extends unknown[], T>(
  bench: Pick<Workbench, 'clock'>,
  activity: (...args: A) => Promise<T>,
  ...args: A
): Promise<{ readonly result: T; readonly attempts: number; readonly waitsMs: readonly number[] }> {
  const waitsMs: number[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const ended = await attemptOf(activity, args, attempt);
    if (ended.how === 'result') return { result: ended.result, attempts: attempt, waitsMs };
    if (ended.forGood) throw new Error(`failed for good: ${ended.code ?? ''} ${ended.message}`);
    const waitMs = (ended.againAfterMs ?? RETRY_POLICY_MS) * bench.clock.rate;
    waitsMs.push(waitMs);
    bench.clock.pass(waitMs);
  }
  throw new Error('the activity does not end');
}
