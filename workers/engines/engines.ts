/** Starts embedded engines and hands out their addresses; what a process needs to run the whole system by itself. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { takeLock } from './folder-lock.ts';
import type { EnginePorts } from './engine-ports.ts';
import { choosePorts } from './engine-ports.ts';
import type { HostMessage, HostPlan } from './host-messages.ts';
import { startHost } from './host-process.ts';
import type { EngineHost } from './host-process.ts';
import { assertPlatform } from './platform.ts';
import { ensureDatabase, filesOfCluster, initCluster, postgresUrl } from './postgres.ts';
import type { PostgresPlan } from './postgres.ts';
import { findPostgresHome } from './postgres-home.ts';
import { endLeftovers } from './process-record.ts';
import { findTemporalCli } from './temporal-binary.ts';
import { filesOfDatabase } from './temporal-server.ts';
import type { TemporalPlan } from './temporal-server.ts';

export interface EngineOptions {
  /** Folder for data and notes about processes. One process at a time runs engines in it. */
  readonly dataDir: string;
  /** Keep the data for the next start; otherwise it is fresh each time and removed at the stop. */
  readonly keepData: boolean;
  readonly postgres: boolean;
  readonly temporal: boolean;
  readonly temporalUi?: boolean;
  /** Temporal without a file: faster, forgets everything when it ends. */
  readonly temporalInMemory?: boolean;
  /** Temporal's namespaces that are made while it runs are usable at once, which costs it some work: for tests. */
  readonly newNamespaces?: boolean;
  /** Postgres without waiting for the disk: for data that are removed at the stop. */
  readonly throwAway?: boolean;
  /** Lines for people about what takes a while or is done again. */
  readonly log: (line: string) => void;
}

export interface Engines {
  /** Superuser address of the database `yuanlu`. Empty when Postgres was not asked for. */
  readonly databaseUrl: string;
  /** Superuser address of the database `postgres`, for making databases. */
  readonly adminUrl: string;
  /** Host and port. Empty when Temporal was not asked for. */
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
  /** The processes as of now; an engine that ended is another process when it is back. */
  pids(): {
    readonly host: number | null;
    readonly postgres: number | null;
    readonly temporal: number | null;
  };
  /** Resolves with the reason when the engines are gone for good and nobody asked for it. */
  readonly gone: Promise<string>;
  /** Resolves when everything is stopped, and removed if it was not to be kept. */
  stop(): Promise<void>;
}

const DATABASE = 'yuanlu';

/** Somebody may take a port between the look for it and its use; nobody is that quick three times. */
const STARTS_MAX = 3;
const PORT_TAKEN = /EADDRINUSE|address already in use|could not create any TCP\/IP sockets/i;

/**
 * @throws AppError `engine_unavailable` when an engine cannot be had or does not start, or when another process (it is
 *   named) runs engines in the same folder.
 */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  assertPlatform(process.platform);
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const lock = await takeLock(join(dataDir, 'engines.lock'));
  try {
    const engines = await startLocked(options, dataDir);
    const stop = async (): Promise<void> => {
      await engines.stop();
      await lock.release();
    };
    return { ...engines, stop };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(options: EngineOptions, dataDir: string): Promise<Engines> {
  const recordsDir = join(dataDir, 'run');
  const ended = await endLeftovers(recordsDir);
  if (ended.length > 0) options.log(`ended what an earlier start left running: ${ended.join(', ')}`);
  for (let start = 1; ; start += 1) {
    const plan = await makePlan(options, dataDir, recordsDir);
    try {
      return await runPlan(plan, options);
    } catch (error) {
      await removeAll(plan.temporary);
      if (start === STARTS_MAX || !PORT_TAKEN.test(String(error))) throw error;
      options.log('somebody took a port meanwhile: trying others');
    }
  }
}

async function runPlan(plan: HostPlan, options: EngineOptions): Promise<Engines> {
  const { postgres, temporal } = plan;
  const pids = { postgres: null as number | null, temporal: null as number | null };
  const host = await startHost(plan, (message: HostMessage) => {
    if (message.kind === 'pid') pids[message.name] = message.pid;
    if (message.kind === 'log') options.log(message.line);
    if (message.kind === 'failed') options.log(`the engines are gone: ${message.why}`);
  });
  if (postgres !== null) await orStop(host, ensureDatabase(postgres, DATABASE));
  return {
    databaseUrl: postgres === null ? '' : postgresUrl(postgres, DATABASE),
    adminUrl: postgres === null ? '' : postgresUrl(postgres, 'postgres'),
    temporalAddress: temporal === null ? '' : `127.0.0.1:${String(temporal.port)}`,
    temporalUiUrl: uiUrlOf(temporal),
    pids: () => ({ host: host.pid(), ...pids }),
    gone: host.gone,
    stop: async () => {
      await host.stop();
      await removeAll(plan.temporary);
    },
  };
}

function uiUrlOf(temporal: TemporalPlan | null): string | null {
  const port = temporal?.uiPort ?? null;
  return port === null ? null : `http://127.0.0.1:${String(port)}`;
}

async function orStop(host: EngineHost, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await host.stop();
    throw new AppError('engine_unavailable', { errors: [String(error)] }, { cause: error });
  }
}

async function makePlan(options: EngineOptions, dataDir: string, recordsDir: string): Promise<HostPlan> {
  const ports = await choosePorts(options.keepData ? join(dataDir, 'ports.json') : null);
  const [postgres, temporal] = await Promise.all([
    options.postgres ? preparePostgres(options, dataDir, ports.postgres) : null,
    options.temporal ? prepareTemporal(options, dataDir, ports) : null,
  ]);
  const temporary = [
    ...(postgres === null ? [] : filesOfCluster(postgres.cluster)),
    ...(postgres === null || postgres.home.dataDir === dataDir ? [] : [postgres.home.dataDir]),
    ...(typeof temporal?.databaseFile === 'string' ? filesOfDatabase(temporal.databaseFile) : []),
  ];
  return { recordsDir, postgres, temporal, temporary: options.keepData ? [] : temporary };
}

async function preparePostgres(options: EngineOptions, dataDir: string, port: number): Promise<PostgresPlan> {
  const home = await findPostgresHome(dataDir, options.keepData);
  const cluster = join(home.dataDir, 'postgres');
  if (home.dataDir !== dataDir)
    options.log(`Postgres data lies in ${home.dataDir}: other users cannot enter ${dataDir}`);
  if (!options.keepData) await removeAll(filesOfCluster(cluster));
  const throwAway = options.throwAway ?? false;
  const password = await initCluster(home, cluster, throwAway);
  return { home, cluster, port, password, throwAway };
}

async function prepareTemporal(
  options: EngineOptions,
  dataDir: string,
  ports: EnginePorts,
): Promise<TemporalPlan> {
  const binary = await findTemporalCli(options.log);
  const databaseFile = options.temporalInMemory === true ? null : join(dataDir, 'temporal.db');
  if (databaseFile !== null && !options.keepData) await removeAll(filesOfDatabase(databaseFile));
  const uiPort = options.temporalUi === true ? ports.temporalUi : null;
  const newNamespaces = options.newNamespaces ?? false;
  return {
    binary,
    port: ports.temporal,
    uiPort,
    metricsPort: ports.temporalMetrics,
    newNamespaces,
    databaseFile,
  };
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
