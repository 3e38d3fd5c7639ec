/**
 * Flags are raised by sweeps: where nobody sweeps, a refund that is late looks as if it were in time. Whoever reads the
 * flags is told so, from the books alone: neither scheduler nor Temporal need be there to say it.
 */
import type { Clock } from '../clock.ts';

/** Overdue refunds are looked for at the start of each hour of business time. */
export const SWEEP_EVERY_MS = 3_600_000;

/** Without a finished sweep for longer than this (business time), flags may be missing. */
export const SWEEP_LATE_AFTER_MS = 3 * SWEEP_EVERY_MS;

/** A sweep may take so long on the wall, however fast business time passes. */
const WALL_GRACE_MS = 60_000;

/** Whether flags may be missing at the clock's present instant; `since` is null where there is nothing to sweep. */
export function sweepIsLate(since: Date | null, clock: Clock): boolean {
  if (since === null) return false;
  const passedMs = clock.now().getTime() - since.getTime();
  return passedMs > SWEEP_LATE_AFTER_MS && clock.toWallMs(passedMs) > WALL_GRACE_MS;
}
