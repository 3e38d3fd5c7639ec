/** The api that takes refunds in, with and without Temporal: `asking.ts` are its callers, in a process of their own. */
import { createHash, randomBytes } from 'node:crypto';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import { buildApi } from '../api/server.ts';
import { createKeyring } from '../api/keys.ts';
import type { RefundEngine } from '../api/refund-engine.ts';
import type { Channel } from '../channels/channel.ts';
import { WECHAT_LIMITS } from '../channels/wechat/limits.ts';
import { wechatProofNumbers } from '../channels/wechat/proof-numbers.ts';
import { createPool } from '../store/pool.ts';
import { systemClock } from '../workers/clock.ts';
import { refundEngine } from '../workers/refund-engine.ts';
import { ensureSearchAttributes } from '../workers/search-attributes.ts';
import type { Accepted, Asking } from './asking.ts';
import { ACCOUNT, MERCHANT } from './bill.ts';

/** Answers at once: what is measured then is recording alone. */
const NO_ENGINE: RefundEngine = {
  start: () => Promise.resolve(),
  channelReported: () => Promise.resolve(),
  healthy: () => Promise.resolve(true),
};

/** @param temporalAddress null leaves the start of workflows out */
export async function acceptRefunds(o: {
  readonly databaseUrl: string;
  readonly temporalAddress: string | null;
  readonly requests: number;
  readonly ask: (at: Asking) => Promise<Accepted>;
}): Promise<Accepted> {
  const key = randomBytes(24).toString('base64url');
  const pool = createPool({ url: o.databaseUrl, role: 'yuanlu_app', max: 16, name: 'bench-api' });
  const clock = systemClock();
  const connection = o.temporalAddress === null ? null : Connection.lazy({ address: o.temporalAddress });
  const client = connection === null ? null : new Client({ connection });
  if (client !== null) await ensureSearchAttributes(client, 'default');
  const sha256 = createHash('sha256').update(key).digest('hex');
  const app = await buildApi({
    pool,
    clock,
    calendar: chinaCalendar,
    channels: { get: () => CHANNEL },
    keys: createKeyring([{ id: 'bench', merchantId: MERCHANT, sha256, scopes: ['refunds:write'] }]),
    refundEngine: client === null ? NO_ENGINE : refundEngine(client, clock),
    log: false,
    version: 'bench',
    releaseLimits: NO_LIMITS,
    randomBytes,
    limits: { requestsPerMinute: 1_000_000_000 },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = app.server.address() as AddressInfo;
    return await o.ask({ port, key, requests: o.requests });
  } finally {
    await app.close();
    await connection?.close();
    await pool.end();
  }
}

/** What the API asks a channel for when a refund is taken: its rules, and which numbers prove it. */
const CHANNEL = {
  ...{ name: 'wechat', accountId: ACCOUNT, limits: WECHAT_LIMITS, proofNumbers: wechatProofNumbers },
} satisfies Partial<Channel> as Partial<Channel> as Channel;
