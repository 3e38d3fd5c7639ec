/**
 * The process that owns the embedded engines. It stands in a process group of its own, so that Ctrl-C in the terminal
 * reaches only its parent, and it is tied to the parent by the IPC channel: when that closes, however the parent ended,
 * both engines are stopped and nothing is left. An engine that dies by itself is started again.
 */
import { rm } from 'node:fs/promises';
import type { HostMessage, HostPlan } from './host-messages.ts';
import type { Engine, Watcher } from './kept-engine.ts';
import { KeptEngine } from './kept-engine.ts';
import { spawnPostgres, untilPostgresAnswers } from './postgres.ts';
import type { PostgresPlan } from './postgres.ts';
import { recordProcess } from './process-record.ts';
import { spawnTemporal, untilTemporalListens } from './temporal-server.ts';
import type { TemporalPlan } from './temporal-server.ts';

/** How long an orderly stop may take; a Postgres with much to write takes longest. */
const STOP_WITHIN_MS = { postgres: 60_000, throwAway: 10_000, temporal: 10_000 } as const;

let plan: HostPlan | null = null;
let stopping = false;
let kept: readonly KeptEngine[] = [];

const watcher: Watcher = {
  spawned: async (name, pid) => {
    if (plan !== null) await recordProcess(plan.recordsDir, name, pid);
  },
  ready: (name, pid) => {
    tell({ kind: 'pid', name, pid });
  },
  log: (line) => {
    tell({ kind: 'log', line });
  },
  gaveUp: (why) => void fail(why),
};

// A signal for the whole group of a terminal is for the parent, which tells us in its own time.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => void stopAll());
process.on('disconnect', () => void stopAll());
process.on('uncaughtException', (error) => void fail(String(error)));
process.once('message', (message) => void start(message as HostPlan));
// The parent may have gone while this file was being loaded.
if (!process.connected) void stopAll();

async function start(given: HostPlan): Promise<void> {
  plan = given;
  try {
    await recordProcess(given.recordsDir, 'host', process.pid);
    if (stopping) return;
    kept = enginesOf(given).map((engine) => new KeptEngine(engine, watcher));
    await Promise.all(kept.map((engine) => engine.start()));
    tell({ kind: 'ready' });
  } catch (error) {
    await fail(error instanceof Error ? error.message : String(error));
  }
}

function enginesOf({ postgres, temporal }: HostPlan): readonly Engine[] {
  return [
    ...(postgres === null ? [] : [postgresEngine(postgres)]),
    ...(temporal === null ? [] : [temporalEngine(temporal)]),
  ];
}

function postgresEngine(postgres: PostgresPlan): Engine {
  return {
    name: 'postgres',
    port: postgres.port,
    // SIGINT ends sessions and writes everything down; SIGQUIT ends at once and leaves recovery to the next start.
    stopSignal: postgres.throwAway ? 'SIGQUIT' : 'SIGINT',
    stopWithinMs: postgres.throwAway ? STOP_WITHIN_MS.throwAway : STOP_WITHIN_MS.postgres,
    spawn: () => spawnPostgres(postgres),
    ready: (died) => untilPostgresAnswers(postgres, died),
  };
}

function temporalEngine(temporal: TemporalPlan): Engine {
  return {
    name: 'temporal',
    port: temporal.port,
    // One that keeps everything in memory has nothing to write down, and would take over a second to say goodbye.
    stopSignal: temporal.databaseFile === null ? 'SIGKILL' : 'SIGTERM',
    stopWithinMs: STOP_WITHIN_MS.temporal,
    spawn: () => spawnTemporal(temporal),
    ready: (died) => untilTemporalListens(temporal, died),
  };
}

async function fail(why: string): Promise<void> {
  if (!stopping) tell({ kind: 'failed', why });
  await stopAll();
}

async function stopAll(): Promise<void> {
  if (stopping) return;
  stopping = true;
  try {
    await Promise.all(kept.map((engine) => engine.stop()));
    for (const path of plan?.temporary ?? []) await rm(path, { recursive: true, force: true });
    if (plan !== null) await rm(plan.recordsDir, { recursive: true, force: true });
  } finally {
    process.exit();
  }
}

function tell(message: HostMessage): void {
  // The parent may go at any moment; that is heard as `disconnect`, not as an error of sending.
  if (process.connected) process.send?.(message, () => undefined);
}
