/** Keeping under a channel's limits before it has to refuse: token buckets on wall time, one set per account. */
import { AppError } from '../domain/errors.ts';

export interface RateLimiter {
  /** Waits for a turn. @throws AppError `channel_busy` when too many wait already, or the wait was aborted */
  turn(signal?: AbortSignal): Promise<void>;
  /** Tells how a call ended: channels allow far fewer failing calls than good ones. */
  ended(good: boolean): void;
}

export interface RateLimitOptions {
  readonly goodPerSecond: number;
  readonly failingPerSecond: number;
  /** Calls that may wait for a turn at once. */
  readonly waitingMax: number;
  /** Milliseconds of a clock that never jumps. */
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

interface Bucket {
  readonly perSecond: number;
  tokens: number;
  atMs: number;
}

export function createRateLimiter(o: RateLimitOptions): RateLimiter {
  const bucket = (perSecond: number): Bucket => ({ perSecond, tokens: perSecond, atMs: o.nowMs() });
  const good = bucket(o.goodPerSecond);
  const failing = bucket(o.failingPerSecond);
  let waiting = 0;
  return {
    turn: async (signal) => {
      if (waiting >= o.waitingMax) throw new AppError('channel_busy', { waiting });
      waiting += 1;
      try {
        for (;;) {
          refill(good, o.nowMs());
          refill(failing, o.nowMs());
          const waitMs = Math.max(shortfallMs(good), shortfallMs(failing));
          if (waitMs === 0) break;
          await o.sleep(waitMs, signal);
        }
        good.tokens -= 1;
      } finally {
        waiting -= 1;
      }
    },
    ended: (wasGood) => {
      if (wasGood) return;
      refill(failing, o.nowMs());
      failing.tokens -= 1;
    },
  };
}

function refill(bucket: Bucket, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.tokens = Math.min(bucket.perSecond, bucket.tokens + (passedMs / 1_000) * bucket.perSecond);
  bucket.atMs = nowMs;
}

/** How long until one token is there. */
function shortfallMs(bucket: Bucket): number {
  return bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / bucket.perSecond) * 1_000);
}
