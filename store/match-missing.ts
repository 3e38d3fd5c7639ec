/** Refunds that the channel accepted and whose line no statement shows, although the statements are there. */
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';
import { closeMissing } from './breaks.ts';

/** Channels keep their statements for three months; older refunds were judged while theirs could still be had. */
const LOOK_BACK_DAYS = 100;

/**
 * A refund's line may stand in the bill of its day or of a day beside it. Only when the bills of the day itself and of
 * the day after are loaded and matched, and both days are over, is a line that is in none of them missing.
 */
const MISSING = `
  insert into yuanlu.breaks (kind, dedupe_key, account_id, refund_id, refund_no, channel_refund_no, transaction_id,
    expected_minor, currency, detail, opened_at)
  select 'missing_at_channel', 'missing_at_channel/r' || r.id, r.account_id, r.id, r.refund_no, r.channel_refund_no,
         r.transaction_id, r.amount_minor, r.currency, jsonb_build_object('day', r.day, 'state', r.state), $1
    from (select *, (coalesce(accepted_at, requested_at) at time zone interval '08:00')::date as day
            from yuanlu.refund_book
           where ($2::text is null or account_id = $2)
             and requested_at >= $1::timestamptz - make_interval(days => ${String(LOOK_BACK_DAYS)})
             and (state in ('processing', 'succeeded') or (state = 'needs_action' and accepted_at is not null))) r
   where (r.day + 2)::timestamp at time zone interval '08:00' <= $1
     and (select count(distinct f.bill_date) from yuanlu.statement_files f
           where f.account_id = r.account_id and f.kind = 'trade' and f.status in ('loaded', 'empty')
             and f.matched_at is not null and f.bill_date in (r.day, r.day + 1)) = 2
     and not exists (select from yuanlu.live_matches m where m.account_id = r.account_id and m.refund_id = r.id)
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
    if (accountId !== null) {
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`yuanlu/match/${accountId}`]);
    }
    const closed = await tx.query(closeMissing('($2::text is null or b.account_id = $2)'), [asOf, accountId]);
    const opened = await tx.query(MISSING, [asOf, accountId]);
    return { opened: opened.rowCount ?? 0, closed: closed.rowCount ?? 0 };
  });
}
