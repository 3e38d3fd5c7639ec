/**
 * Matches what left the account with what is said to be refunded: the movements of the fund-flow statements with the refund
 * lines of the trade statements, per account. In sets, in one transaction, under the account's lock; running it again changes
 * nothing, and the outcome is that of the statements that are live, in whatever order they came.
 */
import { forgetDay, compareDay } from './flow-day-sql.ts';
import type { DayFiles } from './flow-day-sql.ts';
import { judgeLeftovers } from './flow-breaks.ts';
import { gather, passes, writeShares } from './flow-cross-sql.ts';
import type { FlowLiterals, FlowScope } from './flow-scope.ts';
import { flowLiterals } from './flow-scope.ts';
import { lockAccount } from './match-lock.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import { isFundFlow } from '../domain/statement/statement.ts';
import { PARALLEL_OFF, PLANNER_SETTINGS } from './match-sql.ts';
import { tellPartitions } from './partitions.ts';
import type { Pool, Tx } from './pool.ts';
import { BlindConnection, inTransaction, runAll } from './pool.ts';

export type { FlowScope } from './flow-scope.ts';

/**
 * Compares the day with itself where a delivery of it has changed, and then what days have left over with each other.
 * A day is compared once all its statements are there; an empty one counts. A channel without a fund-flow statement has
 * nothing to compare.
 * @returns whether the day was compared anew
 */
export async function matchMovements(ingest: Pool, scope: FlowScope): Promise<boolean> {
  if (scope.words.length === 0) return false;
  const isNew = await matchLocked(ingest, scope);
  // Also where nothing is new: a worker may have died before it said so.
  await tellPartitions(ingest, 'movement_matches', scope);
  return isNew;
}

function matchLocked(ingest: Pool, scope: FlowScope): Promise<boolean> {
  return inTransaction(ingest, async (tx) => {
    await lockAccount(tx, scope.accountId);
    const s = flowLiterals(tx, scope);
    const files = await liveFiles(tx, scope);
    const isNew = !(await isCompared(tx, scope, files));
    await runAll(tx, [PLANNER_SETTINGS, PARALLEL_OFF]);
    if (isNew && files !== null) await seeLinesOf(tx, s, files);
    if (isNew) await runAll(tx, [...forgetDay(s), ...(files === null ? [] : compareDay(s, files))]);
    await runAll(tx, gather(s));
    const both = await bothAreLeft(tx);
    await runAll(tx, [...(both ? passes(s) : []), ...writeShares(s)]);
    await judgeLeftovers(tx, s, both);
    return isNew;
  });
}

/** The live deliveries of the day; null while one of its statements is not there. Those that are there besides are taken, too. */
async function liveFiles(tx: Tx, { accountId, billDate, kinds }: FlowScope): Promise<DayFiles | null> {
  const { rows } = await tx.query<{ id: bigint; kind: StatementKind; status: string }>(
    `select id, kind, status from yuanlu.statement_files
      where account_id = $1 and bill_date = $2 and status in ('loaded', 'empty') order by id`,
    [accountId, billDate],
  );
  const has = (kind: StatementKind): boolean => rows.some((row) => row.kind === kind);
  if (!kinds.every(has)) return null;
  const loaded = rows.filter(({ status }) => status === 'loaded');
  const ids = (ofFlow: boolean): string[] =>
    loaded.filter(({ kind }) => isFundFlow(kind) === ofFlow).map(({ id }) => String(id));
  return { trade: ids(false), flow: ids(true) };
}

/** That a day was compared is remembered by its files: the lines of each must be seen. @throws BlindConnection */
async function seeLinesOf(tx: Tx, s: FlowLiterals, files: DayFiles): Promise<void> {
  // By literals: a file that is named by another row's column would be looked for in every partition of the day.
  const unseen = [...files.trade, ...files.flow].map(BigInt).map(
    (id) => `
      select f.id from yuanlu.statement_files f
       where f.id = ${String(id)} and f.lines > f.quarantined
         and not exists (select from yuanlu.statement_lines l
                          where l.account_id = ${s.account} and l.bill_date = ${s.date} and l.file_id = ${String(id)})`,
  );
  if (unseen.length === 0) return;
  const { rows } = await tx.query<{ id: bigint }>(unseen.join(' union all '));
  if (rows.length > 0)
    throw new BlindConnection(`of statement ${rows.map(({ id }) => String(id)).join(', ')} no line is seen`);
}

async function isCompared(
  tx: Tx,
  { accountId, billDate }: FlowScope,
  files: DayFiles | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ trade_files: bigint[]; flow_files: bigint[] }>(
    'select trade_files, flow_files from yuanlu.movement_days where account_id = $1 and bill_date = $2',
    [accountId, billDate],
  );
  const [day] = rows;
  if (day === undefined || files === null) return day === undefined && files === null;
  return (
    day.trade_files.map(String).join() === files.trade.join() &&
    day.flow_files.map(String).join() === files.flow.join()
  );
}

/** Whether lines and movements are left over: of most days one or the other. */
async function bothAreLeft(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ both: boolean }>(
    'select exists (select from g_line) and exists (select from g_move) as both',
  );
  return rows[0]?.both ?? false;
}
