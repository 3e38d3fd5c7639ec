/** F80: a sweep that nobody runs raises no flags, so its absence itself is said. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../domain/clock.ts';
import { SWEEP_EVERY_MS, SWEEP_LATE_AFTER_MS, sweepIsLate } from '../../../domain/overdue/sweep-watch.ts';

const SINCE = new Date('2026-11-24T02:00:00Z');

function clockAfter(businessMs: number, rate = 1): Clock {
  const now = new Date(SINCE.getTime() + businessMs);
  return { now: () => now, wallNow: () => now, toWallMs: (ms) => ms / rate };
}

describe('F80 the watch over the overdue sweep', () => {
  test('is silent for three sweeps’ time, that instant included, and speaks from then on', () => {
    expect(SWEEP_LATE_AFTER_MS).toBe(3 * SWEEP_EVERY_MS);
    expect(sweepIsLate(SINCE, clockAfter(SWEEP_LATE_AFTER_MS))).toBe(false);
    expect(sweepIsLate(SINCE, clockAfter(SWEEP_LATE_AFTER_MS + 1))).toBe(true);
  });

  test('gives a sweep a minute of the wall where days pass in seconds', () => {
    const dayPerSecond = 86_400;
    expect(sweepIsLate(SINCE, clockAfter(60_000 * dayPerSecond, dayPerSecond))).toBe(false);
    expect(sweepIsLate(SINCE, clockAfter(60_000 * dayPerSecond + dayPerSecond, dayPerSecond))).toBe(true);
  });

  test('is silent where there is nothing to sweep', () => {
    expect(sweepIsLate(null, clockAfter(0))).toBe(false);
  });
});
