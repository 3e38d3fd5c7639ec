/** API keys that are kept in the database: made, exchanged, taken back. Only digests are here; a text is seen once, when it is made. */
import { AppError, invariant } from '../domain/errors.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { inTransaction, sqlState } from './pool.ts';

/** More live keys than any deployment has; a process holds all of them in memory. */
const LIVE_KEYS_MAX = 50_000;

export interface KeptApiKey {
  readonly id: string;
  readonly merchantId: string;
  readonly name: string;
  /** The person whose key it is; null for a program's. */
  readonly operator: string | null;
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The key that it was exchanged for. */
  readonly replacedBy: string | null;
  readonly lastUsedAt: Date | null;
}

export interface NewApiKey {
  readonly merchantId: string;
  readonly name: string;
  /** The person whose key it is; null for a program's. */
  readonly operator: string | null;
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
}

/** Who does it, beside the login: the person at the command line. Kept in the audit. */
export interface KeyAct {
  readonly person: string;
  readonly now: Date;
}

interface Row {
  readonly id: bigint;
  readonly merchant_id: string;
  readonly name: string;
  readonly operator: string | null;
  readonly sha256: string;
  readonly scopes: string[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly replaced_by: bigint | null;
  readonly last_used_at: Date | null;
}

function toKey(row: Row): KeptApiKey {
  return {
    id: String(row.id),
    merchantId: row.merchant_id,
    name: row.name,
    operator: row.operator,
    sha256: row.sha256,
    scopes: row.scopes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    replacedBy: row.replaced_by === null ? null : String(row.replaced_by),
    lastUsedAt: row.last_used_at,
  };
}

/**
 * Keeps a new key. Needs the owner's login, as every function here that changes one.
 * @throws AppError `merchant_unknown`; `config_invalid` when the login may not keep keys
 */
export function createApiKey(owner: Pool, key: NewApiKey, act: KeyAct): Promise<KeptApiKey> {
  return asOwner(owner, act, async (tx) => {
    const { rowCount } = await tx.query('select 1 from channel_accounts where merchant_id = $1 limit 1', [
      key.merchantId,
    ]);
    if (rowCount === 0) throw new AppError('merchant_unknown', { merchant_id: key.merchantId });
    return insert(tx, key, act.now);
  });
}

/**
 * Makes a key in place of another: the same merchant, name and scopes. The old one works until `overlapUntil`, or its own
 * earlier end.
 * @throws AppError `api_key_unknown`, `api_key_spent`
 */
export function rotateApiKey(
  owner: Pool,
  o: {
    readonly id: string;
    readonly sha256: string;
    readonly overlapUntil: Date;
    readonly expiresAt: Date | null;
  },
  act: KeyAct,
): Promise<{ readonly made: KeptApiKey; readonly old: KeptApiKey }> {
  return asOwner(owner, act, async (tx) => {
    const known = await lockKey(tx, o.id);
    const spent =
      known.revokedAt !== null || known.replacedBy !== null || (known.expiresAt ?? act.now) < act.now;
    if (spent) throw new AppError('api_key_spent', { id: o.id });
    const { merchantId, name, operator, scopes } = known;
    const made = await insert(
      tx,
      { merchantId, name, operator, scopes, sha256: o.sha256, expiresAt: o.expiresAt },
      act.now,
    );
    const { rows } = await tx.query<Row>(
      'update api_keys set replaced_by = $2, expires_at = least(expires_at, $3::timestamptz) where id = $1 returning *',
      [o.id, made.id, o.overlapUntil],
    );
    return { made, old: only(rows) };
  });
}

/**
 * Takes a key back at once; doing it again changes nothing.
 * @throws AppError `api_key_unknown`
 */
export function revokeApiKey(owner: Pool, id: string, act: KeyAct): Promise<KeptApiKey> {
  return asOwner(owner, act, async (tx) => {
    await lockKey(tx, id);
    const { rows } = await tx.query<Row>(
      'update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning *',
      [id, act.now],
    );
    return only(rows);
  });
}

/** Oldest first; those that work no longer only with `all`. */
export async function listApiKeys(
  db: Db,
  o: {
    readonly merchantId: string | null;
    readonly all: boolean;
    readonly now: Date;
    readonly limit: number;
  },
): Promise<readonly KeptApiKey[]> {
  const { rows } = await db.query<Row>(
    `select * from api_keys
      where ($1::text is null or merchant_id = $1)
        and ($2 or revoked_at is null and (expires_at is null or expires_at > $3))
      order by id limit $4`,
    [o.merchantId, o.all, o.now, o.limit],
  );
  return rows.map(toKey);
}

/** Every key that works at `now`, of all merchants. */
export function liveApiKeys(db: Db, now: Date): Promise<readonly KeptApiKey[]> {
  return listApiKeys(db, { merchantId: null, all: false, now, limit: LIVE_KEYS_MAX });
}

/** The key of this digest, if it works at `now`. */
export async function liveApiKeyOf(db: Db, sha256: string, now: Date): Promise<KeptApiKey | null> {
  const { rows } = await db.query<Row>(
    'select * from api_keys where sha256 = $1 and revoked_at is null and (expires_at is null or expires_at > $2)',
    [sha256, now],
  );
  return rows[0] === undefined ? null : toKey(rows[0]);
}

/** Notes when keys were last used: one statement for all of them, and no record goes back. */
export async function noteUses(db: Db, uses: ReadonlyMap<string, Date>): Promise<void> {
  if (uses.size === 0) return;
  await db.query(
    `update api_keys k set last_used_at = u.at
       from unnest($1::bigint[], $2::timestamptz[]) as u (id, at)
      where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at)`,
    [[...uses.keys()], [...uses.values()]],
  );
}

async function insert(tx: Tx, key: NewApiKey, now: Date): Promise<KeptApiKey> {
  const { rows } = await tx.query<Row>(
    `insert into api_keys (merchant_id, name, operator, sha256, scopes, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7) returning *`,
    [key.merchantId, key.name, key.operator, key.sha256, key.scopes, now, key.expiresAt],
  );
  return only(rows);
}

async function lockKey(tx: Tx, id: string): Promise<KeptApiKey> {
  const { rows } = await tx.query<Row>('select * from api_keys where id = $1 for update', [id]);
  if (rows[0] === undefined) throw new AppError('api_key_unknown', { id });
  return toKey(rows[0]);
}

function only(rows: readonly Row[]): KeptApiKey {
  const [row] = rows;
  invariant(row !== undefined, 'a key that was written comes back');
  return toKey(row);
}

async function asOwner<T>(owner: Pool, act: KeyAct, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(owner, async (tx) => {
      await tx.query(`select set_config('yuanlu.person', $1, true)`, [act.person]);
      return work(tx);
    });
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    const errors = ['YUANLU_DATABASE_URL: this login may not keep API keys; use the one that migrates'];
    throw new AppError('config_invalid', { errors }, { cause: error });
  }
}
