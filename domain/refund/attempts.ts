/** What is known of the attempts to put a refund to its channel: which are open, which were held, how many stayed silent. */
import type { AttemptHeld, Observation } from './observation.ts';
import { observationKey } from './observation.ts';

/**
 * An attempt is open until the channel answered that very attempt in plain words, or said at least `graceMs` after
 * the attempt began that it knows no such refund.
 */
export function hasOpenAttempt(observations: readonly Observation[]): boolean {
  const answered = new Set<number>();
  let voidBefore = Number.NEGATIVE_INFINITY;
  for (const one of observations) {
    if (one.kind === 'attempt_held' || one.kind === 'attempt_refused') answered.add(one.attempt);
    if (one.kind === 'channel_absent') voidBefore = Math.max(voidBefore, Date.parse(one.at) - one.graceMs);
  }
  return observations.some(
    (one) =>
      (one.kind === 'attempt_started' || one.kind === 'attempt_unknown') &&
      !answered.has(one.attempt) &&
      startOf(one.attempt, observations, one.at) > voidBefore,
  );
}

/**
 * Whether so many attempts in a row have ended without a word that a person has to find out. Attempts are counted, never
 * time; the limit is the channel's, written down with its word that it knows no such refund. Any plain word about an
 * attempt begins the count anew. While an attempt is open nothing of the kind can be said.
 */
export function silentForTooLong(observations: readonly Observation[]): boolean {
  const limits = observations.flatMap((one) =>
    one.kind === 'channel_absent' && one.silentAttemptsMax !== undefined ? [one.silentAttemptsMax] : [],
  );
  return limits.length > 0 && silentAttempts(observations) >= Math.min(...limits);
}

/** The attempts after the last one that the channel answered in plain words. */
function silentAttempts(observations: readonly Observation[]): number {
  const begun = new Set<number>();
  let answered = 0;
  for (const one of observations) {
    if (one.kind === 'attempt_started' || one.kind === 'attempt_unknown') begun.add(one.attempt);
    if (one.kind === 'attempt_held' || one.kind === 'attempt_refused')
      answered = Math.max(answered, one.attempt);
    if (one.kind === 'channel_absent' && one.notDone !== undefined)
      answered = Math.max(answered, ...begunBy(one.at, observations));
  }
  return [...begun].filter((attempt) => attempt > answered).length;
}

/** "Turned away for now", said to a question, is a plain word about every attempt that had begun by then. */
function begunBy(at: string, observations: readonly Observation[]): readonly number[] {
  return observations.flatMap((one) =>
    one.kind === 'attempt_started' && Date.parse(one.at) <= Date.parse(at) ? [one.attempt] : [],
  );
}

/** When the newest attempt ended without an answer; where nobody saw its end, when it began. Null before the first. */
export function newestAttemptAt(observations: readonly Observation[]): Date | null {
  const attempts = observations.flatMap((one) =>
    one.kind === 'attempt_started' || one.kind === 'attempt_unknown' ? [one] : [],
  );
  const newest = Math.max(...attempts.map(({ attempt }) => attempt));
  const instants = attempts.filter(({ attempt }) => attempt === newest).map(({ at }) => Date.parse(at));
  return instants.length === 0 ? null : new Date(Math.max(...instants));
}

/** When an attempt began: its own record, or where only its end is known, that end. */
function startOf(attempt: number, observations: readonly Observation[], fallback: string): number {
  const started = observations
    .filter((one) => one.kind === 'attempt_started' && one.attempt === attempt)
    .map((one) => Date.parse(one.at));
  return started.length === 0 ? Date.parse(fallback) : Math.min(...started);
}

/** The hold of the highest attempt: later attempts replace what earlier ones were told. */
export function lastHold(observations: readonly Observation[]): AttemptHeld | undefined {
  return observations
    .filter((one) => one.kind === 'attempt_held')
    .reduce<AttemptHeld | undefined>(
      (last, one) => (last === undefined || supersedes(one, last) ? one : last),
      undefined,
    );
}

/** A total order on holds, so that the choice does not depend on the order of arrival. */
function supersedes(one: AttemptHeld, other: AttemptHeld): boolean {
  if (one.attempt !== other.attempt) return one.attempt > other.attempt;
  return observationKey(one) > observationKey(other);
}
