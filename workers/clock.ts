/** Real clocks: the only place besides tests where the system clock is read. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';

export function systemClock(): Clock {
  return { now: () => new Date(), wallNow: () => new Date(), toWallMs: (businessMs) => businessMs };
}

/** What several processes must share to read the same virtual time. */
export interface VirtualTime {
  /** The business instant at the epoch, ms since 1970. */
  readonly originMs: number;
  /** The wall instant at which business time stood at the origin, ms since 1970. */
  readonly epochMs: number;
  /** Business seconds per wall second. */
  readonly rate: number;
}

/** A clock on which days pass in seconds. Demo and tests only: production configuration refuses it. */
export function virtualClock(time: VirtualTime): Clock {
  return {
    now: () => new Date(time.originMs + (Date.now() - time.epochMs) * time.rate),
    wallNow: () => new Date(),
    toWallMs: (businessMs) => businessMs / time.rate,
  };
}

/** Waits until the clock shows `instant`. */
export async function sleepUntil(clock: Clock, instant: Date, signal?: AbortSignal): Promise<void> {
  const waitMs = clock.toWallMs(instant.getTime() - clock.now().getTime());
  if (waitMs > 0) await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
}
