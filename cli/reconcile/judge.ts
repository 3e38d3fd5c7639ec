/** The judgement on a run: what agrees, what waits, what does not; and the promise that nothing was lost or counted twice. */
import { invariant } from '../../domain/errors.ts';
import type { BreakKind, MatchPass } from '../../domain/statement/break.ts';
import { BREAK_KINDS, MATCH_PASSES } from '../../domain/statement/break.ts';
import { DAY_ENDS_EARLY_MS } from '../../domain/time/arrival-window.ts';
import { addDays, daysBetween } from '../../domain/time/plain-date.ts';
import type { Pool } from '../../store/pool.ts';
import { planLeftOver } from './arrival-table.ts';
import type { ReconcileChannel } from './channels.ts';
import * as sql from './judge-sql.ts';
import type { LoadedStatement } from './statements.ts';

/** Why a listed refund need not be in a statement: its window runs, its bill does not exist yet, or it failed. */
export const WAITING_REASONS = ['inside_window', 'statement_not_made', 'failed'] as const;

export type WaitingReason = (typeof WAITING_REASONS)[number];

/** Each line and each listed refund is counted in exactly one of these. */
export interface Placement {
  readonly total: number;
  readonly matched: number;
  readonly waiting: number;
  readonly breaks: number;
}

export interface Judgement {
  readonly matched: Readonly<Record<MatchPass, number>>;
  readonly waiting: Readonly<Record<WaitingReason, number>>;
  readonly breaks: Readonly<Record<BreakKind, number>>;
  /** Past the promise; of these past the alarm as well. */
  readonly overdue: { readonly total: number; readonly alarm: number };
  readonly lines: Placement;
  readonly refunds: Placement;
  /** Missing refunds of days whose own statement was not among those given. */
  readonly missingWithoutStatement: number;
  /** Lines that correct earlier ones; they are no refund lines and match nothing. Those about listed refunds are breaks. */
  readonly corrections: number;
}

/** Longest span of days that one statement is taken to cover, line by line; longer ones are something else. */
const DAYS_OF_STATEMENT_MAX = 400;

/** Judges after all statements were matched. */
export async function judge(
  owner: Pool,
  o: {
    readonly channel: ReconcileChannel;
    readonly asOf: Date;
    readonly statements: readonly LoadedStatement[];
    readonly refunds: number;
    readonly corrections: number;
  },
): Promise<Judgement> {
  const { name, refundNo } = o.channel;
  const early = DAY_ENDS_EARLY_MS[name];
  const leftOver = [sql.leftOver(early), sql.listedAgain(refundNo.uniqueWithin), sql.CANDIDATES];
  for (const statement of [sql.LINE_BREAKS, sql.CORRECTIONS, sql.MATCHED, ...leftOver])
    await owner.query(statement);
  await planLeftOver(owner, name);
  // CREATE TABLE AS takes no parameters; the only value is an instant of our own making.
  const asOf = `'${o.asOf.toISOString()}'`;
  await owner.query(sql.waiting(early).replaceAll('$1', asOf));
  await owner.query(sql.MISSING, [daysGiven(o.statements)]);
  await owner.query(sql.OVERDUE.replaceAll('$1', asOf));
  const judgement = await count(owner, o);
  await assertNothingLost(owner, judgement);
  return judgement;
}

interface CountRow {
  readonly place: 'matched' | 'break' | 'waiting' | 'overdue';
  readonly kind: string;
  readonly rows: number;
  readonly lines: number;
  readonly refunds: number;
}

async function count(
  owner: Pool,
  o: {
    readonly statements: readonly LoadedStatement[];
    readonly refunds: number;
    readonly corrections: number;
  },
): Promise<Judgement> {
  const { rows } = await owner.query<CountRow>(sql.COUNTS);
  const missing = await owner.query<{ n: number }>(
    `select count(*)::int as n from reconcile.break
      where kind = 'missing_at_channel' and not (detail ->> 'day_given')::boolean`,
  );
  const byKind = <Kind extends string>(
    place: CountRow['place'],
    kinds: readonly Kind[],
  ): Record<Kind, number> =>
    Object.fromEntries(
      kinds.map((kind) => [kind, rows.find((row) => row.place === place && row.kind === kind)?.rows ?? 0]),
    ) as Record<Kind, number>;
  const sum = (place: CountRow['place'], what: 'rows' | 'lines' | 'refunds'): number =>
    rows.reduce((total, row) => total + (row.place === place ? row[what] : 0), 0);
  const placement = (what: 'lines' | 'refunds', total: number): Placement => ({
    total,
    matched: sum('matched', what),
    waiting: sum('waiting', what),
    breaks: sum('break', what),
  });
  return {
    matched: byKind('matched', MATCH_PASSES),
    waiting: byKind('waiting', WAITING_REASONS),
    breaks: byKind('break', BREAK_KINDS),
    overdue: { total: sum('overdue', 'rows'), alarm: byKind('overdue', ['2'])['2'] },
    lines: placement(
      'lines',
      o.statements.reduce((total, { summary }) => total + summary.refundLines, 0),
    ),
    refunds: placement('refunds', o.refunds),
    missingWithoutStatement: missing.rows[0]?.n ?? 0,
    corrections: o.corrections,
  };
}

/** Every refund line is matched or left over, every listed refund is matched, waiting or left over; each once. */
async function assertNothingLost(owner: Pool, judgement: Judgement): Promise<void> {
  for (const name of ['lines', 'refunds'] as const) {
    const { total, matched, waiting, breaks } = judgement[name];
    invariant(
      matched + waiting + breaks === total,
      `all ${name} are somewhere: ${String(matched)} matched, ${String(waiting)} waiting and ${String(breaks)} in breaks are ${String(total)}`,
    );
  }
  const { rows } = await owner.query<Balance>(sql.BALANCE);
  const [sums] = rows;
  invariant(
    sums !== undefined && sums.lines === sums.lines_placed && sums.refunds === sums.refunds_placed,
    'no line and no refund is in two places',
  );
}

interface Balance {
  readonly lines: string;
  readonly lines_placed: string;
  readonly refunds: string;
  readonly refunds_placed: string;
}

/** The days that the trade statements speak of. */
function daysGiven(statements: readonly LoadedStatement[]): string[] {
  const days = new Set<string>();
  for (const { summary } of statements) {
    const { kind, firstDate, lastDate } = summary;
    if (kind !== 'trade' || firstDate === null || lastDate === null) continue;
    const span = Math.min(daysBetween(firstDate, lastDate), DAYS_OF_STATEMENT_MAX);
    for (let day = 0; day <= span; day += 1) days.add(addDays(firstDate, day));
  }
  return [...days];
}
