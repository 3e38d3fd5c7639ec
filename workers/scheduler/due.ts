/** What should have been started by now: from business time alone, the same for whoever asks. */
import { SWEEP_EVERY_MS } from '../../domain/overdue/sweep-watch.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { addDays, beijingDateOf, beijingInstant } from '../../domain/time/plain-date.ts';

/** A re-issued statement is looked for so many days after the day of the first look. */
export const RECHECK_AFTER_DAYS = [3] as const;

export interface StatementRun {
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly billDate: string;
  readonly recheck: number;
}

export interface DueQuestion {
  readonly now: Date;
  /** A run that became due on one of so many Beijing days, today's among them, is due still. */
  readonly lookBackDays: number;
  readonly accounts: readonly {
    readonly id: string;
    readonly kinds: readonly StatementKind[];
    /** How long after midnight the channel has made the statement of the day before. */
    readonly readyAfterMs: number;
    /** From which Beijing day on the account is looked after; statements of days before are for who asks for them (`yuanlu statements run`). */
    readonly since?: string | undefined;
  }[];
}

/** Every statement that should have been asked for by now and became due lately, oldest bill date first. */
export function dueStatements({ now, lookBackDays, accounts }: DueQuestion): readonly StatementRun[] {
  const today = beijingDateOf(now);
  const looks = [0, ...RECHECK_AFTER_DAYS];
  const oldest = lookBackDays + Math.max(...looks);
  const runs: StatementRun[] = [];
  for (let back = oldest; back >= 1; back -= 1) {
    const billDate = addDays(today, -back);
    for (const { id: accountId, kinds, readyAfterMs, since } of accounts) {
      if (since !== undefined && billDate < since) continue;
      const due = looks.filter((recheck) => {
        const lookDay = addDays(billDate, 1 + recheck);
        const dueAt = beijingInstant(lookDay).getTime() + readyAfterMs;
        return dueAt <= now.getTime() && back - recheck <= lookBackDays;
      });
      for (const kind of kinds) {
        for (const recheck of due) runs.push({ accountId, kind, billDate, recheck });
      }
    }
  }
  return runs;
}

/** The start of the slot in which `now` falls. */
export function sweepSlot(now: Date): string {
  return new Date(Math.floor(now.getTime() / SWEEP_EVERY_MS) * SWEEP_EVERY_MS).toISOString();
}
