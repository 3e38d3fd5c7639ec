/** The api process: HTTP for backends, callbacks for channels. */
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { createKeyring } from '../api/keys.ts';
import { buildApi } from '../api/server.ts';
import type { Context } from './context.ts';
import { refundEngine } from './refund-engine.ts';
import { VERSION } from './version.ts';

export interface RunningApi {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startApi(context: Context): Promise<RunningApi> {
  const api = await buildApi({
    pool: context.pool,
    clock: context.clock,
    channels: { get: (accountId) => context.channels.find(accountId) },
    keys: createKeyring(context.accounts.keys),
    refundEngine: refundEngine(context.temporal.client, context.clock),
    log: context.log,
    version: VERSION,
    randomBytes,
  });
  await api.listen({ host: context.config.apiHost, port: context.config.apiPort });
  const { address, port } = api.server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${String(port)}`,
    stop: () => api.close(),
  };
}
