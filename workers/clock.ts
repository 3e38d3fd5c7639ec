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

export interface VirtualClock extends Clock {
  /** What another process must know to read the same time from now on. */
  time(): VirtualTime;
  /** Business seconds per wall second from now on; the present instant stays what it is. */
  setRate(rate: number): void;
}

/** A clock on which days pass in seconds. Demo and tests only: production configuration refuses it. */
export function virtualClock(begun: VirtualTime): VirtualClock {
  let time = begun;
  const nowMs = (wallMs: number): number => time.originMs + (wallMs - time.epochMs) * time.rate;
  return {
    now: () => new Date(nowMs(Date.now())),
    wallNow: () => new Date(),
    toWallMs: (businessMs) => businessMs / time.rate,
    time: () => time,
    setRate: (rate) => {
      const epochMs = Date.now();
      time = { originMs: nowMs(epochMs), epochMs, rate };
    },
  };
}

/** Real time, unless the configuration names a virtual one. */
export function clockFor(virtualTime: VirtualTime | null): Clock {
  return virtualTime === null ? systemClock() : virtualClock(virtualTime);
}

/** The longest sleep without a look at the clock: its rate may change meanwhile. */
const SLEEP_MAX_MS = 250;

/** Waits until the clock shows `instant`. */
export async function sleepUntil(clock: Clock, instant: Date, signal?: AbortSignal): Promise<void> {
  const waitMs = (): number => clock.toWallMs(instant.getTime() - clock.now().getTime());
  for (let left = waitMs(); left > 0; left = waitMs())
    await sleep(Math.min(left, SLEEP_MAX_MS), undefined, signal === undefined ? {} : { signal });
}
