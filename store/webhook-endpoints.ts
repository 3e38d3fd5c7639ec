/** Webhook endpoints: where a merchant's backend wants to be told. Secrets come and go encrypted; see `notices/secret-box.ts`. */
import { AppError, invariant } from '../domain/errors.ts';
import type { DisabledWhy } from '../domain/notice/delivery.ts';
import type { EventType } from '../domain/notice/event.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/** Enabled endpoints of one merchant. Each of them is a row for every event. */
const ENDPOINTS_MAX = 10;

export interface WebhookEndpoint {
  readonly id: string;
  readonly merchantId: string;
  readonly url: string;
  /** Null: every type. */
  readonly types: readonly EventType[] | null;
  readonly createdAt: Date;
  /** Until when the secret before the present one signs as well; null where there is none. */
  readonly previousUntil: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledWhy: DisabledWhy | null;
}

const COLUMNS = `id::text as id, merchant_id as "merchantId", url, types, created_at as "createdAt", previous_until as "previousUntil",
  disabled_at as "disabledAt", disabled_why as "disabledWhy"`;

interface Change {
  readonly id: string;
  readonly merchantId: string;
  /** An API key's id. */
  readonly by: string;
  readonly now: Date;
}

export interface NewEndpoint {
  readonly merchantId: string;
  readonly url: string;
  readonly types: readonly EventType[] | null;
  readonly secret: Buffer;
  readonly by: string;
  readonly now: Date;
}

/** @throws AppError `webhook_endpoints_exhausted` */
export function createEndpoint(pool: Pool, o: NewEndpoint): Promise<WebhookEndpoint> {
  return inTransaction(pool, async (tx) => {
    await leaveRoom(tx, o.merchantId);
    const { rows } = await tx.query<WebhookEndpoint>(
      `insert into webhook_endpoints (merchant_id, url, types, secret, created_at, changed_by)
       values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
      [o.merchantId, o.url, o.types, o.secret, o.now, o.by],
    );
    return only(rows);
  });
}

/** Two that are made at once count each other. @throws AppError `webhook_endpoints_exhausted` */
async function leaveRoom(tx: Db, merchantId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`yuanlu/webhooks/${merchantId}`]);
  const { rows } = await tx.query<{ live: bigint }>(
    'select count(*) as live from webhook_endpoints where merchant_id = $1 and disabled_at is null',
    [merchantId],
  );
  if (Number(rows[0]?.live) >= ENDPOINTS_MAX)
    throw new AppError('webhook_endpoints_exhausted', { at_most: ENDPOINTS_MAX });
}

/** Newest first; `limit` of them. */
export async function listEndpoints(
  db: Db,
  merchantId: string,
  o: { readonly limit: number; readonly after?: string },
): Promise<{ readonly endpoints: WebhookEndpoint[]; readonly next: string | null }> {
  const { rows } = await db.query<WebhookEndpoint>(
    `select ${COLUMNS} from webhook_endpoints e where merchant_id = $1 and ($3::bigint is null or e.id < $3)
      order by e.id desc limit $2`,
    [merchantId, o.limit + 1, o.after ?? null],
  );
  const endpoints = rows.slice(0, o.limit);
  return { endpoints, next: rows.length > o.limit ? (endpoints.at(-1)?.id ?? null) : null };
}

/** @throws AppError `webhook_endpoint_unknown` */
export async function getEndpoint(db: Db, merchantId: string, id: string): Promise<WebhookEndpoint> {
  const { rows } = await db.query<WebhookEndpoint>(
    `select ${COLUMNS} from webhook_endpoints where merchant_id = $1 and id = $2`,
    [merchantId, id],
  );
  if (rows[0] === undefined) throw new AppError('webhook_endpoint_unknown', { endpoint: id });
  return rows[0];
}

/**
 * Puts a new secret in place of the present one, which signs beside it until `previousUntil`. What signed beside the
 * present one before does so no longer.
 * @throws AppError `webhook_endpoint_unknown`
 */
export function rotateSecret(
  db: Db,
  o: Change & { readonly secret: Buffer; readonly previousUntil: Date },
): Promise<WebhookEndpoint> {
  return change(db, o, 'previous_secret = secret, previous_until = $4, secret = $5', [
    o.previousUntil,
    o.secret,
  ]);
}

/** What is on its way to it is given up at its next try. Disabling it again changes nothing. @throws AppError `webhook_endpoint_unknown` */
export function disableEndpoint(db: Db, o: Change & { readonly why: DisabledWhy }): Promise<WebhookEndpoint> {
  return change(
    db,
    o,
    'disabled_at = coalesce(disabled_at, $4), disabled_why = coalesce(disabled_why, $5)',
    [o.now, o.why],
    'disabled_at is null',
  );
}

/** @throws AppError `webhook_endpoint_unknown`, `webhook_endpoints_exhausted` */
export function enableEndpoint(pool: Pool, o: Change): Promise<WebhookEndpoint> {
  return inTransaction(pool, async (tx) => {
    const known = await getEndpoint(tx, o.merchantId, o.id);
    if (known.disabledAt === null) return known;
    await leaveRoom(tx, o.merchantId);
    return change(tx, o, 'disabled_at = null, disabled_why = null', []);
  });
}

async function change(
  db: Db,
  { id, merchantId, by }: Change,
  set: string,
  values: readonly unknown[],
  only = 'true',
): Promise<WebhookEndpoint> {
  const { rows } = await db.query<WebhookEndpoint>(
    `update webhook_endpoints set ${set}, changed_by = $3 where merchant_id = $1 and id = $2 and ${only} returning ${COLUMNS}`,
    [merchantId, id, by, ...values],
  );
  return rows[0] ?? getEndpoint(db, merchantId, id);
}

function only(rows: readonly WebhookEndpoint[]): WebhookEndpoint {
  const [row] = rows;
  invariant(row !== undefined, 'an endpoint that was written comes back');
  return row;
}
