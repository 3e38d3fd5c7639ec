-- Matching writes the lines that simply agree with their refund straight into the file's own table of matches: they are
-- nearly all of a file, and whatever is written once need not be copied. One statement that makes a table may run on
-- several cores, an insert may not; so the table is made of its rows, and its constraints and index come afterwards.

drop function yuanlu.open_match_table(bigint, text, date);
drop function yuanlu.attach_match_table(bigint, text, date);

-- A refund that the channel took and closed afterwards: the bill of the day on which it was taken shows it for ever, so a
-- line that proves no more than acceptance agrees with it.
create function yuanlu.taken_and_closed(state text, state_reason text, acceptance boolean) returns boolean
language sql immutable parallel safe
return acceptance and state = 'failed' and state_reason is not distinct from 'closed';

-- The line contradicts the books: what was never sent, or did not happen, is printed, or printed before it was asked for.
create function yuanlu.line_conflicts(state text, state_reason text, acceptance boolean, occurred_at timestamptz,
                                      requested_at timestamptz, tolerance interval) returns boolean
language sql stable parallel safe
return state in ('requested', 'failed') and not yuanlu.taken_and_closed(state, state_reason, acceptance)
    or occurred_at < requested_at - tolerance;

-- The line says more than the books know: that the channel took the refund, or where lines prove it, that it was done.
create function yuanlu.line_is_news(state text, state_reason text, acceptance boolean) returns boolean
language sql immutable parallel safe
return state not in ('succeeded', 'settled') and not (acceptance and state = 'processing')
   and not yuanlu.taken_and_closed(state, state_reason, acceptance);

-- The refund lines of a file, each with the refund that our number names, if there is one. Where a number names a refund
-- within its payment only, the payment has to be the same: by the channel's number of it, else by ours; a refund of which
-- neither is known is taken at its own number. Planned as part of the query that asks (no set, not strict, one select).
create function yuanlu.line_claims(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                   within_payment boolean, tolerance interval)
returns table (file_id bigint, bill_date date, line_no integer, amount_minor bigint, occurred_at timestamptz,
               account_id text, refund_id bigint, agrees boolean, conflict boolean, news boolean, place tid,
               currency text, refund_no text, channel_refund_no text, transaction_id text, payment_no text)
language sql stable parallel safe as $$
  select l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at, l.account_id, r.id,
         r.amount_minor = l.amount_minor and r.currency = l.currency,
         yuanlu.line_conflicts(r.state, r.state_reason, $4, l.occurred_at, r.requested_at, $6),
         yuanlu.line_is_news(r.state, r.state_reason, $4),
         l.ctid, l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no
    from yuanlu.statement_lines l
    left join yuanlu.refund_book r
      on r.account_id = $2 and r.refund_no = l.refund_no
     and (not $5 or r.transaction_id = l.transaction_id
          or r.transaction_id is null and coalesce(r.payment_no = l.payment_no, true))
   where l.account_id = $2 and l.bill_date = $3 and l.file_id = $1 and l.line_type = 'refund' $$;

-- Makes the table of matches of a file, of all its refund lines: pass 1 where line and refund simply agree; 0 where a look
-- at them is needed, for the caller to take out before it seals the table. Returns how many lines there are.
create function yuanlu.claim_match_table(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                         within_payment boolean, tolerance interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf  text := 'matches_f' || file_id;
  lines bigint;
begin
  execute format(
    'create table yuanlu.%I as
       select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date,
              (case when refund_id is null or not agrees or conflict or news then 0 else 1 end)::smallint as pass,
              agrees as amount_agrees, account_id
         from yuanlu.line_claims(%L::bigint, %L::text, %L::date, %L::boolean, %L::boolean, %L::interval)',
    leaf, file_id, account_id, bill_date, acceptance, within_payment, tolerance);
  get diagnostics lines = row_count;
  execute format('grant select, insert, delete on yuanlu.%I to yuanlu_ingest', leaf);
  return lines;
end $$;

-- What holds of every match, in one reading of the table, and the index that also holds "one refund, one line" in the file.
create function yuanlu.seal_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format(
    'alter table yuanlu.%I
       alter file_id set not null, alter refund_id set not null, alter amount_minor set not null,
       alter occurred_at set not null, alter line_no set not null, alter bill_date set not null,
       alter pass set not null, alter amount_agrees set not null, alter account_id set not null,
       add constraint matches_pass_check check (pass between 1 and 3),
       add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
    leaf, file_id, account_id, bill_date);
  execute format('create unique index on yuanlu.%I (refund_id)', leaf);
  execute format('analyze yuanlu.%I (refund_id)', leaf);
end $$;

create function yuanlu.attach_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.attach_file_table('matches', file_id, account_id, bill_date);
  execute format('revoke delete on yuanlu.%I from yuanlu_ingest', 'matches_f' || file_id);
end $$;

revoke all on function yuanlu.claim_match_table(bigint, text, date, boolean, boolean, interval) from public;
revoke all on function yuanlu.seal_match_table(bigint, text, date) from public;
revoke all on function yuanlu.attach_match_table(bigint, text, date) from public;
grant execute on function yuanlu.claim_match_table(bigint, text, date, boolean, boolean, interval) to yuanlu_ingest;
grant execute on function yuanlu.seal_match_table(bigint, text, date) to yuanlu_ingest;
grant execute on function yuanlu.attach_match_table(bigint, text, date) to yuanlu_ingest;
