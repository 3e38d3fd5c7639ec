/** The api process: HTTP for backends, callbacks for channels. */
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { ReceiptDesk } from '../api/receipt-desk.ts';
import type { WebhookDesk } from '../api/webhook-desk.ts';
import { buildApi } from '../api/server.ts';
import { AppError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { freePort, mustBeFree } from './engines/free-port.ts';
import { webhookDesk } from './notice-courier.ts';
import type { LiveKeyring } from './live-keyring.ts';
import { openKeyring } from './live-keyring.ts';
import { receiptDesk } from './receipt-desk.ts';
import { refundEngine } from './refund-engine.ts';
import { VERSION } from './version.ts';

export interface RunningApi {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws AppError `config_invalid` when the address cannot be listened on */
export async function startApi(context: Context): Promise<RunningApi> {
  const keys = await openKeyring(context.accounts.keys, context);
  try {
    return await listen(context, keys);
  } catch (error) {
    await keys.stop();
    throw error;
  }
}

async function listen(context: Context, keys: LiveKeyring): Promise<RunningApi> {
  const api = await buildApi({
    pool: context.pool,
    clock: context.clock,
    calendar: context.calendar,
    channels: { get: (accountId) => context.channels.find(accountId) },
    keys,
    refundEngine: refundEngine(context.temporal.client, context.clock),
    log: context.log,
    version: VERSION,
    releaseLimits: context.config.releaseLimits,
    randomBytes,
    trustedProxies: context.config.trustedProxies,
    ...receiptsOf(context),
    ...webhooksOf(context),
  });
  const { apiHost: host, apiPort } = context.config;
  try {
    await api.listen({ host, port: apiPort });
  } catch (error) {
    await api.close();
    throw notListening(host, apiPort, error);
  }
  const { address, port } = api.server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${String(port)}`,
    stop: async () => {
      await api.close();
      await keys.stop();
    },
  };
}

function receiptsOf(context: Context): { readonly receipts?: ReceiptDesk } {
  const receipts = receiptDesk(context.config, context.accounts);
  return receipts === null ? {} : { receipts };
}

function webhooksOf({ config }: Context): { readonly webhooks?: WebhookDesk } {
  const webhooks = webhookDesk(config);
  return webhooks === null ? {} : { webhooks };
}

/**
 * The port itself, or a free one for 0. Looked at before anything that takes longer is started.
 * @throws AppError `config_invalid` when somebody else listens there
 */
export async function chooseApiPort(port: number): Promise<number> {
  if (port === 0) return freePort();
  try {
    await mustBeFree(port);
    return port;
  } catch (error) {
    throw notListening('127.0.0.1', port, error);
  }
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
  EACCES: 'that needs more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

function notListening(host: string, port: number, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = LISTEN_FAULTS[code];
  if (why === undefined) return cause;
  const errors = [`cannot listen on ${host}:${String(port)}, ${why}: choose another address or port`];
  return new AppError('config_invalid', { errors }, { cause });
}
