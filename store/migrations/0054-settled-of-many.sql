-- The book reads the numbers where they are since 0053. Not in the transaction of 0053, which holds the refunds: a reader
-- of the view waits for those, and 0053 would then have waited for the reader.
create or replace view yuanlu.refund_book as
  select r.id, r.merchant_id, r.account_id, r.refund_no, r.channel_refund_no, r.transaction_id, r.payment_no,
         r.amount_minor, r.currency, r.requested_at, r.accepted_at, r.state, r.state_reason
    from yuanlu.refunds r;

-- Which of many refunds are settled is one question, and the same one as for a single refund: it is planned over the statements once,
-- not once for each of them. What was asked for one (0050) is asked for any number now.

-- The matches in live statements of refunds of one account; `oldest` is when the first of them was asked for. As in 0050: no line of a
-- refund is dated more than ten days before its request without a break or a match by people that leads to it, and a bill's lines are
-- at most a day from its date.
create function yuanlu.live_matches_among(account text, refunds bigint[], oldest timestamptz) returns setof yuanlu.matches
language plpgsql stable parallel safe rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  earliest date := (oldest at time zone interval '08:00')::date - 11;
  odd      record;
begin
  return query
    select m.* from yuanlu.live_matches m
     where m.account_id = account and m.refund_id = any (refunds) and m.bill_date >= earliest;
  for odd in
    select b.refund_id, b.file_id, b.bill_date from yuanlu.breaks b
     where b.refund_id = any (refunds) and b.kind in ('state_conflict', 'amount_differs') and b.bill_date < earliest
    union
    select r.refund_id, l.file_id, l.bill_date
      from yuanlu.match_group_refunds r join yuanlu.match_group_lines l on l.group_id = r.group_id and l.first
     where r.refund_id = any (refunds) and r.ended_at is null and l.bill_date < earliest
  loop
    return query
      select m.* from yuanlu.live_matches m
       where m.account_id = account and m.refund_id = odd.refund_id and m.bill_date = odd.bill_date and m.file_id = odd.file_id;
  end loop;
end $$;

create or replace function yuanlu.live_matches_of(account text, refund bigint, requested timestamptz) returns setof yuanlu.matches
language sql stable parallel safe rows 1 set search_path = pg_catalog, pg_temp as $$
  select * from yuanlu.live_matches_among(account, array[refund], requested) $$;

-- Settled is derived: the channel's success, and a line of its statement that agrees. A line that was recorded as evidence of its own
-- counts on, also when its file was superseded since.
create function yuanlu.settled_among(refunds bigint[]) returns setof bigint
language plpgsql stable parallel safe rows 10 set search_path = pg_catalog, pg_temp as $$
declare
  of_account record;
begin
  return query
    select r.id from yuanlu.refunds r
     where r.id = any (refunds) and r.state = 'succeeded'
       and exists (select from yuanlu.observations o where o.refund_id = r.id and o.source = 'statement' and o.kind = 'statement_line');
  for of_account in
    select r.account_id, array_agg(r.id) as ids, min(r.requested_at) as oldest from yuanlu.refunds r
     where r.id = any (refunds) and r.state = 'succeeded'
       and not exists (select from yuanlu.observations o where o.refund_id = r.id and o.source = 'statement' and o.kind = 'statement_line')
     group by r.account_id
  loop
    return query
      select distinct m.refund_id from yuanlu.live_matches_among(of_account.account_id, of_account.ids, of_account.oldest) m
       where m.amount_agrees;
  end loop;
end $$;

create or replace view yuanlu.refund_status as
  select r.id,
         case when r.state = 'succeeded' and exists (select from yuanlu.settled_among(array[r.id])) then 'settled' else r.state end
           as effective_state
    from yuanlu.refunds r;

revoke all on function yuanlu.live_matches_among(text, bigint[], timestamptz) from public;
revoke all on function yuanlu.settled_among(bigint[]) from public;
grant execute on function yuanlu.live_matches_among(text, bigint[], timestamptz) to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant execute on function yuanlu.settled_among(bigint[]) to yuanlu_app, yuanlu_ingest, yuanlu_report;
