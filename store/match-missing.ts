/** Refunds that the channel accepted and whose line no statement shows, although the statements are there. */
import { lockAccount } from './match-lock.ts';
import { PARALLEL_OFF, PARALLEL_ON, PLANNER_SETTINGS } from './match-sql.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';
import { closeMissing } from './breaks.ts';

/** Channels keep their statements for three months; older refunds were judged while theirs could still be had. */
const LOOK_BACK_DAYS = 100;

/**
 * A refund's line may stand in the bill of its day or of a day beside it. Only when the bills of the day itself and of
 * the day after are loaded and matched, and both days are over, is a line that is in none of them missing.
 */
const COVERED_DAYS = `
    with bills as (
      select distinct account_id, bill_date from yuanlu.statement_files
       where kind = 'trade' and status in ('loaded', 'empty') and matched_at is not null
         and ($2::text is null or account_id = $2))
    select b.account_id, b.bill_date as day
      from bills b join bills after on after.account_id = b.account_id and after.bill_date = b.bill_date + 1
     where (b.bill_date + 2)::timestamp at time zone interval '08:00' <= $1`;

const DAY_OF = `(coalesce(r.accepted_at, r.requested_at) at time zone interval '08:00')::date`;

/**
 * The refunds of those days that no live line is matched to. Both sides are read once and compared as sets: matches lie in
 * one table per statement, and looking every refund up in each of them would grow with refunds times statements. A table as
 * target allows a parallel plan; it takes no parameters, so the values are written in (dates and account ids of our own).
 */
function missing(tx: Tx, covered: readonly CoveredDay[], asOf: Date): string {
  const days = covered.map(
    ({ account_id: account, day }) => `(${tx.escapeLiteral(account)}, ${tx.escapeLiteral(day)}::date)`,
  );
  return `
    create temp table m_missing on commit drop as
      select r.id, c.day
        from yuanlu.refunds r
        join (values ${days.join(', ')}) c (account_id, day) on c.account_id = r.account_id and c.day = ${DAY_OF}
       where r.requested_at >= ${tx.escapeLiteral(asOf.toISOString())}::timestamptz - make_interval(days => ${String(LOOK_BACK_DAYS)})
         and (r.state in ('processing', 'succeeded') or (r.state = 'needs_action' and r.accepted_at is not null))
         and not exists (select from yuanlu.live_matches m where m.account_id = r.account_id and m.refund_id = r.id)`;
}

interface CoveredDay {
  readonly account_id: string;
  readonly day: string;
}

const OPEN_BREAKS = `
  insert into yuanlu.breaks (kind, dedupe_key, account_id, refund_id, refund_no, channel_refund_no, transaction_id,
    expected_minor, currency, detail, opened_at)
  select 'missing_at_channel', 'missing_at_channel/r' || r.id, r.account_id, r.id, r.refund_no, r.channel_refund_no,
         r.transaction_id, r.amount_minor, r.currency, jsonb_build_object('day', m.day, 'state', r.state), $1
    from m_missing m join yuanlu.refund_book r on r.id = m.id
   order by r.id
  on conflict (dedupe_key) where status = 'open' do nothing`;

/**
 * Opens a break for each refund that should be in a statement by now and is in none, and closes those that have their
 * answer. Running it again changes nothing.
 */
export async function sweepMissing(
  ingest: Pool,
  options: { readonly accountId: string | null; readonly asOf: Date },
): Promise<{ opened: number; closed: number }> {
  const { accountId, asOf } = options;
  return inTransaction(ingest, async (tx) => {
    // One sweep or match per account at a time; the sweep over all accounts does not wait for single ones.
    if (accountId !== null) await lockAccount(tx, accountId);
    const closed = await tx.query(closeMissing('($2::text is null or b.account_id = $2)'), [asOf, accountId]);
    const covered = await tx.query<CoveredDay>(COVERED_DAYS, [asOf, accountId]);
    if (covered.rows.length === 0) return { opened: 0, closed: closed.rowCount ?? 0 };
    await tx.query([PLANNER_SETTINGS, PARALLEL_ON, 'set local enable_nestloop = off'].join(';'));
    await tx.query(missing(tx, covered.rows, asOf));
    await tx.query([PARALLEL_OFF, 'set local enable_nestloop = on', 'analyze m_missing'].join(';'));
    const opened = await tx.query(OPEN_BREAKS, [asOf]);
    return { opened: opened.rowCount ?? 0, closed: closed.rowCount ?? 0 };
  });
}
