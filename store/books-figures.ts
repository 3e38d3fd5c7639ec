/** What of the books is counted for whoever watches the system: only what an index holds, however large they are. */
import type { Db } from './pool.ts';

/** One count or instant (seconds since 1970), with the labels that it stands under. */
export interface BooksFigure {
  readonly name:
    | 'refunds_overdue'
    | 'refunds_not_started'
    | 'breaks_open'
    | 'webhook_deliveries_pending'
    | 'last_sweep_timestamp_seconds'
    | 'statement_newest_day_timestamp_seconds'
    | 'statements_missing'
    | 'statement_missing_oldest_day_timestamp_seconds';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Of all merchants together. */
export async function booksFigures(db: Db): Promise<readonly BooksFigure[]> {
  const { rows } = await db.query<BooksFigure>({
    name: 'books-figures',
    text: `
      select 'refunds_overdue' as name, jsonb_build_object('channel', channel, 'level', overdue_level::text) as labels,
             count(*)::float8 as value
        from refunds where overdue_level > 0 group by channel, overdue_level
      union all
      select 'refunds_not_started', '{}', count(*) from refunds where workflow_started_at is null
      union all
      select 'breaks_open', jsonb_build_object('account', account_id, 'kind', kind), count(*)
        from breaks where status = 'open' group by account_id, kind
      union all
      select 'webhook_deliveries_pending', '{}', count(*) from webhook_deliveries where status = 'pending'
      union all
      select 'last_sweep_timestamp_seconds', '{}', extract(epoch from finished_at) from last_sweep
      union all
      select 'statement_newest_day_timestamp_seconds', jsonb_build_object('account', account_id, 'kind', kind),
             extract(epoch from max(bill_date) at time zone 'Asia/Shanghai')
        from statement_files where status in ('loaded', 'empty') group by account_id, kind
      union all
      select figure.name, jsonb_build_object('account', g.account_id, 'kind', g.kind), figure.value
        from (select account_id, kind, count(*)::float8 as missing, min(bill_date) as oldest
                from statement_gaps where ended_at is null group by account_id, kind) g
       cross join lateral (values ('statements_missing', g.missing),
         ('statement_missing_oldest_day_timestamp_seconds', extract(epoch from g.oldest::timestamp at time zone 'Asia/Shanghai')::float8)
       ) figure (name, value)`,
  });
  return rows;
}
