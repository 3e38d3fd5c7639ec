/**
 * A bound on what strangers can make us keep: so many refused callbacks per account and minute are stored, the rest are
 * counted. Whoever floods an address fills no table.
 */
import type { Clock } from '../domain/clock.ts';

const MINUTE_MS = 60_000;

export interface RefusedBudget {
  /** Whether this refused callback is still to be stored. */
  take(accountId: string): boolean;
}

interface Minute {
  readonly endsAtMs: number;
  taken: number;
  dropped: number;
}

/** `onDropped` hears, once the minute is over, how many were only counted. Accounts are configured, so the map is small. */
export function refusedBudget(
  clock: Clock,
  perMinute: number,
  onDropped: (accountId: string, dropped: number) => void,
): RefusedBudget {
  const minutes = new Map<string, Minute>();
  return {
    take: (accountId) => {
      const nowMs = clock.wallNow().getTime();
      let minute = minutes.get(accountId);
      if (minute === undefined || minute.endsAtMs <= nowMs) {
        if (minute !== undefined && minute.dropped > 0) onDropped(accountId, minute.dropped);
        minute = { endsAtMs: nowMs + MINUTE_MS, taken: 0, dropped: 0 };
        minutes.set(accountId, minute);
      }
      if (minute.taken >= perMinute) {
        minute.dropped += 1;
        return false;
      }
      minute.taken += 1;
      return true;
    },
  };
}
