/** The parent's side of the engine host: starts it, hears it, starts it again when somebody killed it, stops it. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AppError } from '../../domain/errors.ts';
import type { HostMessage, HostPlan } from './host-messages.ts';
import { endLeftovers } from './process-record.ts';

/** A host that is killed again and again is somebody's intention. */
const RESTARTS_MAX = 5;

/** Longer than the host gives its engines; then it is killed, and they are ended from here. */
const STOP_WITHIN_MS = 75_000;

export interface EngineHost {
  /** Null when there is none any more. */
  pid(): number | null;
  /** Resolves with the reason when the engines are gone for good and nobody asked for it. */
  readonly gone: Promise<string>;
  /** Resolves when the host and everything it started are gone. */
  stop(): Promise<void>;
}

type Hear = (message: HostMessage) => void;

/** @throws AppError `engine_unavailable` when an engine does not start; nothing is left running then. */
export async function startHost(plan: HostPlan, hear: Hear): Promise<EngineHost> {
  const state = { stopping: false, gaveUp: false, restarts: 0, reviving: Promise.resolve() };
  let tellGone: (why: string) => void = () => undefined;
  const gone = new Promise<string>((resolve) => {
    tellGone = resolve;
  });
  const listen: Hear = (message) => {
    if (message.kind === 'failed') {
      state.gaveUp = true;
      tellGone(message.why);
    }
    hear(message);
  };
  const watch = (watched: ChildProcess): ChildProcess => {
    const again = (): void => {
      if (!state.stopping && !state.gaveUp) state.reviving = revive();
    };
    if (hasEnded(watched)) again();
    else watched.once('exit', again);
    return watched;
  };
  const revive = async (): Promise<void> => {
    state.restarts += 1;
    if (state.restarts > RESTARTS_MAX) {
      listen({ kind: 'failed', why: 'the engine host is killed again and again' });
      return;
    }
    hear({ kind: 'log', line: 'the engine host is gone: starting it and the engines again' });
    try {
      await endLeftovers(plan.recordsDir);
      if (!state.stopping) host = watch(await forkHost(plan, listen));
    } catch (error) {
      listen({ kind: 'failed', why: String(error) });
    }
  };
  let host = await forkHost(plan, listen);
  watch(host);
  return {
    pid: () => (hasEnded(host) ? null : (host.pid ?? null)),
    gone,
    stop: async () => {
      state.stopping = true;
      await state.reviving;
      await endHost(host);
      await endLeftovers(plan.recordsDir);
    },
  };
}

async function forkHost(plan: HostPlan, hear: Hear): Promise<ChildProcess> {
  // Resolved from here: the parent may run in any folder. Options of the parent, a debugger's port say, are not ours.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const host = fork(fileURLToPath(new URL('./engine-host.ts', import.meta.url)), [], {
    execArgv: ['--import', loader],
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  try {
    await untilReady(host, plan, hear);
  } catch (error) {
    await endHost(host);
    await endLeftovers(plan.recordsDir);
    throw error;
  }
  // The engines must not keep a process alive that has nothing else to do; their end follows from its end.
  host.unref();
  host.channel?.unref();
  return host;
}

function untilReady(host: ChildProcess, plan: HostPlan, hear: Hear): Promise<void> {
  return new Promise((ready, failed) => {
    const fail = (why: string): void => {
      failed(new AppError('engine_unavailable', { errors: [why] }));
    };
    host.on('message', (message: HostMessage) => {
      hear(message);
      if (message.kind === 'ready') ready();
      if (message.kind === 'failed') fail(message.why);
    });
    host.on('error', (error) => {
      fail(String(error));
    });
    host.once('exit', (code, signal) => {
      fail(`the engine host ended with ${String(code ?? signal)}`);
    });
    host.send(plan, () => undefined);
  });
}

/** Lets go of the host, which then stops everything and ends. */
async function endHost(host: ChildProcess): Promise<void> {
  if (hasEnded(host)) return;
  host.ref();
  const gone = new Promise<true>((resolve) => {
    host.once('exit', () => {
      resolve(true);
    });
  });
  if (host.connected) host.disconnect();
  if (await Promise.race([gone, sleep(STOP_WITHIN_MS, false, { ref: false })])) return;
  host.kill('SIGKILL');
  await gone;
}

function hasEnded(host: ChildProcess): boolean {
  return host.exitCode !== null || host.signalCode !== null || host.pid === undefined;
}
