import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateLimiter } from '../../channels/rate-limit.ts';
import { createRateLimiter } from '../../channels/rate-limit.ts';

/** A clock that only sleeping moves: each sleeper wakes in the order of its time. */
function virtualTime(): {
  nowMs: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  pass: (ms: number) => void;
} {
  let now = 0;
  return {
    nowMs: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) throw new Error('aborted');
      await Promise.resolve();
      now += ms;
    },
  };
}

function limiter(
  o: { good?: number; failing?: number; waitingMax?: number; time?: ReturnType<typeof virtualTime> } = {},
): RateLimiter {
  const { nowMs, sleep } = o.time ?? virtualTime();
  return createRateLimiter({
    goodPerSecond: o.good ?? 150,
    failingPerSecond: o.failing ?? 6,
    waitingMax: o.waitingMax ?? 1_000,
    nowMs,
    sleep,
  });
}

describe('F11: the limit of calls to a channel', () => {
  test('lets a second’s worth go at once', async () => {
    const time = virtualTime();
    const turns = limiter({ time });

    for (let call = 0; call < 150; call += 1) await turns.turn();

    expect(time.nowMs()).toBe(0);
  });

  test('never lets more through in any second than the channel allows, whatever the pauses between calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 120 }),
        async (perSecond, pauses) => {
          const time = virtualTime();
          const turns = limiter({ good: perSecond, time });
          const times: number[] = [];
          for (const pause of pauses) {
            time.pass(pause);
            await turns.turn();
            times.push(time.nowMs());
          }

          // A full bucket and one second's refill: never more than twice the rate in any second, and the rate on average.
          for (const [index, at] of times.entries()) {
            const within = times.slice(index).filter((later) => later - at < 1_000).length;
            expect(within).toBeLessThanOrEqual(2 * perSecond);
          }
          const spanSeconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
          expect(times.length).toBeLessThanOrEqual(perSecond + spanSeconds * perSecond + 1);
        },
      ),
    );
  });

  test('failing calls slow everything down long before good ones do', async () => {
    const time = virtualTime();
    const turns = limiter({ time });

    for (let call = 0; call < 30; call += 1) {
      await turns.turn();
      turns.ended(false);
    }

    // Six at once, then six a second.
    expect(time.nowMs()).toBeGreaterThanOrEqual(3_800);
  });

  test('good calls cost nothing of what failing ones may', async () => {
    const time = virtualTime();
    const turns = limiter({ time });

    for (let call = 0; call < 140; call += 1) {
      await turns.turn();
      turns.ended(true);
    }

    expect(time.nowMs()).toBe(0);
  });

  test('a clock that jumps back takes nothing away for ever', async () => {
    const time = virtualTime();
    const turns = limiter({ good: 2, time });
    await turns.turn();
    time.pass(-10_000);

    await turns.turn();
    await turns.turn();

    expect(time.nowMs()).toBeLessThan(0);
  });

  test('I19: only so many may wait; the next is told that the channel is busy', async () => {
    const never = new Promise<void>(() => undefined);
    const turns = createRateLimiter({
      goodPerSecond: 1,
      failingPerSecond: 1,
      waitingMax: 2,
      nowMs: () => 0,
      sleep: () => never,
    });
    await turns.turn();
    void turns.turn();
    void turns.turn();

    await expect(turns.turn()).rejects.toMatchObject({ code: 'channel_busy' });
  });

  test('a waiter that gives up makes room', async () => {
    const turns = createRateLimiter({
      goodPerSecond: 1,
      failingPerSecond: 1,
      waitingMax: 1,
      nowMs: () => 0,
      sleep: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    });
    await turns.turn();
    const stop = new AbortController();
    const waiting = turns.turn(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');

    const next = new AbortController();
    const after = turns.turn(next.signal);
    next.abort();
    await expect(after).rejects.toThrow('aborted');
  });
});
