/**
 * How late a refund is, in levels. Each is earned at an instant of the refund's own plan, and only while there is no
 * evidence that the payer has the money. This table is the one place that says so: the store builds its SQL from it.
 */

/** The instants of a plan from which the levels are earned; null before there is a plan. */
export interface Deadlines {
  readonly promiseAt: Date | null;
  readonly alarmAt: Date | null;
  readonly escalateAt: Date | null;
}

interface OverdueLevel {
  readonly level: 1 | 2 | 3;
  readonly name: string;
  /** The instant from which on it is earned, that instant included. */
  readonly from: keyof Deadlines;
}

/**
 * Lowest first. `promise_missed`: later than the payer was told. `alarm`: late even for a slow bank, somebody looks into
 * it. `escalated`: who was asked has not put it right in time, so somebody else takes it up.
 */
export const OVERDUE_LEVELS = [
  { level: 1, name: 'promise_missed', from: 'promiseAt' },
  { level: 2, name: 'alarm', from: 'alarmAt' },
  { level: 3, name: 'escalated', from: 'escalateAt' },
] as const satisfies readonly OverdueLevel[];

export type OverdueLevelName = (typeof OVERDUE_LEVELS)[number]['name'];

export const OVERDUE_LEVEL_NAMES = [
  'promise_missed',
  'alarm',
  'escalated',
] as const satisfies readonly OverdueLevelName[];

/** The highest level; a refund that has it earns no other. */
export const HIGHEST_LEVEL = 3;

/** The level that a refund without evidence has earned at `now`; 0 while it is in time, or has no plan yet. */
export function earnedLevel(deadlines: Deadlines, now: Date): 0 | 1 | 2 | 3 {
  return OVERDUE_LEVELS.findLast(({ from }) => hasPassed(deadlines[from], now))?.level ?? 0;
}

function hasPassed(deadline: Date | null, now: Date): boolean {
  return deadline !== null && deadline.getTime() <= now.getTime();
}

/** What a stored level is called; null for 0, which is no flag. */
export function levelName(level: number): OverdueLevelName | null {
  return OVERDUE_LEVELS.find((one) => one.level === level)?.name ?? null;
}

/**
 * The channel is asked before anybody is alarmed; a sweep asks about a limited number of refunds. One that could not be
 * asked about waits for the sweeps after it, and this long at most: after that the flag is raised, and says that it was
 * not asked. A flag that comes too early costs a look, one that comes too late a payer.
 */
export const UNASKED_AT_MOST_MS = 24 * 60 * 60 * 1000;
