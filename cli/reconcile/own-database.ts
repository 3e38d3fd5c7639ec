/** A database of one's own on a server that others use: made, used, removed. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { AppError } from '../../domain/errors.ts';
import { POSTGRES_FLOOR } from '../../store/migrate.ts';
import { isConnectionFault, sqlState } from '../../store/pool.ts';

export interface OwnDatabase {
  /** Its address, with the user and the options of the address given. */
  readonly url: string;
  remove(): Promise<void>;
}

const NAME_PREFIX = 'yuanlu_reconcile_';
const CONNECT_TIMEOUT_MS = 5_000;

const CHECK_ADDRESS =
  'Check the address given with --database, or leave it out: then a Postgres is started and thrown away.';

/**
 * Makes a database on the server of `url`. The database that the address itself names is only the door.
 * @throws AppError `database_unavailable` when the server cannot be reached, does not let the user in or make databases,
 *   or is too old
 */
export async function ownDatabase(url: string, say: (line: string) => void): Promise<OwnDatabase> {
  const name = `${NAME_PREFIX}${randomBytes(6).toString('hex')}`;
  await atTheDoor(url, async (door) => {
    await refuseOldServer(door);
    await sayLeftovers(door, say);
    // Bytes in, bytes out, sorted by bytes: whatever language the server speaks.
    await door.query(
      `create database ${name} template template0 encoding 'UTF8' locale_provider libc locale 'C'`,
    );
  });
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.toString(), remove: () => removeDatabase(url, name, say) };
}

async function atTheDoor(url: string, work: (door: pg.Client) => Promise<void>): Promise<void> {
  const door = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'yuanlu reconcile',
  });
  // A connection that dies while it is idle reports here; unheard, that would end the process.
  door.on('error', () => undefined);
  try {
    await door.connect();
    await work(door);
  } catch (error) {
    throw ofNoUse(error);
  } finally {
    await door.end().catch(() => undefined);
  }
}

async function refuseOldServer(door: pg.Client): Promise<void> {
  const { rows } = await door.query<{ server_version_num: string }>('show server_version_num');
  const version = Number(rows[0]?.server_version_num);
  if (version >= POSTGRES_FLOOR) return;
  throw new AppError('database_unavailable', {
    errors: [`it is Postgres ${String(Math.floor(version / 10_000))}, and 15 or newer is needed`],
    remedy: CHECK_ADDRESS,
  });
}

/** A run that was killed leaves its database behind. It is not ours to decide that nobody wants it. */
async function sayLeftovers(door: pg.Client, say: (line: string) => void): Promise<void> {
  const { rows } = await door.query<{ datname: string }>(
    `select datname from pg_database d
      where starts_with(datname, $1) and not exists (select from pg_stat_activity a where a.datname = d.datname)
      order by datname`,
    [NAME_PREFIX],
  );
  for (const { datname } of rows)
    say(`${datname} was left behind by a run that was killed; remove it with: drop database ${datname}`);
}

/**
 * Without `force`: that would also end an autovacuum of the server in this database, which belongs to its superuser, and
 * is then refused to anybody else. A plain drop sends the autovacuum away by itself; only sessions of ours are in its way.
 */
async function removeDatabase(url: string, name: string, say: (line: string) => void): Promise<void> {
  try {
    await atTheDoor(url, async (door) => {
      await door.query(
        `select pg_terminate_backend(a.pid)
           from pg_stat_activity a join pg_roles r on r.oid = a.usesysid and r.rolname = session_user
          where a.datname = $1`,
        [name],
      );
      await door.query(`drop database if exists ${name}`);
    });
  } catch (error) {
    say(`${name} could not be removed (${String(error)}); remove it with: drop database ${name}`);
  }
}

/** What keeps us from working there, in words; faults of our own pass as they are. */
export function ofNoUse(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const reason = reasonOf(error);
  if (reason === null) return error;
  return new AppError('database_unavailable', { errors: [reason], remedy: CHECK_ADDRESS }, { cause: error });
}

function reasonOf(error: unknown): string | null {
  const state = sqlState(error) ?? '';
  const { message } = error as { message?: unknown };
  if (state === '42501') return `the user may not make what is needed there: ${String(message)}`;
  // 28: not let in; 3D000: no such database; 53300: too many connections; 57P03: starting up.
  if (/^(28|3D|53|57P)/.test(state) || isConnectionFault(error)) return String(message);
  return null;
}
