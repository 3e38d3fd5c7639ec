/** What the demo found: counted from the books, the statements and the channel's own ledger. */
import type { Pool } from '../../store/pool.ts';
import { listOverdue } from '../../store/overdue-list.ts';
import type { Context } from '../../workers/context.ts';
import { REFUND_STATES } from '../../domain/refund/state.ts';
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import type { OverdueResource } from '../../api/overdue-resource.ts';
import { toOverdueResource } from '../../api/overdue-resource.ts';
import { judged } from '../commands/overdue.ts';
import { readStates } from './states.ts';

export interface StatementCounts {
  readonly files: number;
  readonly lines: number;
  readonly refund_lines: number;
  readonly matched: number;
  readonly breaks: Readonly<Record<string, number>>;
  readonly quarantined: number;
}

export interface DemoReport {
  readonly refunds: number;
  readonly by_state: Readonly<Record<string, number>>;
  readonly statements: StatementCounts;
  readonly overdue: readonly OverdueResource[];
}

/** Reads the report from the database. `now` is the business time at the end. */
export async function readReport(
  { pool, channels, calendar }: Pick<Context, 'pool' | 'channels' | 'calendar'>,
  now: Date,
): Promise<DemoReport> {
  const states = await readStates(pool);
  const byState: Record<string, number> = Object.fromEntries(REFUND_STATES.map((state) => [state, 0]));
  for (const state of states.values()) byState[state] = (byState[state] ?? 0) + 1;
  const { rows: overdue } = await listOverdue(pool, { merchantId: null, limit: 10_000 });
  return {
    refunds: Object.values(byState).reduce((sum, count) => sum + count, 0),
    by_state: byState,
    statements: await readStatements(pool),
    overdue: judged(overdue, channels, { now, calendar }).map(toOverdueResource),
  };
}

async function readStatements(pool: Pool): Promise<StatementCounts> {
  const files = await pool.query<{ files: bigint; lines: bigint; refund_lines: bigint; quarantined: bigint }>(
    `select count(*) as files, coalesce(sum(lines), 0) as lines,
            coalesce(sum(refund_lines) filter (where kind = 'trade'), 0) as refund_lines, coalesce(sum(quarantined), 0) as quarantined
       from statement_files where status in ('loaded', 'empty')`,
  );
  const matched = await pool.query<{ matched: bigint }>(
    'select count(*) as matched from live_matches where amount_agrees',
  );
  const open = await pool.query<{ kind: string; breaks: bigint }>(
    `select kind, count(*) as breaks from breaks where status = 'open' group by 1`,
  );
  const breaks: Record<string, number> = Object.fromEntries(BREAK_KINDS.map((kind) => [kind, 0]));
  for (const row of open.rows) breaks[row.kind] = Number(row.breaks);
  const row = files.rows[0];
  return {
    files: Number(row?.files ?? 0n),
    lines: Number(row?.lines ?? 0n),
    refund_lines: Number(row?.refund_lines ?? 0n),
    matched: Number(matched.rows[0]?.matched ?? 0n),
    breaks,
    quarantined: Number(row?.quarantined ?? 0n),
  };
}
