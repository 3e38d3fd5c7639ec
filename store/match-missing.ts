/** Refunds whose line is due, and that no statement shows, although the statements are there. */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import { lockAccount } from './match-lock.ts';
import { PARALLEL_OFF, PARALLEL_ON, PLANNER_SETTINGS } from './match-sql.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction, runAll } from './pool.ts';
import { answerMissing, ENDED_FOR_GOOD } from './breaks.ts';

/** Channels keep their statements for three months; older refunds were judged while theirs could still be had. */
const LOOK_BACK_DAYS = 100;

/**
 * A refund's line may stand in the bill of its day or of a day beside it. Only when the bills of the day itself and of
 * the day after are loaded and matched, and both days are over, is a line that is in none of them missing. `since` is from when
 * on no bill is missing before it: minus infinity where none ever came before, since the account has had bills.
 */
const COVERED_DAYS = `
    with bills as (
      select distinct account_id, bill_date from yuanlu.statement_files
       where kind = 'trade' and status in ('loaded', 'empty') and matched_at is not null
         and account_id = $2),
    unbroken as (
      select account_id, bill_date, min(bill_date) over (partition by run) as first, min(bill_date) over () as oldest
        from (select b.*, bill_date - (row_number() over (order by bill_date))::integer as run from bills b) numbered)
    select b.bill_date as day, case when b.first = b.oldest then '-infinity' else b.first::text end as since
      from unbroken b join bills after on after.account_id = b.account_id and after.bill_date = b.bill_date + 1
     where (b.bill_date + 2)::timestamp at time zone interval '08:00' <= $1`;

/** What a line of the account's trade statement proves about a refund, and how much before midnight its days end. */
export interface LineRule {
  readonly proves: StatementLineSeen['proves'];
  readonly dayEndsEarlyMs: number;
}

/**
 * From when on a line is due, by what it proves. One that proves acceptance: since the channel took the refund. One that
 * proves more: since it was done, which is known when the channel says so; where it gives no time of its own, since we first
 * heard of it, which is never too early. Null while nothing is due.
 */
export const DUE_SINCE: Readonly<Record<LineRule['proves'], string>> = (() => {
  const done = `coalesce(r.succeeded_at, (
    select min(o.observed_at) from yuanlu.observations o
     where o.refund_id = r.id and o.kind = 'channel_report' and o.body ->> 'status' = 'success'))`;
  return { acceptance: 'coalesce(r.accepted_at, r.requested_at)', completion: done, clearing: done };
})();

/**
 * From when on a bill could have it. That is known where the channel says when it was done; when we first heard of it may be
 * days later, and the line stands in any bill since the channel took the refund.
 */
const IN_BILLS_SINCE: Readonly<Record<LineRule['proves'], string>> = (() => {
  const heard = `coalesce(r.succeeded_at, r.accepted_at, r.requested_at)`;
  return { acceptance: DUE_SINCE.acceptance, completion: heard, clearing: heard };
})();

/** Refunds of the last months that the channel has and that no live line is matched to. */
const unmatched = (account: string, asOf: string): string => `
  create temp table m_unmatched on commit drop as
    select r.id, r.account_id, r.accepted_at, r.requested_at, r.succeeded_at
      from yuanlu.refunds r
     where r.requested_at >= ${asOf}::timestamptz - make_interval(days => ${String(LOOK_BACK_DAYS)})
       and r.account_id = ${account}
       and (r.state in ('processing', 'succeeded') or (r.state = 'needs_action' and r.accepted_at is not null))
       and not exists (select from yuanlu.live_matches m where m.account_id = r.account_id and m.refund_id = r.id)
       and not exists (select from yuanlu.breaks b join yuanlu.statement_files f on f.id = b.file_id and f.status = 'loaded'
                        where b.account_id = r.account_id and b.refund_id = r.id and ${CONTRADICTS})`;

/** A live line names the refund and contradicts it: that break, or how people ended it, is the answer, and none is missing. */
const CONTRADICTS = `(b.dedupe_key like 'number_differs/f%' or b.dedupe_key like 'state_conflict/f%')
                         and (b.status = 'open' or b.closed_reason in ${ENDED_FOR_GOOD})`;

/**
 * The refunds of those days that no live line is matched to. Both sides are read once and compared as sets: matches lie in
 * one table per statement, and looking every refund up in each of them would grow with refunds times statements. A table as
 * target allows a parallel plan; it takes no parameters, so the values are written in (dates and account ids of our own).
 */
function missing(tx: Tx, covered: readonly CoveredDay[], o: SweepOptions): string[] {
  const days = covered.map(
    ({ day, since }) => `(${tx.escapeLiteral(day)}::date, ${tx.escapeLiteral(since)}::date)`,
  );
  const { proves, dayEndsEarlyMs } = o.line;
  const early = `interval '${String(dayEndsEarlyMs)} milliseconds'`;
  const dayOf = (at: string): string => `((${at} at time zone interval '08:00') + ${early})::date`;
  return [
    unmatched(tx.escapeLiteral(o.accountId), tx.escapeLiteral(o.asOf.toISOString())),
    `create temp table m_missing on commit drop as
       select due.id, c.day
         from (select r.id, ${dayOf(DUE_SINCE[proves])} as day, ${dayOf(IN_BILLS_SINCE[proves])} as earliest
                 from m_unmatched r) due
         join (values ${days.join(', ')}) c (day, since) on c.day = due.day and c.since <= due.earliest`,
  ];
}

/**
 * Reading many small tables one after the other gets a second process whatever they hold together: it is started for longer than
 * it works where there are fewer rows than this.
 */
const PARALLEL_ROWS_MIN = 100_000;

/** Whether the account has as many matches to read, or as many refunds. */
async function hasMuchToRead(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await tx.query<{ lines: bigint; refunds: bigint }>(
    `select (select coalesce(sum(refund_lines), 0)::bigint from yuanlu.statement_files
              where account_id = $1 and kind = 'trade' and status = 'loaded') as lines,
            (select count(*) from (select from yuanlu.refunds where account_id = $1 limit $2) r) as refunds`,
    [accountId, PARALLEL_ROWS_MIN],
  );
  return rows.some(({ lines, refunds }) => Math.max(Number(lines), Number(refunds)) >= PARALLEL_ROWS_MIN);
}

interface CoveredDay {
  readonly day: string;
  readonly since: string;
}

interface SweepOptions {
  readonly accountId: string;
  readonly asOf: Date;
  readonly line: LineRule;
}

/** Not for a refund of which people have ended this before: the sweep knows nothing that they did not. */
const OPEN_BREAKS = `
  insert into yuanlu.breaks (kind, dedupe_key, account_id, refund_id, refund_no, channel_refund_no, transaction_id,
    expected_minor, currency, detail, opened_at)
  select 'missing_at_channel', 'missing_at_channel/r' || r.id, r.account_id, r.id, r.refund_no, r.channel_refund_no,
         r.transaction_id, r.amount_minor, r.currency, jsonb_build_object('day', m.day, 'state', r.state), $1
    from m_missing m join yuanlu.refund_book r on r.id = m.id
   where not exists (select from yuanlu.breaks ended
                      where ended.dedupe_key = 'missing_at_channel/r' || r.id and ended.closed_reason in ${ENDED_FOR_GOOD})
   order by r.id
  on conflict (dedupe_key) where status = 'open' do nothing`;

/**
 * Opens a break for each refund that should be in a statement by now and is in none, closes those that have their answer,
 * and says so of those that people had ended. Running it again changes nothing.
 */
export async function sweepMissing(
  ingest: Pool,
  options: SweepOptions,
): Promise<{ opened: number; closed: number }> {
  const { accountId, asOf } = options;
  return inTransaction(ingest, async (tx) => {
    // One sweep or match per account at a time.
    await lockAccount(tx, accountId);
    const closed = await answerMissing(tx, { accountId }, asOf);
    const covered = await tx.query<CoveredDay>(COVERED_DAYS, [asOf, accountId]);
    if (covered.rows.length === 0) return { opened: 0, closed };
    const parallel = (await hasMuchToRead(tx, accountId)) ? PARALLEL_ON : PARALLEL_OFF;
    await runAll(tx, [PLANNER_SETTINGS, parallel, 'set local enable_nestloop = off']);
    await runAll(tx, missing(tx, covered.rows, options));
    await runAll(tx, [PARALLEL_OFF, 'set local enable_nestloop = on', 'analyze m_missing']);
    const opened = await tx.query(OPEN_BREAKS, [asOf]);
    return { opened: opened.rowCount ?? 0, closed };
  });
}
