/** Says each statement that should be here and is not, once in the life of the process, and says when it came. */
import type { Logger } from 'pino';
import type { Clock } from '../../domain/clock.ts';
import type { StatementGap } from '../../domain/statement/gaps.ts';
import { gapKey } from '../../domain/statement/gaps.ts';
import type { Pool } from '../../store/pool.ts';
import { findStatementGaps } from '../../store/statement-gaps.ts';
import type { DueQuestion } from './due.ts';

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
  const gaps = new Map(
    (await findStatementGaps(pool, clock.now(), accounts)).map((gap) => [gapKey(gap), gap] as const),
  );
  for (const [key, gap] of gaps) {
    if (said.has(key)) continue;
    log.warn(factsOf(gap), 'a statement is missing; see `yuanlu statements gaps`');
    said.set(key, gap);
  }
  for (const [key, gap] of said) {
    if (gaps.has(key)) continue;
    log.info(factsOf(gap), 'a statement that was missing is there');
    said.delete(key);
  }
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
