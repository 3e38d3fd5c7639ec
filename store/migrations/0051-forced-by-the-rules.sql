-- As in 0039, and how long before its refund a line may be dated is what the rules say: with a day for everybody a match by hand and the
-- next match of the file came to different breaks.
create or replace function yuanlu.force_match(one yuanlu.breaks, event yuanlu.break_events) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  r       yuanlu.refund_book;
  proves  text := (select f.proves from yuanlu.statement_files f where f.id = one.file_id and f.status = 'loaded');
  printed text := (select l.status from yuanlu.statement_lines l where l.account_id = one.account_id and l.bill_date = one.bill_date
                      and l.file_id = one.file_id and l.line_no = one.line_no);
begin
  select * into r from yuanlu.refund_book b
   where b.id = (event.detail ->> 'refund_id')::bigint and b.account_id = one.account_id
     and b.amount_minor = one.amount_minor and b.currency = one.currency;
  if r.id is null or proves is null
     or exists (select from yuanlu.live_matches m where m.account_id = one.account_id and m.refund_id = r.id) then
    raise exception 'break % does not fit this refund', one.id using errcode = 'integrity_constraint_violation';
  end if;
  insert into yuanlu.forced_matches (break_id, account_id, file_id, line_no, refund_id, event_id, made_at)
  values (one.id, one.account_id, one.file_id, one.line_no, r.id, event.id, event.at);
  insert into yuanlu.matches (file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees, account_id)
  values (one.file_id, r.id, one.amount_minor, one.occurred_at, one.line_no, one.bill_date, 9, true, one.account_id);
  if yuanlu.line_conflicts(r.state, r.state_reason, proves = 'acceptance', one.occurred_at, r.requested_at,
       make_interval(hours => coalesce((select n.dated_before_max_hours from yuanlu.break_rules n order by n.revision desc limit 1), 24)), printed) then
    insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no, channel_refund_no,
      transaction_id, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
    values ('state_conflict', format('state_conflict/f%s/%s', one.file_id, one.line_no), one.account_id, one.file_id, one.line_no,
      one.bill_date, r.id, r.refund_no, one.channel_refund_no, one.transaction_id, one.amount_minor, r.amount_minor, one.currency,
      one.occurred_at, jsonb_strip_nulls(jsonb_build_object('state', r.state, 'requested_at', r.requested_at, 'line_status', printed)), event.at);
  end if;
  perform yuanlu.tell_settled_file(one.file_id, one.account_id, one.bill_date, event.at);
end $$;
