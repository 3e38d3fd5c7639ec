-- A line that has a refund's number need not be that refund's line: another number of it may say the contrary. Such a line proves
-- nothing by itself; it is a break about line and refund, and people say whose it is. And a line prints how the refund stood,
-- which the books may contradict.

alter table yuanlu.breaks drop constraint breaks_kind_check;
alter table yuanlu.breaks add constraint breaks_kind_check
  check (kind in ('missing_at_channel', 'missing_in_books', 'amount_differs', 'number_differs', 'state_conflict', 'duplicate_line',
    'fee_differs', 'returned', 'late', 'ambiguous', 'missing_in_fund_flow', 'missing_in_trade'));

-- Some number that both sides say is not the same: what one of them does not say contradicts nothing. Books first, then the line.
create function yuanlu.numbers_differ(own_transaction text, line_transaction text, own_payment text, line_payment text,
                                      own_refund text, line_refund text) returns boolean
language sql immutable parallel safe
return coalesce(own_refund <> line_refund, false) or coalesce(own_transaction <> line_transaction, false)
    or coalesce(own_payment <> line_payment, false);

-- Which they are, with both sides.
create function yuanlu.differing_numbers(own_transaction text, line_transaction text, own_payment text, line_payment text,
                                         own_refund text, line_refund text) returns jsonb
language sql immutable parallel safe
return jsonb_strip_nulls(jsonb_build_object(
  'channel_refund_no', case when own_refund <> line_refund then jsonb_build_object('ours', own_refund, 'theirs', line_refund) end,
  'transaction_id', case when own_transaction <> line_transaction then jsonb_build_object('ours', own_transaction, 'theirs', line_transaction) end,
  'payment_no', case when own_payment <> line_payment then jsonb_build_object('ours', own_payment, 'theirs', line_payment) end));

-- The line itself says that the refund did not happen, and will not. Other words of channels (WeChat's ABNORMAL and PROCESSING) are
-- printed once and may come to a good end.
create function yuanlu.line_says_closed(status text) returns boolean
language sql immutable parallel safe
return coalesce(status in ('CLOSED', 'REFUNDCLOSE', 'FAIL'), false);

-- A success of the books that the line denies: that line proves nothing.
create function yuanlu.line_denies(state text, status text) returns boolean
language sql immutable parallel safe
return state in ('succeeded', 'settled') and yuanlu.line_says_closed(status);

-- As in 0017, and with what the line says of the refund's state: SUCCESS of one that the books hold for closed or abnormal, and closed
-- of one that they hold for done. Closed on both sides is no contradiction.
create function yuanlu.line_conflicts(state text, state_reason text, acceptance boolean, occurred_at timestamptz,
                                      requested_at timestamptz, tolerance interval, status text) returns boolean
language sql stable parallel safe
return state in ('requested', 'failed')
         and not (yuanlu.taken_and_closed(state, state_reason, acceptance) and status is distinct from 'SUCCESS')
         and not (state = 'failed' and coalesce(state_reason, 'closed') = 'closed' and yuanlu.line_says_closed(status))
    or state = 'needs_action' and state_reason is not distinct from 'abnormal' and (not acceptance or status is not distinct from 'SUCCESS')
    or yuanlu.line_denies(state, status)
    or occurred_at < requested_at - tolerance;

-- As in 0017; `denied`: the line contradicts the refund that its number names so far that it proves nothing about it.
drop function yuanlu.line_claims(bigint, text, date, boolean, boolean, interval);
create function yuanlu.line_claims(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                   within_payment boolean, tolerance interval)
returns table (file_id bigint, bill_date date, line_no integer, amount_minor bigint, occurred_at timestamptz,
               account_id text, refund_id bigint, agrees boolean, conflict boolean, news boolean, denied boolean, place tid,
               currency text, refund_no text, channel_refund_no text, transaction_id text, payment_no text, status text)
language sql stable parallel safe as $$
  select l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at, l.account_id, r.id,
         r.amount_minor = l.amount_minor and r.currency = l.currency,
         yuanlu.line_conflicts(r.state, r.state_reason, $4, l.occurred_at, r.requested_at, $6, l.status),
         yuanlu.line_is_news(r.state, r.state_reason, $4),
         yuanlu.numbers_differ(r.transaction_id, l.transaction_id, r.payment_no, l.payment_no, r.channel_refund_no, l.channel_refund_no)
           or yuanlu.line_denies(r.state, l.status),
         l.ctid, l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no, l.status
    from yuanlu.statement_lines l
    left join yuanlu.refund_book r
      on r.account_id = $2 and r.refund_no = l.refund_no
     and (not $5 or r.transaction_id = l.transaction_id
          or r.transaction_id is null and coalesce(r.payment_no = l.payment_no, true))
   where l.account_id = $2 and l.bill_date = $3 and l.file_id = $1 and l.line_type = 'refund' $$;

create or replace function yuanlu.claim_match_table(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                                    within_payment boolean, tolerance interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf  text := 'matches_f' || file_id;
  lines bigint;
begin
  execute format(
    'create table yuanlu.%I as
       select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date,
              (case when refund_id is null or not agrees or conflict or news or denied then 0 else 1 end)::smallint as pass,
              agrees as amount_agrees, account_id
         from yuanlu.line_claims(%L::bigint, %L::text, %L::date, %L::boolean, %L::boolean, %L::interval)',
    leaf, file_id, account_id, bill_date, acceptance, within_payment, tolerance);
  get diagnostics lines = row_count;
  execute format('grant select, insert, delete on yuanlu.%I to yuanlu_ingest', leaf);
  return lines;
end $$;

-- As in 0031, and with what the line says of the refund's state.
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
  if yuanlu.line_conflicts(r.state, r.state_reason, proves = 'acceptance', one.occurred_at, r.requested_at, interval '1 day', printed) then
    insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no, channel_refund_no,
      transaction_id, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
    values ('state_conflict', format('state_conflict/f%s/%s', one.file_id, one.line_no), one.account_id, one.file_id, one.line_no,
      one.bill_date, r.id, r.refund_no, one.channel_refund_no, one.transaction_id, one.amount_minor, r.amount_minor, one.currency,
      one.occurred_at, jsonb_strip_nulls(jsonb_build_object('state', r.state, 'requested_at', r.requested_at, 'line_status', printed)), event.at);
  end if;
  perform yuanlu.tell_settled_file(one.file_id, one.account_id, one.bill_date, event.at);
end $$;

drop function yuanlu.line_conflicts(text, text, boolean, timestamptz, timestamptz, interval);
