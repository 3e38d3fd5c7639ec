/**
 * The sandbox's own time, for when it runs alone: bills come the day after and cards take days, and nobody who tests an
 * integration wants to wait for that. Business time runs at a rate and can be set forward; it never goes back.
 */
import type { Clock } from '../domain/clock.ts';

export interface TurnableClock extends Clock {
  /** Business seconds per wall second; 0: time stands still unless it is turned. */
  readonly rate: number;
  /** Sets business time forward to the instant. One that is past changes nothing. */
  turnTo(instant: Date): void;
}

export interface TurnableClockOptions {
  /** Business time at first; the wall's when absent. */
  readonly start?: Date;
  /** 1 when absent. */
  readonly rate?: number;
  /** The host's instant; the system clock when absent. */
  readonly wallNow?: () => Date;
}

export function turnableClock(o: TurnableClockOptions = {}): TurnableClock {
  const { rate = 1, wallNow = () => new Date() } = o;
  let wallAtMs = wallNow().getTime();
  let businessAtMs = o.start?.getTime() ?? wallAtMs;
  const nowMs = (): number => businessAtMs + (wallNow().getTime() - wallAtMs) * rate;
  return {
    rate,
    now: () => new Date(nowMs()),
    wallNow,
    toWallMs: (businessMs) => {
      if (businessMs <= 0) return 0;
      return rate === 0 ? Number.POSITIVE_INFINITY : businessMs / rate;
    },
    turnTo: (instant) => {
      const targetMs = instant.getTime();
      if (targetMs <= nowMs()) return;
      wallAtMs = wallNow().getTime();
      businessAtMs = targetMs;
    },
  };
}

/** Whether this clock may be turned: one that is shared with others must not be. */
export function isTurnable(clock: Clock): clock is TurnableClock {
  return 'turnTo' in clock;
}
