/**
 * How fast the month passes: as fast as this machine can carry it. A clock that outruns the workers would show their
 * lateness and not the channels'.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { VirtualClock } from '../../workers/clock.ts';

const DAY_S = 86_400;

/** Business seconds per wall second. Half a day at first: every machine that was tried carries that when it is idle. */
export const RATE_AT_FIRST = DAY_S / 2;
/** Faster, and the waits that are counted in wall time (a poll at most every second) would be days long. */
const RATE_MAX = DAY_S;
const RATE_MIN = DAY_S / 20;

const LOOK_EVERY_MS = 500;

/** A task that has waited longer than this, wall time, says that the workers are behind. */
const BEHIND_MS = 1_000;
/** Under this they keep up and could do more. */
const AHEAD_MS = 250;

/** The rate after a look at the oldest waiting task: down quickly, up slowly. */
export function nextRate(rate: number, oldestTaskMs: number): number {
  if (oldestTaskMs > BEHIND_MS) return Math.max(RATE_MIN, rate * 0.7);
  if (oldestTaskMs < AHEAD_MS) return Math.min(RATE_MAX, rate * 1.06);
  return rate;
}

/** Looks until it is stopped. A look that gets no answer changes nothing: an engine may be away for a moment. */
export function keepPace(
  clock: VirtualClock,
  oldestTaskMs: () => Promise<number>,
): { readonly stop: () => Promise<void> } {
  const stopped = new AbortController();
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      const age = await oldestTaskMs().catch(() => null);
      if (age !== null) clock.setRate(nextRate(clock.time().rate, age));
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await looking;
    },
  };
}
