/** One engine that is started again, on the same port with the same data, whenever it ends by itself. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustBeFree } from './free-port.ts';
import type { EngineName } from './host-messages.ts';

const MINUTE_MS = 60_000;

/** How often, and how soon, an engine that ended by itself is started again. */
export interface RestartLimits {
  /** An engine that has to be started more often than this within a minute is given up. */
  readonly perMinuteMax: number;
  /** Before the first restart of a minute; it doubles with every further one. */
  readonly firstPauseMs: number;
  readonly pauseMsMax: number;
}

/**
 * Fifteen restarts take over half a minute: as long as the statements of a killed Postgres may go on and keep the next
 * one from starting.
 */
const RESTARTS: RestartLimits = { perMinuteMax: 15, firstPauseMs: 100, pauseMsMax: 3_000 };

/** How much of what an engine says is kept for the message about its end. */
const SAID_CHARACTERS_MAX = 2_000;

export interface Engine {
  readonly name: EngineName;
  readonly port: number;
  /** The signal with which it stops in order, and how long it may take before it is killed. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopWithinMs: number;
  spawn(): ChildProcess;
  /** Resolves when it can be used; rejects when `died` says that it never will. */
  ready(died: () => boolean): Promise<void>;
}

export interface Watcher {
  /** Has just been spawned; it is not ready yet. */
  spawned(name: EngineName, pid: number): Promise<void>;
  ready(name: EngineName, pid: number): void;
  log(line: string): void;
  gaveUp(why: string): void;
}

export class KeptEngine {
  readonly #engine: Engine;
  readonly #watcher: Watcher;
  readonly #limits: RestartLimits;
  readonly #restartedAt: number[] = [];
  #child: ChildProcess | null = null;
  #stopping = false;

  constructor(engine: Engine, watcher: Watcher, limits: RestartLimits = RESTARTS) {
    this.#engine = engine;
    this.#watcher = watcher;
    this.#limits = limits;
  }

  /** Resolves when the engine can be used. @throws Error with what it said when it could not be started. */
  async start(): Promise<void> {
    await this.#launch();
  }

  /** Stops it in order, or else by force, and for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<true>((resolve) => {
      child.once('exit', () => {
        resolve(true);
      });
    });
    child.kill(this.#engine.stopSignal);
    const late = sleep(this.#engine.stopWithinMs, false, { ref: false });
    if (await Promise.race([gone, late])) return;
    this.#watcher.log(`${this.#engine.name} did not stop by itself and is killed`);
    child.kill('SIGKILL');
    await gone;
  }

  async #launch(): Promise<void> {
    await mustBeFree(this.#engine.port);
    if (this.#stopping) throw new Error('stopping');
    const child = this.#engine.spawn();
    const state = { dead: false, ready: false, said: '' };
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      state.said = (state.said + text).slice(-SAID_CHARACTERS_MAX);
    });
    const ended = (): void => {
      if (state.dead) return;
      state.dead = true;
      if (this.#child === child) this.#child = null;
      if (state.ready) void this.#revive();
    };
    child.once('exit', ended);
    child.once('error', (error) => {
      state.said = String(error);
      ended();
    });
    if (child.pid !== undefined) await this.#watcher.spawned(this.#engine.name, child.pid);
    try {
      await this.#engine.ready(() => state.dead);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${String(error)} ${state.said}`.trim(), { cause: error });
    }
    this.#watcher.ready(this.#engine.name, child.pid ?? 0);
    state.ready = true;
    // It may have ended between its answer and here, when nobody was told.
    if (state.dead) void this.#revive();
  }

  async #revive(): Promise<void> {
    while (!this.#stopping) {
      const now = performance.now();
      const recent = this.#restartedAt.filter((at) => now - at < MINUTE_MS);
      if (recent.length >= this.#limits.perMinuteMax) {
        const often = `${String(recent.length)} restarts within a minute`;
        this.#watcher.gaveUp(`${this.#engine.name} does not stay up: ${often}`);
        return;
      }
      this.#restartedAt.splice(0, Infinity, ...recent, now);
      const { firstPauseMs, pauseMsMax } = this.#limits;
      await sleep(Math.min(firstPauseMs * 2 ** recent.length, pauseMsMax));
      try {
        await this.#launch();
        this.#watcher.log(`${this.#engine.name} ended and was started again`);
        return;
      } catch (error) {
        if (!this.#stopping) this.#watcher.log(`${this.#engine.name} is not back yet: ${firstLine(error)}`);
      }
    }
  }
}

function firstLine(error: unknown): string {
  return String(error).split('\n')[0] ?? '';
}
