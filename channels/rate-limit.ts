/** Keeping under a channel's limits before it has to refuse: counted over any second of wall time, one set per account. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';

export interface RateLimiter {
  /** Waits for a turn. @throws AppError `channel_busy` when too many wait already, or the wait was aborted */
  turn(signal?: AbortSignal): Promise<void>;
  /** Tells how a call ended: channels allow far fewer failing calls than good ones. */
  ended(good: boolean): void;
}

/** What a channel allows one account. */
interface RateLimits {
  readonly goodPerSecond: number;
  readonly failingPerSecond: number;
  /** Calls that may wait for a turn at once. */
  readonly waitingMax: number;
}

export interface RateLimitOptions extends RateLimits {
  /** Milliseconds. May be set back or forth; only what passes in between counts. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const SECOND_MS = 1_000;

/** A limiter that counts and waits in the wall time of `clock`. */
export function wallRateLimiter(limits: RateLimits, clock: Clock): RateLimiter {
  return createRateLimiter({
    ...limits,
    nowMs: () => clock.wallNow().getTime(),
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
  });
}

export function createRateLimiter(o: RateLimitOptions): RateLimiter {
  const nowMs = neverBackwards(o.nowMs);
  const began = createWindow(o.goodPerSecond);
  const failed = createWindow(o.failingPerSecond);
  let waiting = 0;
  const begin = async (signal?: AbortSignal): Promise<void> => {
    for (;;) {
      const now = nowMs();
      const freeAt = Math.max(began.freeAt(now), failed.freeAt(now));
      if (freeAt <= now) {
        // In the same breath as the look: nobody else may see the place free.
        began.enter(now);
        return;
      }
      await o.sleep(freeAt - now, signal);
    }
  };
  return {
    turn: async (signal) => {
      if (waiting >= o.waitingMax) throw new AppError('channel_busy', { waiting });
      waiting += 1;
      try {
        await begin(signal);
      } catch (error) {
        // Nothing was sent: whoever gave up may come again.
        throw new AppError('channel_busy', { waiting, why: 'the wait was given up' }, { cause: error });
      } finally {
        waiting -= 1;
      }
    },
    ended: (wasGood) => {
      if (!wasGood) failed.enter(nowMs());
    },
  };
}

/** At most so many entries within any second. */
interface Window {
  /** The earliest instant at which one more fits, not before `now`. */
  freeAt(now: number): number;
  /**
   * An entry that does not fit now is entered where it will: calls that were let through together may all fail, and that
   * debt is paid before anybody goes again.
   */
  enter(now: number): void;
}

function createWindow(perSecond: number): Window {
  // A ring of the latest entries: the one that is overwritten next is the oldest that still counts.
  const ring = Array.from({ length: perSecond }, () => Number.NEGATIVE_INFINITY);
  let next = 0;
  const freeAt = (now: number): number => Math.max(now, (ring[next] ?? Number.NEGATIVE_INFINITY) + SECOND_MS);
  return {
    freeAt,
    enter: (now) => {
      ring[next] = freeAt(now);
      next = (next + 1) % perSecond;
    },
  };
}

/** Time as the sum of what passed, so that a clock that is set back keeps nobody waiting. */
function neverBackwards(clockMs: () => number): () => number {
  let last = clockMs();
  let passed = 0;
  return () => {
    const now = clockMs();
    passed += Math.max(0, now - last);
    last = now;
    return passed;
  };
}
