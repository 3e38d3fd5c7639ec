/** Payers who look at their receipts at once, over real HTTP: how long each waits for the page. */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import { createKeyring } from '../api/keys.ts';
import { buildApi } from '../api/server.ts';
import { linkTokens } from '../receipts/link-tokens.ts';
import { newReceiptKeys, readReceiptKeys } from '../receipts/receipt-keys.ts';
import { createReceiptLink } from '../store/receipt-links.ts';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { systemClock } from '../workers/clock.ts';

const CLIENTS = 50;
/** Receipts that are looked at; each by several clients. */
const REFUNDS = 200;
const WARM_UP = 10;
const LINK_MS = 86_400_000;

export interface Looked {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly bytes: number;
}

export async function lookAtReceipts(o: {
  readonly databaseUrl: string;
  readonly requests: number;
}): Promise<Looked> {
  const pool = createPool({ url: o.databaseUrl, role: 'yuanlu_app', max: 16, name: 'bench-receipts' });
  const keys = readReceiptKeys(newReceiptKeys(null, 'bench'), 'bench');
  const links = linkTokens(keys.linkSecrets);
  const unused = (): Promise<never> => Promise.reject(new Error('nothing is started here'));
  const app = await buildApi({
    ...{ pool, clock: systemClock(), channels: { get: () => undefined }, keys: createKeyring([]) },
    refundEngine: { start: unused, channelReported: unused, healthy: unused },
    ...{ log: false, version: 'bench', randomBytes, releaseLimits: NO_LIMITS },
    receipts: { keys, links, publicUrl: 'https://pay.example.com', merchants: new Map() },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = app.server.address() as AddressInfo;
    return await measure(port, await linksOf(pool, links), o.requests);
  } finally {
    await app.close();
    await pool.end();
  }
}

async function linksOf(pool: Pool, links: ReturnType<typeof linkTokens>): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: bigint }>('select id from refunds order by id limit $1', [REFUNDS]);
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + LINK_MS);
  const paths: string[] = [];
  for (const { id } of rows) {
    const handle = randomBytes(links.handleBytes);
    const link = { refundId: String(id), handle, createdBy: 'bench', createdAt, expiresAt, replace: false };
    await createReceiptLink(pool, link);
    paths.push(`/r/${links.make(handle, expiresAt)}`);
  }
  return paths;
}

async function measure(port: number, paths: readonly string[], requests: number): Promise<Looked> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const waits: number[] = [];
  let bytes = 0;
  const look = async (turn: number): Promise<void> => {
    bytes = Math.max(bytes, await get(port, agent, paths[turn % paths.length] ?? ''));
  };
  const clients = Array.from({ length: CLIENTS }, (_, client) => client);
  // Each receipt once, so that codes are drawn and connections planned, as in a process that has been up for a while.
  await Promise.all(
    clients.map((client) =>
      inTurn(Math.max(WARM_UP, paths.length / CLIENTS), (turn) => look(client + turn * CLIENTS)),
    ),
  );
  const began = performance.now();
  await Promise.all(
    clients.map((client) =>
      inTurn(requests / CLIENTS, async (turn) => {
        const at = performance.now();
        await look(client * 7 + turn);
        waits.push(performance.now() - at);
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  waits.sort((one, other) => one - other);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: waits.length / seconds, bytes };
}

async function inTurn(turns: number, act: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await act(turn);
}

function get(port: number, agent: Agent, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, path }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(bytes);
        else reject(new Error(`a receipt was answered ${String(answer.statusCode)}`));
      });
    });
    sent.on('error', reject).end();
  });
}
