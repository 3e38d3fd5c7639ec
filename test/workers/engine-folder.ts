/** Folders in which engines run, processes that start them, and questions about processes by their numbers. */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { startOf } from '../../workers/engines/process-record.ts';
import type { EngineOptions } from '../../workers/engines/engines.ts';
import { until } from '../cli-real/spawned.ts';

const STARTER = fileURLToPath(new URL('./engine-starter.ts', import.meta.url));
const run = promisify(execFile);

export interface Started {
  /** The process that asked for the engines. */
  readonly pid: number;
  readonly host: number;
  readonly postgres: number;
  /** Null when it was not asked for. */
  readonly temporal: number | null;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly log: readonly string[];
}

/** Open to everybody: as root, Postgres runs as another user, who must be able to enter. */
export async function engineFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-engines-'));
  await chmod(folder, 0o755);
  return folder;
}

export const QUICK = { postgres: true, temporal: false, temporalInMemory: true, throwAway: true } as const;

const children: ChildProcess[] = [];

/** Ends every process that was started here and still runs; what it started ends with it. */
export function endStarted(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Starts engines from a process of their own. @throws Error with what it said when it ended instead. */
export async function startApart(options: Omit<EngineOptions, 'log'>): Promise<Started> {
  const child = spawn(process.execPath, ['--import', 'tsx', STARTER, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const line = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const ended = once(child, 'close').then((): never => {
    throw new Error(said);
  });
  ended.catch(() => undefined);
  const [text] = await Promise.race([line, ended]);
  return JSON.parse(text) as Started;
}

export async function gone(...pids: readonly (number | null)[]): Promise<void> {
  for (const pid of pids)
    if (pid !== null)
      await until(`process ${String(pid)} is gone`, async () => (await startOf(pid)) === null);
}

export async function lives(pid: number | null): Promise<boolean> {
  return pid !== null && (await startOf(pid)) !== null;
}

export async function userOf(pid: number | null): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'uid=', '-p', String(pid)]);
  return Number(stdout.trim());
}

export async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A server that is killed under an open connection says so here as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

export async function answers(url: string): Promise<boolean> {
  try {
    return (await ask(url, 'select 1')).length === 1;
  } catch {
    return false;
  }
}
