-- Whether a line settles a refund is asked only where the channel has said success, and only of the statements in which the line can be.
-- Every statement has a table of matches of its own, and a question about one refund is planned over all of them: as part of each reading
-- of a refund that was, with some hundred kept statements, most of the reading. In a function it is planned once for a connection and
-- each new statement, and statements of the months before the refund are left out of its execution.

-- The refund's matches in live statements. `requested` is when it was asked for: no rule lets a line be dated more than ten days before
-- it (break_rules.dated_before_max_hours) without a break about the refund that says so, or that the amounts differ, and by that break such a line is found
-- all the same; people may give it any line. A line's own date is at most a day from that of its bill: the eleventh day.
create function yuanlu.live_matches_of(account text, refund bigint, requested timestamptz) returns setof yuanlu.matches
language plpgsql stable parallel safe rows 1 set search_path = pg_catalog, pg_temp as $$
declare
  earliest date := (requested at time zone interval '08:00')::date - 11;
  odd      record;
begin
  return query
    select m.* from yuanlu.live_matches m
     where m.account_id = account and m.refund_id = refund and m.bill_date >= earliest;
  for odd in
    select b.file_id, b.bill_date from yuanlu.breaks b
     where b.refund_id = refund and b.kind in ('state_conflict', 'amount_differs') and b.bill_date < earliest
    union
    select l.file_id, l.bill_date from yuanlu.match_group_refunds r join yuanlu.match_group_lines l on l.group_id = r.group_id and l.first
     where r.refund_id = refund and r.ended_at is null and l.bill_date < earliest
  loop
    return query
      select m.* from yuanlu.live_matches m
       where m.account_id = account and m.refund_id = refund and m.bill_date = odd.bill_date and m.file_id = odd.file_id;
  end loop;
end $$;
revoke all on function yuanlu.live_matches_of(text, bigint, timestamptz) from public;
grant execute on function yuanlu.live_matches_of(text, bigint, timestamptz) to yuanlu_app, yuanlu_ingest, yuanlu_report;

create or replace view yuanlu.refund_status as
  select r.id,
         case when r.state = 'succeeded'
               and (exists (select from yuanlu.observations o
                             where o.refund_id = r.id and o.source = 'statement' and o.kind = 'statement_line')
                 or exists (select from yuanlu.live_matches_of(r.account_id, r.id, r.requested_at) m where m.amount_agrees))
              then 'settled' else r.state end as effective_state
    from yuanlu.refunds r;

create or replace view yuanlu.matched_line_evidence as
  -- The id of the refund itself: a question about one refund then reads that one and calls the function once.
  select r.id as refund_id, m.amount_minor, f.sha256 as file_sha256, m.line_no, m.bill_date, f.received_at as observed_at, f.proves
    from yuanlu.refunds r
    cross join lateral yuanlu.live_matches_of(r.account_id, r.id, r.requested_at) m
    join yuanlu.statement_files f on f.id = m.file_id;
