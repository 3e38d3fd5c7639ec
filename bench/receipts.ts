/** The api whose receipts payers look at: `looking.ts` are the payers, in a process of their own. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createKeyring } from '../api/keys.ts';
import { buildApi } from '../api/server.ts';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import { linkTokens } from '../receipts/link-tokens.ts';
import { newReceiptKeys, readReceiptKeys } from '../receipts/receipt-keys.ts';
import { createReceiptLink } from '../store/receipt-links.ts';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { systemClock } from '../workers/clock.ts';
import type { Looked, Looking } from './looking.ts';

/** Receipts that are looked at; each by several clients. */
const REFUNDS = 200;
const LINK_MS = 86_400_000;

export async function lookAtReceipts(o: {
  readonly databaseUrl: string;
  readonly requests: number;
  readonly look: (at: Looking) => Promise<Looked>;
}): Promise<Looked> {
  const pool = createPool({ url: o.databaseUrl, role: 'yuanlu_app', max: 16, name: 'bench-receipts' });
  const keys = readReceiptKeys(newReceiptKeys(null, 'bench'), 'bench');
  const links = linkTokens(keys.linkSecrets);
  const unused = (): Promise<never> => Promise.reject(new Error('nothing is started here'));
  const app = await buildApi({
    ...{
      pool,
      clock: systemClock(),
      calendar: chinaCalendar,
      channels: { get: () => undefined },
      keys: createKeyring([]),
    },
    refundEngine: { start: unused, channelReported: unused, healthy: unused },
    ...{ log: false, version: 'bench', randomBytes, releaseLimits: NO_LIMITS },
    // All clients have one address here.
    limits: { links: { perMinute: 1_000_000, missesPerMinute: 1 } },
    receipts: { keys, links, publicUrl: 'https://pay.example.com', merchants: new Map() },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = app.server.address() as AddressInfo;
    return await o.look({ port, paths: await linksOf(pool, links), requests: o.requests });
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
