/**
 * Which statements should be here and are not. A channel makes one of each kind for each day, also of a day on which nothing
 * happened (or says so); what has not come long after its time is a gap, with its date, until it comes.
 */
import type { PlainDate } from '../time/plain-date.ts';
import { addDays, beijingDateOf, beijingInstant } from '../time/plain-date.ts';
import type { StatementKind } from './statement.ts';

/** How long after its time a statement may come without anybody being told: channels are late by hours now and then. */
export const GAP_AFTER_MS = 12 * 3_600_000;

/** Channels keep their statements for three months: what is older cannot be had any more, and alerting of it helps nobody. */
export const GAP_LOOK_BACK_DAYS = 92;

export interface ExpectingAccount {
  readonly id: string;
  readonly kinds: readonly StatementKind[];
  /** How long after midnight the channel has made the statement of the day before. */
  readonly readyAfterMs: number;
  /** The first day of which a statement is expected; null while the account has none. */
  readonly since: PlainDate | null;
}

export interface StatementDayName {
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly billDate: PlainDate;
}

export interface StatementGap extends StatementDayName {
  /** When the channel should have had it. */
  readonly dueAt: Date;
  /** From when on it is a gap. */
  readonly alertAt: Date;
  /** Why the newest delivery was refused; null where none came. */
  readonly refusedCode: string | null;
}

export function gapKey({ accountId, kind, billDate }: StatementDayName): string {
  return `${accountId}/${kind}/${billDate}`;
}

/** The first day that is looked at. */
export function gapsFrom(now: Date): PlainDate {
  return addDays(beijingDateOf(now), -GAP_LOOK_BACK_DAYS);
}

/** @param has what is there (loaded, or known to be empty), and what was refused last, by {@link gapKey}; oldest day first */
export function statementGaps(
  now: Date,
  accounts: readonly ExpectingAccount[],
  has: { readonly there: ReadonlySet<string>; readonly refused: ReadonlyMap<string, string> },
): readonly StatementGap[] {
  const gaps: StatementGap[] = [];
  const today = beijingDateOf(now);
  for (let billDate = gapsFrom(now); billDate < today; billDate = addDays(billDate, 1)) {
    for (const { id: accountId, kinds, readyAfterMs, since } of accounts) {
      const dueAt = new Date(beijingInstant(addDays(billDate, 1)).getTime() + readyAfterMs);
      const alertAt = new Date(dueAt.getTime() + GAP_AFTER_MS);
      if (since === null || billDate < since || now < alertAt) continue;
      for (const kind of kinds) {
        const key = gapKey({ accountId, kind, billDate });
        if (has.there.has(key)) continue;
        gaps.push({ accountId, kind, billDate, dueAt, alertAt, refusedCode: has.refused.get(key) ?? null });
      }
    }
  }
  return gaps;
}
