/** Ends the breaks that a rule of the rules file ends by itself; the database checks each against the rule (migration 0046). */
import { openedBefore } from '../domain/statement/resolving-rule.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { currentBreakRules } from './break-rules.ts';
import { lockAccount } from './match-lock.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/** Breaks that one rule ends in one run; the rest is ended in the next. */
const ENDED_AT_ONCE_MAX = 10_000;

/**
 * Follows the rules for one account, in their order in the file; what the first ends the second does not find. The same books
 * at the same instant give the same, however often.
 * @returns how many breaks that ended
 */
export async function resolveByRules(
  ingest: Pool,
  o: { readonly accountId: string; readonly calendar: BusinessCalendar; readonly now: Date },
): Promise<number> {
  return inTransaction(ingest, async (tx) => {
    const { revision, resolveByItself } = await currentBreakRules(tx);
    if (resolveByItself.length === 0) return 0;
    await lockAccount(tx, o.accountId);
    const today = beijingDateOf(o.now);
    let ended = 0;
    for (const rule of resolveByItself) {
      const { rows } = await tx.query<{ ended: bigint }>(
        'select yuanlu.resolve_by_rule($1, $2, $3, $4, $5, $6, $7) as ended',
        [
          o.accountId,
          revision,
          rule.rule,
          openedBefore(rule, today, o.calendar),
          today,
          o.now,
          ENDED_AT_ONCE_MAX,
        ],
      );
      ended += Number(rows[0]?.ended);
    }
    return ended;
  });
}
