/**
 * The process that owns the embedded engines. It stands in a process group of its own, so that Ctrl-C in the terminal
 * reaches only its parent, and it is tied to the parent by the IPC channel: when that closes, however the parent ended,
 * both engines are stopped and nothing is left. An engine that dies by itself is started again on the same port with
 * the same data.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostMessage, HostPlan } from './host-messages.ts';
import { spawnPostgres, untilPostgresAnswers } from './postgres.ts';
import { endLeftovers, endProcess, forgetProcess, recordProcess } from './process-record.ts';
import { spawnTemporal, untilTemporalListens } from './temporal-server.ts';

/** An engine that dies more often than this within a minute is given up. */
const RESTARTS_PER_MINUTE_MAX = 20;
const MINUTE_MS = 60_000;
const RESTART_PAUSE_MS = 100;

interface Engine {
  readonly name: 'postgres' | 'temporal';
  /** The signal with which it stops in order. Postgres: fast shutdown. */
  readonly stopSignal: NodeJS.Signals;
  spawn(): ChildProcess;
  ready(died: () => boolean): Promise<void>;
}

let stopping = false;
const running = new Map<string, ChildProcess>();

process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => void stopAll());
process.on('disconnect', () => void stopAll());
process.once('message', (plan) => void start(plan as HostPlan));

async function start(plan: HostPlan): Promise<void> {
  try {
    await endLeftovers(plan.recordsDir);
    await recordProcess(plan.recordsDir, 'host', process.pid);
    await Promise.all(enginesOf(plan).map((engine) => keepRunning(engine, plan)));
    tell({ kind: 'ready' });
  } catch (error) {
    tell({ kind: 'failed', why: String(error) });
    await stopAll();
  }
}

function enginesOf(plan: HostPlan): readonly Engine[] {
  const engines: Engine[] = [];
  const { postgres, temporal } = plan;
  if (postgres !== null) {
    engines.push({
      name: 'postgres',
      stopSignal: 'SIGINT',
      spawn: () => spawnPostgres(postgres),
      ready: (died) => untilPostgresAnswers(postgres, died),
    });
  }
  if (temporal !== null) {
    engines.push({
      name: 'temporal',
      stopSignal: 'SIGTERM',
      spawn: () => spawnTemporal(temporal),
      ready: (died) => untilTemporalListens(temporal, died),
    });
  }
  return engines;
}

/** Starts an engine and starts it again whenever it ends by itself. Resolves when it is ready for the first time. */
async function keepRunning(engine: Engine, plan: HostPlan): Promise<void> {
  const deaths: number[] = [];
  const revive = async (): Promise<void> => {
    while (!stopping) {
      await sleep(RESTART_PAUSE_MS);
      const now = performance.now();
      deaths.push(now);
      if (deaths.filter((at) => now - at < MINUTE_MS).length > RESTARTS_PER_MINUTE_MAX) {
        tell({ kind: 'failed', why: `${engine.name} keeps ending` });
        await stopAll();
        return;
      }
      try {
        await launch(engine, plan, () => void revive());
        return;
      } catch (error) {
        tell({ kind: 'log', line: `${engine.name} is not back yet: ${String(error)}` });
      }
    }
  };
  await launch(engine, plan, () => void revive());
}

async function launch(engine: Engine, plan: HostPlan, onDeath: () => void): Promise<void> {
  const child = engine.spawn();
  let dead = false;
  let ready = false;
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  child.once('error', (error) => {
    said = String(error);
    dead = true;
  });
  child.once('exit', () => {
    dead = true;
    running.delete(engine.name);
    if (ready && !stopping) onDeath();
  });
  running.set(engine.name, child);
  if (child.pid !== undefined) await recordProcess(plan.recordsDir, engine.name, child.pid);
  try {
    await engine.ready(() => dead);
  } catch (error) {
    throw new Error(`${String(error)} ${said}`.trim(), { cause: error });
  }
  ready = true;
  tell({ kind: 'pid', name: engine.name, pid: child.pid ?? 0 });
  if (dead) onDeath();
}

async function stopAll(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const children = [...running];
  await Promise.all(
    children.map(async ([name, child]) => {
      if (child.pid !== undefined) await endProcess(child.pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    }),
  );
  const recordsDir = process.env['YUANLU_RECORDS_DIR'];
  if (recordsDir !== undefined)
    for (const name of ['host', 'postgres', 'temporal']) await forgetProcess(recordsDir, name);
  process.exit(0);
}

function tell(message: HostMessage): void {
  if (process.connected) process.send?.(message);
}
