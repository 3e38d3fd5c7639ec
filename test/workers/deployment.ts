/** What the processes of a deployment find: a database, a Temporal namespace, a sandbox and an accounts file of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Sandbox } from '../../sandbox/wechat/server.ts';
import { systemClock } from '../../workers/clock.ts';
import { openShops, shopKeys } from '../../sandbox/shops.ts';
import type { CuttableProxy } from '../api/cuttable-proxy.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import { required } from '../support/required.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { connectServer, openNamespace } from '../workflow/temporal.ts';

export interface Deployment {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly sandbox: Sandbox;
  readonly accountId: string;
  readonly apiKey: string;
  /** The ways to Postgres and Temporal; a test may cut them. */
  readonly ways: { readonly postgres: CuttableProxy; readonly temporal: CuttableProxy };
  /** What a process is told. Everything goes through the ways. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function openDeployment(): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-deployment-'));
  const database = await testDatabase();
  const server = await connectServer();
  const client = await openNamespace(server, 'deployment');
  const postgres = await cuttableProxy(database.url);
  const temporal = await cuttableProxy(`http://${required('YUANLU_TEST_TEMPORAL_ADDRESS')}`);
  // Notices are not what these tests are about: nobody listens where they go.
  const clock = systemClock();
  const keys = await shopKeys(folder, clock);
  const shop = await openShops({
    ...{ folder, keys, merchant: { id: 'demo-shop', name: 'Demo shop' }, suffix: 'demo' },
    ...{ notifyBase: 'http://127.0.0.1:1', basics: () => ({ clock, seed: 1 }) },
  });
  const env = {
    YUANLU_ENV: 'development',
    YUANLU_DATABASE_URL: postgres.through(database.url),
    YUANLU_DATABASE_POOL: '6',
    TEMPORAL_ADDRESS: new URL(temporal.through('http://127.0.0.1')).host,
    TEMPORAL_NAMESPACE: client.options.namespace,
    YUANLU_ACCOUNTS_FILE: shop.accountsFile,
    YUANLU_FILES_DIR: join(folder, 'files'),
    YUANLU_API_PORT: '0',
    YUANLU_LOOK_BACK_DAYS: '1',
  };
  return {
    ...{ database, client, sandbox: shop.wechat, accountId: 'wx-demo', apiKey: keys.yuanluApiKey, env },
    ways: { postgres, temporal },
    close: async () => {
      await endWorkflows(client);
      await shop.stop();
      await Promise.all([postgres.close(), temporal.close(), server.close()]);
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function endWorkflows(client: Client): Promise<void> {
  for await (const { workflowId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
    await client.workflow.getHandle(workflowId).terminate('the test is over');
}

/** The body of a refund request for a payment that the sandbox knows. */
export function soldAndAsked(deployment: Deployment, name: string): Readonly<Record<string, unknown>> {
  const order = deployment.sandbox.pay({ paymentNo: `P-${name}`, amountMinor: 500n });
  return {
    ...{ refund_no: `R-${name}`, payment_no: `P-${name}`, amount_minor: '200', currency: 'CNY' },
    payment: {
      ...{ account_id: deployment.accountId, captured_minor: '500', currency: 'CNY' },
      transaction_id: order.transactionId,
    },
  };
}
