/** Schedulers as several processes have them: contexts of their own over one database and one Temporal namespace. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { pino } from 'pino';
import type { Refund, RefundRequest } from '../../domain/refund/refund.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { readConfig } from '../../workers/config.ts';
import type { Context } from '../../workers/context.ts';
import { openContext } from '../../workers/context.ts';
import { required } from '../support/required.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import type { Server } from '../workflow/temporal.ts';
import { connectServer, openNamespace } from '../workflow/temporal.ts';
import type { AccountFolder } from './account-files.ts';
import { accountFolder, merchantEntry, wechatEntry } from './account-files.ts';

export const MERCHANT = 'shop';
export const ACCOUNTS = ['wx-a', 'wx-b'] as const;

export interface Replica extends Context {
  /** Lines of its log. */
  readonly logged: Record<string, unknown>[];
}

export interface World {
  readonly client: Client;
  readonly database: TestDatabase;
  /** Business time of every replica, set by hand. */
  readonly time: { now: Date };
  /** A process of its own; Temporal at another address where one is given. */
  replica(o?: { readonly temporalAddress?: string; readonly schedule?: string }): Promise<Replica>;
  /** A refund as the API leaves it when Temporal could not be told. */
  orphan(refundNo: string, o?: { readonly ageMs?: number }): Promise<Refund>;
  close(): Promise<void>;
}

export async function openWorld(now: string): Promise<World> {
  const database = await testDatabase();
  await syncAccounts(
    database.pool,
    ACCOUNTS.map((id) => ({ id, merchantId: MERCHANT, channel: 'wechat', externalId: mchidOf(id) })),
    new Date('2026-01-01T00:00:00Z'),
  );
  const server = await connectServer();
  const client = await openNamespace(server, 'scheduler');
  const folder = accountFolder();
  const time = { now: new Date(now) };
  const opened: Context[] = [];
  const world: World = {
    ...{ client, database, time },
    replica: async (o = {}) => {
      const context = await openReplica({ ...{ database, client, folder, time }, ...o });
      opened.push(context);
      return context;
    },
    orphan: (refundNo, o = {}) => recordOrphan(database, refundNo, time.now.getTime() - (o.ageMs ?? 60_000)),
    close: async () => {
      await endWorkflows(client);
      await Promise.all(opened.map((one) => one.close()));
      await closeAll(server, database, folder);
    },
  };
  return world;
}

function mchidOf(id: (typeof ACCOUNTS)[number]): string {
  return `190000010${String(ACCOUNTS.indexOf(id))}`;
}

interface ReplicaPlan {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly folder: AccountFolder;
  readonly time: { now: Date };
  readonly temporalAddress?: string;
  readonly schedule?: string;
}

async function openReplica(o: ReplicaPlan): Promise<Replica> {
  const accounts = ACCOUNTS.map((id) => wechatEntry(id, { mchid: mchidOf(id) }));
  const config = readConfig({
    YUANLU_ENV: 'development',
    YUANLU_DATABASE_URL: o.database.url,
    YUANLU_DATABASE_POOL: '6',
    TEMPORAL_ADDRESS: o.temporalAddress ?? required('YUANLU_TEST_TEMPORAL_ADDRESS'),
    TEMPORAL_NAMESPACE: o.client.options.namespace,
    YUANLU_ACCOUNTS_FILE: o.folder.accounts([merchantEntry(MERCHANT, accounts)]),
    YUANLU_FILES_DIR: o.folder.path,
    YUANLU_LOOK_BACK_DAYS: '2',
    ...(o.schedule === undefined ? {} : { YUANLU_SCHEDULE: o.schedule }),
  });
  const context = await openContext(config, 'replica');
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const clock = { now: () => o.time.now, wallNow: () => new Date(), toWallMs: (ms: number) => ms };
  return { ...context, clock, log, logged };
}

async function recordOrphan(database: TestDatabase, refundNo: string, atMs: number): Promise<Refund> {
  const request: RefundRequest = {
    ...{ merchantId: MERCHANT, refundNo, amountMinor: '100', paymentNo: `P-${refundNo}` },
    currency: 'CNY',
    payment: {
      ...{ accountId: ACCOUNTS[0], capturedMinor: '100' },
      currency: 'CNY',
      paidAt: new Date(atMs - 3_600_000).toISOString(),
    },
  };
  const limitsOf = () => ({ refundableForMs: 365 * 86_400_000, partsPerPayment: 50 });
  const rules = { now: new Date(atMs), idempotencyKey: null, limitsOf };
  return (await recordRefund(database.pool, request, rules)).refund;
}

async function endWorkflows(client: Client): Promise<void> {
  for await (const { workflowId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
    await client.workflow.getHandle(workflowId).terminate('the test is over');
}

async function closeAll(server: Server, database: TestDatabase, folder: AccountFolder): Promise<void> {
  await server.close();
  await database.drop();
  folder.remove();
}

/** The run under an id, or null. */
export async function runOf(
  client: Client,
  workflowId: string,
): Promise<{ runId: string; status: string } | null> {
  try {
    const { runId, status } = await client.workflow.getHandle(workflowId).describe();
    return { runId, status: status.name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Every run of the namespace, `id run`, once as many as expected can be seen: the list lags behind the starts. */
export async function allRuns(client: Client, expected: number): Promise<string[]> {
  const startedAt = performance.now();
  for (;;) {
    const runs: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) runs.push(`${workflowId} ${runId}`);
    if (runs.length >= expected || performance.now() - startedAt > 10_000) return runs.sort();
    await sleep(50);
  }
}
