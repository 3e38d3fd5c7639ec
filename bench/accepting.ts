/** Taking refunds in over real HTTP: how long each caller waits until its refund is recorded, with and without Temporal. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import { buildApi } from '../api/server.ts';
import { createKeyring } from '../api/keys.ts';
import type { RefundEngine } from '../api/refund-engine.ts';
import type { Channel } from '../channels/channel.ts';
import { createPool } from '../store/pool.ts';
import { systemClock } from '../workers/clock.ts';
import { refundEngine } from '../workers/refund-engine.ts';
import { ensureSearchAttributes } from '../workers/search-attributes.ts';
import { ACCOUNT, MERCHANT } from './bill.ts';

const CLIENTS = 8;
/** Requests of each client that warm up caches and connections and are not counted. */
const WARM_UP = 25;

export interface Accepted {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

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
    return await measure(port, key, o.requests);
  } finally {
    await app.close();
    await connection?.close();
    await pool.end();
  }
}

/** The API asks a channel for its limits only. */
const CHANNEL = {
  name: 'wechat',
  accountId: ACCOUNT,
  limits: {
    refundNo: { pattern: /^[0-9A-Za-z_\-|*@]{1,64}$/, says: 'as WeChat Pay', uniqueTailDigits: null },
    refundableForMs: 365 * 86_400_000,
    partsPerPayment: 50,
  },
} as unknown as Channel;

async function measure(port: number, key: string, requests: number): Promise<Accepted> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const waits: number[] = [];
  const each = Math.ceil(requests / CLIENTS);
  let beganAt = 0;
  const client = async (): Promise<void> => {
    for (let turn = 0; turn < WARM_UP; turn += 1) await askOnce(port, agent, key);
    beganAt ||= performance.now();
    for (let turn = 0; turn < each; turn += 1) {
      const began = performance.now();
      await askOnce(port, agent, key);
      waits.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - beganAt) / 1000;
  agent.destroy();
  waits.sort((one, other) => one - other);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: waits.length / seconds };
}

/** One refund of a payment of its own, described with it as a backend would. */
async function askOnce(port: number, agent: Agent, key: string): Promise<void> {
  const id = randomUUID();
  const body = JSON.stringify({
    refund_no: `RF-${id}`,
    payment_no: `PAY-${id}`,
    payment: { account_id: ACCOUNT, captured_minor: '10000', currency: 'CNY' },
    amount_minor: '2345',
    currency: 'CNY',
    reason: '七天无理由退货',
  });
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': id,
  };
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = request(
      { port, agent, host: '127.0.0.1', method: 'POST', path: '/v1/refunds', headers },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          resolve(answer.statusCode);
        });
      },
    );
    call.once('error', reject);
    call.end(body);
  });
  if (status !== 201) throw new Error(`a refund was answered ${String(status)}`);
}
