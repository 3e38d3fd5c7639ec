/** Starts embedded engines and hands out their addresses; what a process needs to run the whole system by itself. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../domain/errors.ts';
import { freePort } from './free-port.ts';
import type { HostMessage, HostPlan } from './host-messages.ts';
import { ensureDatabase, initCluster, postgresUrl } from './postgres.ts';
import type { PostgresPlan } from './postgres.ts';
import { findPostgresHome, makeOwned } from './postgres-home.ts';
import { endLeftovers, livingProcesses } from './process-record.ts';
import { findTemporalCli } from './temporal-binary.ts';
import type { TemporalPlan } from './temporal-server.ts';

export interface EngineOptions {
  /** Folder for data and notes about processes. */
  readonly dataDir: string;
  /** Keep the data for the next start; otherwise it is fresh each time and removed at the stop. */
  readonly keepData: boolean;
  readonly postgres: boolean;
  readonly temporal: boolean;
  readonly temporalUi?: boolean;
  /** Temporal without a file: faster, forgets everything when it ends. */
  readonly temporalInMemory?: boolean;
  /** Postgres without waiting for the disk: for tests only. */
  readonly throwAway?: boolean;
  log(line: string): void;
}

export interface Engines {
  /** Superuser address of the database `yuanlu`. Empty when Postgres was not asked for. */
  readonly databaseUrl: string;
  /** Superuser address of the database `postgres`, for making databases. */
  readonly adminUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
  pids(): { readonly host: number; readonly postgres: number | null; readonly temporal: number | null };
  stop(): Promise<void>;
}

const DATABASE = 'yuanlu';

/**
 * @throws AppError `engine_unavailable` when an engine cannot be had or does not start, or when another process runs
 *   engines in the same folder.
 */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  const dataDir = resolve(options.dataDir);
  const recordsDir = join(dataDir, 'run');
  await refuseSecond(recordsDir);
  const ended = await endLeftovers(recordsDir);
  if (ended.length > 0) options.log(`ended what an earlier start left running: ${ended.join(', ')}`);
  await mkdir(dataDir, { recursive: true });

  const prepared = await prepare(options, dataDir);
  const plan: HostPlan = { recordsDir, postgres: prepared.postgres, temporal: prepared.temporal };
  const pids = { postgres: null as number | null, temporal: null as number | null };
  const host = await startHost(plan, (message) => {
    if (message.kind === 'pid') pids[message.name] = message.pid;
    if (message.kind === 'log') options.log(message.line);
  });
  await writeFile(join(recordsDir, 'owner'), String(process.pid));
  if (plan.postgres !== null) await ensureDatabase(plan.postgres, DATABASE);

  return {
    databaseUrl: plan.postgres === null ? '' : postgresUrl(plan.postgres, DATABASE),
    adminUrl: plan.postgres === null ? '' : postgresUrl(plan.postgres, 'postgres'),
    temporalAddress: plan.temporal === null ? '' : `127.0.0.1:${String(plan.temporal.port)}`,
    temporalUiUrl: plan.temporal?.uiPort == null ? null : `http://127.0.0.1:${String(plan.temporal.uiPort)}`,
    pids: () => ({ host: host.pid ?? 0, ...pids }),
    stop: async () => {
      await stopHost(host);
      if (!options.keepData)
        await Promise.all(prepared.temporary.map((path) => rm(path, { recursive: true, force: true })));
      await rm(recordsDir, { recursive: true, force: true });
    },
  };
}

/** One set of engines per folder: a second start says who holds it, instead of pulling the data from under the first. */
async function refuseSecond(recordsDir: string): Promise<void> {
  const host = (await livingProcesses(recordsDir)).find((record) => record.name === 'host');
  if (host === undefined) return;
  const owner = await readFile(join(recordsDir, 'owner'), 'utf8').catch(() => 'unknown');
  throw new AppError('engine_unavailable', {
    errors: [`process ${owner} runs engines in ${recordsDir} already: stop it, or use another folder`],
  });
}

interface Prepared {
  readonly postgres: PostgresPlan | null;
  readonly temporal: TemporalPlan | null;
  /** What a stop removes when data is not kept. */
  readonly temporary: readonly string[];
}

async function prepare(options: EngineOptions, dataDir: string): Promise<Prepared> {
  const [postgres, temporal] = await Promise.all([
    options.postgres ? preparePostgres(options, dataDir) : null,
    options.temporal ? prepareTemporal(options, dataDir) : null,
  ]);
  const files = temporal?.databaseFile == null ? [] : [temporal.databaseFile];
  const cluster = postgres === null ? [] : [postgres.cluster, `${postgres.cluster}.password`];
  return { postgres, temporal, temporary: [...cluster, ...files] };
}

async function preparePostgres(options: EngineOptions, dataDir: string): Promise<PostgresPlan> {
  const home = await findPostgresHome(dataDir);
  const cluster = join(home.dataDir, 'postgres');
  if (home.dataDir !== dataDir) {
    options.log(`Postgres data lies in ${home.dataDir}: other users cannot enter ${dataDir}`);
    await makeOwned(home.dataDir, home.runAs);
  }
  if (!options.keepData) await rm(cluster, { recursive: true, force: true });
  const password = await initCluster(home, cluster);
  return { home, cluster, port: await freePort(), password, throwAway: options.throwAway ?? false };
}

async function prepareTemporal(options: EngineOptions, dataDir: string): Promise<TemporalPlan> {
  const binary = await findTemporalCli({ log: options.log });
  const databaseFile = options.temporalInMemory === true ? null : join(dataDir, 'temporal.db');
  if (databaseFile !== null && !options.keepData) {
    for (const suffix of ['', '-wal', '-shm']) await rm(databaseFile + suffix, { force: true });
  }
  const uiPort = options.temporalUi === true ? await freePort() : null;
  return { binary, port: await freePort(), uiPort, metricsPort: await freePort(), databaseFile };
}

async function startHost(plan: HostPlan, hear: (message: HostMessage) => void): Promise<ChildProcess> {
  const host = fork(fileURLToPath(new URL('./engine-host.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, YUANLU_RECORDS_DIR: plan.recordsDir },
  });
  await new Promise<void>((ready, failed) => {
    host.on('message', (message: HostMessage) => {
      hear(message);
      if (message.kind === 'ready') ready();
      if (message.kind === 'failed') failed(new AppError('engine_unavailable', { errors: [message.why] }));
    });
    host.once('error', failed);
    host.once('exit', (code) => {
      failed(new AppError('engine_unavailable', { errors: [`the engine host ended with ${String(code)}`] }));
    });
    host.send(plan);
  });
  // The servers must not keep a process alive that has nothing else to do; their end follows from its end.
  host.unref();
  host.channel?.unref();
  return host;
}

async function stopHost(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  host.ref();
  const gone = new Promise((resolve) => host.once('exit', resolve));
  if (host.connected) host.disconnect();
  await gone;
}
