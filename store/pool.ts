/** Connections to Postgres: one pool per role and process, amounts and ids as bigint, dates as text. */
import pg from 'pg';
import { AppError } from '../domain/errors.ts';
import { isOutdatedStatement, PreparingClient } from './prepared.ts';

export type Pool = pg.Pool;
export type Tx = pg.PoolClient;
export type Db = Pool | Tx;

export interface PoolOptions {
  readonly url: string;
  /** The role every connection takes on; null stays the login user (the owner, for migrations). */
  readonly role: 'yuanlu_app' | 'yuanlu_ingest' | 'yuanlu_report' | null;
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly statementTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A transaction that its process forgot must not hold locks for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** How much longer than the server's own limit we wait for an answer: after that the server is taken for gone. */
const ANSWER_GRACE_MS = 5_000;

/** Matching again keeps a claim per line in a temporary table and reads it several times; the default holds 80,000 of them. */
const MATCH_BUFFERS = '-c temp_buffers=64MB';

/** bigint columns as bigint, dates as `yyyy-mm-dd`: neither survives a JavaScript number or Date unharmed. */
function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === 20) return (text: string) => BigInt(text);
  if (oid === 1082) return (text: string) => text;
  return pg.types.getTypeParser(oid, format);
}

/** A pool whose queries and connects fail with AppError `database_unavailable` when Postgres cannot be reached. */
export function createPool(o: PoolOptions): Pool {
  // Statement imports run long; they are bounded by the activity's own time-out.
  const long = o.role === 'yuanlu_ingest';
  const statementTimeoutMs = o.statementTimeoutMs ?? (long ? 0 : STATEMENT_TIMEOUT_MS);
  const { url, options } = splitOptions(o.url);
  const role = o.role === null ? [] : [`-c role=${o.role}`];
  const pool = new pg.Pool({
    // Imports make tables of their own as they go; what they do is long beside its planning.
    ...(o.role === 'yuanlu_app' ? { Client: PreparingClient } : {}),
    connectionString: url,
    max: o.max,
    application_name: o.name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    ...(statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + ANSWER_GRACE_MS }),
    idle_in_transaction_session_timeout: long ? 0 : IDLE_IN_TRANSACTION_MS,
    options: [...options, '-c search_path=yuanlu,public', ...(long ? [MATCH_BUFFERS] : []), ...role].join(
      ' ',
    ),
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  });
  // A connection that dies (a restarted server) is replaced by the pool, and who holds it hears of it at the next query. Unheard, the
  // event itself would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return speakingTheCatalogue(pool);
}

/** Options in the URL would silently win over the role: they are taken out and put in front of ours. */
function splitOptions(text: string): { url: string; options: readonly string[] } {
  if (!URL.canParse(text)) return { url: text, options: [] };
  const url = new URL(text);
  const options = url.searchParams.getAll('options');
  url.searchParams.delete('options');
  return { url: options.length === 0 ? text : url.toString(), options };
}

/** Makes the promise forms of `query` and `connect` throw in the catalogue's words. */
function speakingTheCatalogue(pool: Pool): Pool {
  for (const name of ['query', 'connect'] as const) {
    const plain = pool[name].bind(pool) as (...args: unknown[]) => unknown;
    const speaking = (...args: unknown[]): unknown => {
      const result = plain(...args);
      return result instanceof Promise ? result.catch(again(() => plain(...args), pool.options.max)) : result;
    };
    Object.defineProperty(pool, name, { value: speaking });
  }
  return pool;
}

/** Once more where the statement was outdated: the pool has given that connection up. Each of the others may be as old. */
function again(repeat: () => unknown, left: number): (error: unknown) => unknown {
  return (error) => {
    if (!isOutdatedStatement(error) || left === 0) throw asAppError(error);
    return (repeat() as Promise<unknown>).catch(again(repeat, left - 1));
  };
}

const RETRIES_MAX = 5;

/**
 * A connection that sees the row of a file and not the lines of its partition. Attaching a partition takes no lock that readers notice,
 * and a server process that made its list of partitions at that very moment may keep it without the new one until the next is attached:
 * a read through the parent is then empty, and says nothing. Thrown by work that would remember what it saw.
 */
export class BlindConnection extends AppError {
  constructor(why: string) {
    super('invariant_broken', { why });
  }
}

/**
 * Runs `work` in one transaction, again when Postgres asks for it (serialization failure, deadlock, a statement prepared before
 * a migration), and on another connection when this one is blind ({@link BlindConnection}).
 * @throws AppError `database_unavailable` when the connection is lost; whether the commit happened is then unknown, and
 *   the caller re-reads by its natural key.
 */
export async function inTransaction<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (isOfConnection(error) && round <= pool.options.max) continue;
      if (isRetryable(error) && round < RETRIES_MAX) continue;
      throw asAppError(error);
    }
  }
}

/** Runs statements without values, one after the other, in one message: none of them waits for the way there and back. */
export async function runAll(tx: Tx, statements: readonly string[]): Promise<void> {
  await tx.query(statements.join(';\n'));
}

async function once<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken = false;
  const onError = (): void => {
    broken = true;
  };
  tx.on('error', onError);
  try {
    await tx.query('begin');
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    // A server that says nothing would let the caller wait as long again; without its connection it rolls back by itself.
    const silent = isSilence(error);
    broken ||= silent || isOfConnection(error);
    if (!silent) {
      await tx.query('rollback').catch(() => {
        broken = true;
      });
    }
    throw error;
  } finally {
    tx.off('error', onError);
    tx.release(broken);
  }
}

/** Another connection has none of it. */
function isOfConnection(error: unknown): boolean {
  return isOutdatedStatement(error) || error instanceof BlindConnection;
}

/** No word within the time that the server has, and the grace after it. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

function isRetryable(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40001' || code === '40P01';
}

/** The SQLSTATE of a Postgres error, or null for anything else. */
export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

/** The constraint that refused, or null. */
export function brokenConstraint(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.constraint ?? null) : null;
}

/** Connection faults in the catalogue's words; everything else as it is. */
export function asAppError(error: unknown): unknown {
  if (!isConnectionFault(error)) return error;
  const why = SHORT_OF[sqlState(error) ?? ''];
  return new AppError('database_unavailable', why === undefined ? {} : { why }, { cause: error });
}

/** What the server may be short of for a while. */
const SHORT_OF: Readonly<Record<string, string>> = {
  '53100': 'its disk is full',
  '53200': 'it is out of memory, or of room for locks',
  '53300': 'it has no connection left',
  '53400': 'a limit of its configuration is reached',
};

/** SQLSTATE classes 08, 53 (short of something) and 57P, and what node says of a socket that broke. */
export function isConnectionFault(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(08|53|57P)/.test(state);
  if (!(error instanceof Error)) return false;
  const code: unknown = 'code' in error ? error.code : undefined;
  return (
    (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)/.test(code)) ||
    isSilence(error) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    )
  );
}
