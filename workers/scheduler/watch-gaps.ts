/**
 * Says which statements should be here and are not, and when one came: to the backends by webhook once for all processes, and in
 * the log once in the life of the process. Days without end, as
 * after a long outage, are said in one line for each account and kind.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../domain/clock.ts';
import type { StatementGap } from '../../domain/statement/gaps.ts';
import { gapKey } from '../../domain/statement/gaps.ts';
import type { Pool } from '../../store/pool.ts';
import { findStatementGaps, noteStatementGaps } from '../../store/statement-gaps.ts';
import type { DueQuestion } from './due.ts';

const SAID_ONE_BY_ONE_MAX = 3;

export interface GapWatch {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** What was said and has not come since. */
  readonly said: Map<string, StatementGap>;
}

export async function watchGaps(
  { pool, clock, log, said }: GapWatch,
  accounts: DueQuestion['accounts'],
): Promise<void> {
  const now = clock.now();
  const found = await findStatementGaps(pool, now, accounts);
  const gaps = new Map(found.map((gap) => [gapKey(gap), gap] as const));
  const fresh = [...gaps].filter(([key]) => !said.has(key));
  for (const [key, gap] of fresh) said.set(key, gap);
  for (const together of sameSource(fresh.map(([, gap]) => gap))) sayMissing(together, log);
  for (const [key, gap] of said) {
    if (gaps.has(key)) continue;
    log.info(factsOf(gap), 'a statement that was missing is there');
    said.delete(key);
  }
  await noteStatementGaps(pool, found, { now, accounts });
}

/** In the order of days, by account and kind. */
function sameSource(gaps: readonly StatementGap[]): readonly (readonly StatementGap[])[] {
  const sources = new Map<string, StatementGap[]>();
  for (const gap of gaps) {
    const source = `${gap.accountId}/${gap.kind}`;
    sources.set(source, [...(sources.get(source) ?? []), gap]);
  }
  return [...sources.values()].map((some) =>
    some.toSorted((one, other) => (one.billDate < other.billDate ? -1 : 1)),
  );
}

function sayMissing(gaps: readonly StatementGap[], log: GapWatch['log']): void {
  const [first, last] = [gaps[0], gaps.at(-1)];
  if (first === undefined || last === undefined) return;
  if (gaps.length <= SAID_ONE_BY_ONE_MAX) {
    for (const gap of gaps) log.warn(factsOf(gap), 'a statement is missing; see `yuanlu statements gaps`');
    return;
  }
  const facts = { account_id: first.accountId, kind: first.kind, statements: gaps.length };
  log.warn(
    { ...facts, first_bill_date: first.billDate, last_bill_date: last.billDate },
    'statements are missing; see `yuanlu statements gaps`',
  );
}

function factsOf({ accountId, kind, billDate, dueAt, refusedCode }: StatementGap): object {
  return {
    account_id: accountId,
    kind,
    bill_date: billDate,
    due_at: dueAt.toISOString(),
    refusal_code: refusedCode,
  };
}
