import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateLimiter } from '../../channels/rate-limit.ts';
import { createRateLimiter } from '../../channels/rate-limit.ts';
import type { VirtualTime } from './virtual-time.ts';
import { virtualTime } from './virtual-time.ts';

const SECOND_MS = 1_000;

interface Limits {
  readonly good?: number;
  readonly failing?: number;
  readonly waitingMax?: number;
}

function limiter(time: VirtualTime, o: Limits = {}): RateLimiter {
  return createRateLimiter({
    goodPerSecond: o.good ?? 150,
    failingPerSecond: o.failing ?? 6,
    waitingMax: o.waitingMax ?? 1_000,
    nowMs: time.nowMs,
    sleep: time.sleep,
  });
}

/** One call that takes `lastsMs` and ends well or not; writes down when it began and, if it failed, when it ended. */
async function call(
  turns: RateLimiter,
  time: VirtualTime,
  log: { began: number[]; failed: number[] },
  o: { lastsMs: number; good: boolean },
): Promise<void> {
  await turns.turn();
  log.began.push(time.nowMs());
  if (o.lastsMs > 0) await time.sleep(o.lastsMs);
  if (!o.good) log.failed.push(time.nowMs());
  turns.ended(o.good);
}

/** The most that lie within any one second of these instants, which are in order. */
function mostInASecond(instants: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, at] of instants.entries()) {
    while (at - (instants[from] ?? at) >= SECOND_MS) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

describe('F11: the limit of calls to a channel', () => {
  test('lets a second’s worth go at once', async () => {
    const time = virtualTime();
    const turns = limiter(time);

    for (let turn = 0; turn < 150; turn += 1) await turns.turn();

    expect(time.nowMs()).toBe(0);
  });

  test('makes the call after a second’s worth wait until the second is over, and not longer', async () => {
    const time = virtualTime();
    const turns = limiter(time);
    for (let turn = 0; turn < 150; turn += 1) await turns.turn();
    let went = false;
    const next = turns.turn().then(() => {
      went = true;
    });

    await time.pass(SECOND_MS - 1);
    expect(went).toBe(false);

    await time.pass(1);
    expect(went).toBe(true);
    await next;
  });

  test('a long pause saves up no more than one second’s worth', async () => {
    const time = virtualTime();
    const turns = limiter(time, { good: 10 });
    const log = { began: [] as number[], failed: [] as number[] };
    await time.pass(3_600_000);

    const calls = Array.from({ length: 40 }, () => call(turns, time, log, { lastsMs: 0, good: true }));
    await time.pass(10 * SECOND_MS);
    await Promise.all(calls);

    expect(log.began).toHaveLength(40);
    expect(mostInASecond(log.began)).toBe(10);
  });

  test('never lets more than the channel’s number through in any second, whatever comes when', async () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), arrivals, async (perSecond, pauses) => {
        const time = virtualTime();
        const turns = limiter(time, { good: perSecond });
        const log = { began: [] as number[], failed: [] as number[] };
        const calls: Promise<void>[] = [];
        for (const pause of pauses) {
          // Half of the pauses are none, so that crowds form.
          if (pause > 200) await time.pass(pause);
          calls.push(call(turns, time, log, { lastsMs: 0, good: true }));
        }
        await time.pass((pauses.length / perSecond + 1) * SECOND_MS);
        await Promise.all(calls);

        expect(log.began).toHaveLength(pauses.length);
        expect(mostInASecond(log.began)).toBeLessThanOrEqual(perSecond);
      }),
      { numRuns: 60 },
    );
  });

  test('never sees more than 6 failing calls a second while they come one after the other', async () => {
    const outcomes = fc.array(fc.record({ lastsMs: fc.integer({ min: 0, max: 90 }), good: fc.boolean() }), {
      minLength: 1,
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(outcomes, async (ends) => {
        const time = virtualTime();
        const turns = limiter(time);
        const log = { began: [] as number[], failed: [] as number[] };
        const all = (async () => {
          for (const end of ends) await call(turns, time, log, end);
        })();
        await time.pass(ends.length * 2 * SECOND_MS);
        await all;

        expect(mostInASecond(log.failed)).toBeLessThanOrEqual(6);
      }),
      { numRuns: 60 },
    );
  });

  test('a crowd that fails together is paid back before anybody goes: on average 6 failing calls a second', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 7, max: 64 }), async (crowd) => {
        const time = virtualTime();
        const turns = limiter(time);
        const log = { began: [] as number[], failed: [] as number[] };
        const round = () =>
          Array.from({ length: crowd }, () => call(turns, time, log, { lastsMs: 50, good: false }));
        const first = round();
        await time.pass(60);

        // One second's worth is free; what is beyond it is paid with a second for every six.
        const payBackMs = (Math.ceil((crowd + 1) / 6) - 1) * SECOND_MS;
        const next = call(turns, time, log, { lastsMs: 0, good: true });
        await time.pass(20 * SECOND_MS);
        await Promise.all([...first, next]);

        expect(log.failed).toHaveLength(crowd);
        expect((log.began.at(-1) ?? 0) - 50).toBeGreaterThanOrEqual(payBackMs);
      }),
      { numRuns: 30 },
    );
  });

  test('good calls cost nothing of what failing ones may', async () => {
    const time = virtualTime();
    const turns = limiter(time);

    for (let turn = 0; turn < 140; turn += 1) {
      await turns.turn();
      turns.ended(true);
    }

    expect(time.nowMs()).toBe(0);
    expect(time.sleeping()).toBe(0);
  });

  test('five failing calls slow nobody down; after the sixth everybody waits', async () => {
    const time = virtualTime();
    const turns = limiter(time);
    for (let turn = 0; turn < 6; turn += 1) {
      await turns.turn();
      turns.ended(false);
    }
    let went = false;
    const next = turns.turn().then(() => {
      went = true;
    });

    await time.pass(SECOND_MS - 1);
    expect(went).toBe(false);

    await time.pass(1);
    await next;
  });
});

describe('who waits for a turn', () => {
  test('goes in the order of coming', async () => {
    const time = virtualTime();
    const turns = limiter(time, { good: 3 });
    const went: number[] = [];
    const all = Array.from({ length: 12 }, async (_none, index) => {
      await turns.turn();
      went.push(index);
    });

    await time.pass(5 * SECOND_MS);
    await Promise.all(all);

    expect(went).toEqual(Array.from({ length: 12 }, (_none, index) => index));
  });

  test('I19: is one of a bounded number; the next is told that the channel is busy', async () => {
    const time = virtualTime();
    const turns = limiter(time, { good: 1, waitingMax: 2 });
    await turns.turn();
    const waiting = [turns.turn(), turns.turn()];

    await expect(turns.turn()).rejects.toMatchObject({ code: 'channel_busy', details: { waiting: 2 } });

    await time.pass(3 * SECOND_MS);
    await Promise.all(waiting);
    await expect(turns.turn()).resolves.toBeUndefined();
  });

  test('may give up, is told that the channel is busy, and makes room', async () => {
    const time = virtualTime();
    const turns = limiter(time, { good: 1, waitingMax: 1 });
    await turns.turn();
    const stop = new AbortController();
    const waiting = turns.turn(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'channel_busy' });

    const after = turns.turn();
    await time.pass(SECOND_MS);

    await expect(after).resolves.toBeUndefined();
  });

  test('and gives up takes nobody’s turn', async () => {
    const time = virtualTime();
    const turns = limiter(time, { good: 1 });
    await turns.turn();
    const stop = new AbortController();
    const first = turns.turn(stop.signal);
    const second = turns.turn();
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'channel_busy' });

    await time.pass(SECOND_MS);

    await expect(second).resolves.toBeUndefined();
  });
});

describe('a clock that an operator sets', () => {
  test.each([-86_400_000, -3_600_000, -1])('F85: back by %d ms makes nobody wait for it', async (jump) => {
    const time = virtualTime(1_795_487_400_000);
    const turns = limiter(time, { good: 2 });
    await turns.turn();
    await turns.turn();
    time.jump(jump);
    const next = turns.turn();

    await time.pass(2 * SECOND_MS);

    await expect(next).resolves.toBeUndefined();
  });

  test('F85: forward by a day gives one second’s worth and no more', async () => {
    const time = virtualTime(1_795_487_400_000);
    const turns = limiter(time, { good: 5 });
    for (let turn = 0; turn < 5; turn += 1) await turns.turn();
    time.jump(86_400_000);
    const log = { began: [] as number[], failed: [] as number[] };

    const calls = Array.from({ length: 12 }, () => call(turns, time, log, { lastsMs: 0, good: true }));
    await time.pass(3 * SECOND_MS);
    await Promise.all(calls);

    expect(mostInASecond(log.began)).toBe(5);
  });
});
