/** The demo's month passes as fast as the machine can carry it: slower as soon as work waits, faster while none does. */
import { describe, expect, test } from 'vitest';
import type { Look, Pace } from '../../cli/demo/pace.ts';
import { keepPace, nextPace, RATE_AT_FIRST } from '../../cli/demo/pace.ts';
import { virtualClock } from '../../workers/clock.ts';

const WAITS = 5_000;

const AT_FIRST: Pace = { rate: RATE_AT_FIRST, ceiling: 2 * RATE_AT_FIRST, waitedMs: 0 };

function rateAfter(
  ages: readonly number[],
  lookOf = (taskMs: number): Look => ({ taskMs, requestMs: 0 }),
): number {
  return ages.map(lookOf).reduce<Pace>((pace, look) => nextPace(pace, look), AT_FIRST).rate;
}

describe('the rate of the month', () => {
  test('falls at the first look at work that waits, and faster than it rises again', () => {
    expect(rateAfter([WAITS])).toBeLessThan(RATE_AT_FIRST);
    expect(rateAfter([WAITS, 0])).toBeLessThan(RATE_AT_FIRST);
    expect(rateAfter([0])).toBeGreaterThan(RATE_AT_FIRST);
  });

  test('rises slowly near the rate that was too much before, so that it stays under it for a while', () => {
    expect(rateAfter([WAITS, 0, 0, 0, 0])).toBeLessThan(RATE_AT_FIRST);
    expect(rateAfter([0, 0, 0, 0, 0])).toBeGreaterThan(1.3 * RATE_AT_FIRST);
  });

  test('falls further only while the wait grows, and rises quickly again to where the workers first fell behind', () => {
    const fallen = rateAfter([WAITS]);
    expect(rateAfter([WAITS, WAITS - 1, WAITS - 2])).toBe(fallen);
    const further = rateAfter([WAITS, WAITS + 1, WAITS + 2]);
    expect(further).toBeLessThan(0.5 * RATE_AT_FIRST);
    expect(rateAfter([WAITS, WAITS + 1, WAITS + 2, 0, 0, 0, 0])).toBeGreaterThan(1.4 * further);
  });

  test('stays where it is while work waits a little', () => {
    expect(rateAfter([500, 500])).toBe(RATE_AT_FIRST);
  });

  test('heeds a request that has no answer like a task that waits, and of both the older', () => {
    const ages = [WAITS, WAITS + 1, 0, 500, 0];
    expect(rateAfter(ages, (requestMs) => ({ taskMs: 0, requestMs }))).toBe(rateAfter(ages));
    expect(rateAfter(ages, (ms) => ({ taskMs: ms, requestMs: ms / 2 }))).toBe(rateAfter(ages));
    expect(rateAfter(ages, (ms) => ({ taskMs: ms / 2, requestMs: ms }))).toBe(rateAfter(ages));
  });

  test('never stands still, and is never more than a day a second', () => {
    const looks = Array.from({ length: 500 });
    expect(rateAfter(looks.map(() => WAITS))).toBeGreaterThanOrEqual(3_600);
    expect(rateAfter(looks.map(() => 0))).toBeLessThanOrEqual(86_400);
  });
});

describe('a clock that is kept at a pace', () => {
  test('goes on from the instant it shows, and tells other processes from where', () => {
    const clock = virtualClock({ originMs: 0, epochMs: Date.now() - 10_000, rate: 3_600 });
    const before = clock.now().getTime();

    clock.setRate(1);

    const after = clock.now().getTime();
    expect(after - before).toBeGreaterThanOrEqual(0);
    expect(after - before).toBeLessThan(3_600_000);
    const told = virtualClock(clock.time()).now().getTime();
    expect(Math.abs(told - clock.now().getTime())).toBeLessThan(1_000);
    expect(clock.toWallMs(1_000)).toBe(1_000);
  });

  test('slows down for a request without an answer though nobody can say what waits at Temporal', async () => {
    const clock = virtualClock({ originMs: 0, epochMs: Date.now(), rate: RATE_AT_FIRST });
    const pace = keepPace(
      clock,
      () => Promise.reject(new Error('away')),
      // An answer may take some seconds before it counts.
      () => 4_000 + WAITS,
    );
    await expect.poll(() => clock.time().rate, { timeout: 10_000 }).toBeLessThan(RATE_AT_FIRST);
    await pace.stop();
  });

  test('rises quickly again once there is less to do, past the rate at which the workers fell behind before', async () => {
    const clock = virtualClock({ originMs: 0, epochMs: Date.now(), rate: RATE_AT_FIRST });
    let [oldestMs, looks] = [WAITS, 0];
    const pace = keepPace(
      clock,
      () => {
        looks += 1;
        return Promise.resolve(oldestMs);
      },
      () => 0,
    );
    await expect.poll(() => clock.time().rate, { timeout: 10_000 }).toBeLessThan(RATE_AT_FIRST);

    pace.forgetCeiling();
    [oldestMs, looks] = [0, 0];

    await expect
      .poll(() => clock.time().rate, { interval: 20, timeout: 10_000 })
      .toBeGreaterThan(RATE_AT_FIRST);
    // Near the rate that was too much it would have taken twice as many.
    expect(looks).toBeLessThan(7);
    await pace.stop();
  });

  test('keeps its rate while nobody can say what waits, and after it was stopped', async () => {
    const clock = virtualClock({ originMs: 0, epochMs: Date.now(), rate: RATE_AT_FIRST });
    const answers = [() => Promise.reject(new Error('away')), () => Promise.resolve(WAITS)];
    let asked = 0;
    const pace = keepPace(
      clock,
      () => {
        asked += 1;
        return answers[Math.min(asked, answers.length) - 1]?.() ?? Promise.resolve(0);
      },
      () => 0,
    );
    await expect.poll(() => asked, { timeout: 10_000 }).toBe(1);
    expect(clock.time().rate).toBe(RATE_AT_FIRST);
    await expect.poll(() => clock.time().rate, { timeout: 10_000 }).toBeLessThan(RATE_AT_FIRST);

    await pace.stop();
    const rate = clock.time().rate;
    const looks = asked;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect([clock.time().rate, asked]).toEqual([rate, looks]);
  });
});
