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

/** A task or a request that has waited longer than this, wall time, says that the machine is behind. */
const BEHIND_MS = 1_000;
/** A request may take so long before its wait counts: an answer takes seconds where both processors are busy, and the month goes on. */
const PATIENCE_MS = 4_000;
/** Under this they keep up and could do more. */
const AHEAD_MS = 250;

export interface Pace {
  readonly rate: number;
  /** The rate at which the workers last fell behind: near it the rate rises slowly, far from it quickly. */
  readonly ceiling: number;
  /** How long the oldest had waited at the last look, wall ms. */
  readonly waitedMs: number;
}

/** What a look finds, wall ms. */
export interface Look {
  /** The age of the oldest task that waits for a worker. */
  readonly taskMs: number;
  /** The age of the oldest request that is due and has no answer. Where the API itself is slow, no task waits yet. */
  readonly requestMs: number;
}

/**
 * The pace after a look at the oldest that waits, task or request. While the machine catches up the pace stays: what waits was
 * caused by the rate before, and slowing down further would leave it without work afterwards.
 */
export function nextPace(pace: Pace, { taskMs, requestMs }: Look): Pace {
  const { rate, ceiling, waitedMs } = pace;
  const oldestMs = Math.max(taskMs, requestMs);
  const looked = { ...pace, waitedMs: oldestMs };
  if (oldestMs > BEHIND_MS) {
    if (oldestMs <= waitedMs) return looked;
    const slower = Math.max(RATE_MIN, rate * 0.7);
    return { ...looked, rate: slower, ceiling: waitedMs > BEHIND_MS ? ceiling : rate };
  }
  if (oldestMs > AHEAD_MS) return looked;
  const faster = Math.min(RATE_MAX, rate * (rate < ceiling * 0.85 ? 1.1 : 1.015));
  return { ...looked, rate: faster, ceiling: Math.max(ceiling, faster) };
}

export interface KeptPace {
  /** There is less to do from now on: where the workers fell behind before says nothing any more. */
  readonly forgetCeiling: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * Looks until it is stopped. A look that gets no answer changes nothing: an engine may be away for a moment. Neither does
 * an answer to the digit like the one before: Temporal keeps its figures for a few seconds. A request that waits too long
 * counts in either case.
 */
export function keepPace(
  clock: VirtualClock,
  oldestTaskMs: () => Promise<number>,
  oldestRequestMs: () => number,
): KeptPace {
  const stopped = new AbortController();
  let pace: Pace = { rate: clock.time().rate, ceiling: RATE_MAX, waitedMs: 0 };
  const looking = (async () => {
    let known: number | null = null;
    while (!stopped.signal.aborted) {
      const age = await oldestTaskMs().catch(() => null);
      const told = age !== null && (age !== known || age === 0);
      known = age ?? known;
      const requestMs = Math.max(0, oldestRequestMs() - PATIENCE_MS);
      if (told || requestMs > BEHIND_MS) {
        pace = nextPace(pace, { taskMs: known ?? 0, requestMs });
        clock.setRate(pace.rate);
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    forgetCeiling: () => {
      pace = { ...pace, ceiling: RATE_MAX };
    },
    stop: async () => {
      stopped.abort();
      await looking;
    },
  };
}
