/**
 * Cuts an activity at its n-th step. A step is everything that leaves the process: a connection that is taken, an SQL
 * statement, a call to the channel. A cut comes before the step took effect or after it, and is one of
 *
 *   killed    the process is gone: no answer ever comes, its connections break, nothing more is done
 *   failed    the connection broke: this step and all that follow on the same connection fail
 *   paused    the process stands still, and goes on when somebody lets it: a worker that was taken for dead
 */
import pg from 'pg';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { Channel } from '../../channels/channel.ts';
import type { Pool, Tx } from '../../store/pool.ts';

export interface Cut {
  /** Which step, counted from 1. */
  readonly step: number;
  readonly when: 'before' | 'after';
  readonly how: 'killed' | 'failed' | 'paused' | 'serialization failure';
}

export interface CutRun {
  readonly deps: ActivityDeps;
  /** What was done so far, in order. */
  readonly steps: readonly string[];
  /** Settles when the cut has been reached. */
  readonly reached: Promise<void>;
  /** Lets a paused run go on. */
  resume(): void;
}

export function cutRun(deps: ActivityDeps, channel: Channel, cut: Cut | null): CutRun {
  const steps: string[] = [];
  const open = new Set<Tx>();
  const reached = deferred();
  const resumed = deferred();
  let dead = false;

  const die = (): Promise<never> => {
    dead = true;
    for (const tx of open) tx.release(true);
    open.clear();
    reached.resolve();
    return silence();
  };
  const strike = async (how: Cut['how'], fault: () => Error): Promise<void> => {
    if (how === 'killed') await die();
    reached.resolve();
    if (how === 'paused') await resumed.promise;
    else throw how === 'failed' ? fault() : serializationFailure();
  };
  const step: Step = async (name, effect, fault) => {
    if (dead) return silence();
    steps.push(name);
    if (cut?.step !== steps.length) return effect();
    if (cut.when === 'before') await strike(cut.how, fault);
    const result = await effect();
    if (cut.when === 'after') await strike(cut.how, fault);
    return result;
  };
  return {
    steps,
    reached: reached.promise,
    resume: () => {
      resumed.resolve();
    },
    deps: {
      ...deps,
      pool: cutPool(deps.pool, step, open),
      channels: { ...deps.channels, get: () => cutChannel(channel, step) },
    },
  };
}

type Step = <T>(name: string, effect: () => Promise<T>, fault: () => Error) => Promise<T>;

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function silence(): Promise<never> {
  return new Promise(() => undefined);
}

function connectionBroke(): Error {
  return Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
}

function serializationFailure(): Error {
  const error = new pg.DatabaseError('could not serialize access due to concurrent update', 0, 'error');
  error.code = '40001';
  return error;
}

type Query = (text: string, values?: unknown[]) => Promise<unknown>;

function nameOf(text: string): string {
  return text.trim().split(/\s+/).slice(0, 4).join(' ');
}

function cutPool(pool: Pool, step: Step, open: Set<Tx>): Pool {
  const query: Query = (text, values) => step(nameOf(text), () => pool.query(text, values), connectionBroke);
  const connect = async (): Promise<Tx> => {
    let taken: Tx | undefined;
    const take = async (): Promise<Tx> => {
      taken = await pool.connect();
      open.add(taken);
      return taken;
    };
    const breaks = (): Error => {
      if (taken !== undefined && open.delete(taken)) taken.release(true);
      return connectionBroke();
    };
    return cutClient(await step('connect', take, breaks), step, open);
  };
  return standIn(pool, { query, connect });
}

function cutClient(tx: Tx, step: Step, open: Set<Tx>): Tx {
  let broken = false;
  const query: Query = async (text, values) => {
    if (broken) throw connectionBroke();
    return step(
      nameOf(text),
      () => tx.query(text, values),
      () => {
        broken = true;
        return connectionBroke();
      },
    );
  };
  const release = (destroy?: boolean | Error): void => {
    if (open.delete(tx)) tx.release(broken || destroy);
  };
  return standIn(tx, { query, release });
}

/** A channel's faults are answers: one that broke is an unknown outcome. */
class ChannelBroke extends Error {}

function cutChannel(channel: Channel, step: Step): Channel {
  const call = async <T>(name: string, effect: () => Promise<T>): Promise<T | Unknown> => {
    try {
      return await step(name, effect, () => new ChannelBroke());
    } catch (error) {
      if (!(error instanceof ChannelBroke)) throw error;
      return { outcome: 'unknown', why: 'ECONNRESET', responseId: null };
    }
  };
  return {
    ...channel,
    submitRefund: (order) => call('submitRefund', () => channel.submitRefund(order)),
    queryRefund: (order) => call('queryRefund', () => channel.queryRefund(order)),
    queryPayment: (payment) => call('queryPayment', () => channel.queryPayment(payment)),
  };
}

interface Unknown {
  readonly outcome: 'unknown';
  readonly why: string;
  readonly responseId: null;
}

/** The thing itself, with some of its methods replaced. The pool's own are fixed, so that it stands behind, not below. */
function standIn<T extends object>(thing: T, replaced: Readonly<Record<string, unknown>>): T {
  return new Proxy({} as T, {
    get: (_target, name) => {
      if (typeof name === 'string' && Object.hasOwn(replaced, name)) return replaced[name];
      const value: unknown = Reflect.get(thing, name, thing);
      return typeof value === 'function' ? (value.bind(thing) as unknown) : value;
    },
  });
}
