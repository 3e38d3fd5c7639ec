-- Statements that are missing, each once: told to whoever listens when it is found missing, and again when it came.

create table yuanlu.statement_gaps (
  account_id text not null references yuanlu.channel_accounts (id),
  kind       text not null check (kind in ('trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees')),
  bill_date  date not null,
  -- When the channel should have had it.
  due_at     timestamptz not null,
  found_at   timestamptz not null,
  ended_at   timestamptz,
  -- `received`: it came, or is known to be empty. `too_old`: the channel no longer has it. `not_expected`: the account has no more statements
  -- of this kind; should it have them again, the gap is open again.
  ended_why  text check (ended_why in ('received', 'too_old', 'not_expected')),
  primary key (account_id, kind, bill_date),
  check ((ended_at is null) = (ended_why is null))
);
create index statement_gaps_open on yuanlu.statement_gaps (account_id, kind, bill_date) where ended_at is null;
create trigger never_deleted before delete or truncate on yuanlu.statement_gaps for each statement execute function yuanlu.refuse_change();

-- An event is about a refund, or about a statement, or only tries an endpoint.
alter table yuanlu.webhook_events
  add column account_id     text,
  add column statement_kind text,
  add column bill_date      date,
  add column due_at         timestamptz,
  drop constraint webhook_events_check,
  drop constraint webhook_events_check1,
  add constraint webhook_event_of_refund check (
    num_nonnulls(refund_id, refund_no, state, overdue_level) = case when type like 'refund.%' then 4 else 0 end),
  add constraint webhook_event_of_statement check (
    num_nonnulls(account_id, statement_kind, bill_date, due_at) = case when type like 'statement.%' then 4 else 0 end);

-- Writes down what is missing and was not before, ends what came, and tells both. Whoever comes second changes nothing. `expected`: the
-- accounts that were looked at, each with the kinds of statements that it has.
create function yuanlu.note_statement_gaps(gaps jsonb, expected jsonb, oldest date, noted_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  with found as (
    insert into yuanlu.statement_gaps (account_id, kind, bill_date, due_at, found_at)
    select g.account_id, g.kind, g.bill_date, g.due_at, noted_at
      from jsonb_to_recordset(gaps) as g (account_id text, kind text, bill_date date, due_at timestamptz)
     order by g.bill_date, g.account_id, g.kind
    on conflict (account_id, kind, bill_date) do update
       set ended_at = null, ended_why = null, found_at = excluded.found_at where statement_gaps.ended_why = 'not_expected'
    returning account_id, kind, bill_date, due_at
  ), came as (
    update yuanlu.statement_gaps o set ended_at = noted_at, ended_why = 'received'
     where o.ended_at is null
       and exists (select from yuanlu.statement_files f
                    where f.account_id = o.account_id and f.kind = o.kind and f.bill_date = o.bill_date
                      and f.status in ('loaded', 'empty'))
    returning o.account_id, o.kind, o.bill_date, o.due_at
  ), told as (
    select 'statement.missing' as type, found.* from found union all select 'statement.received', came.* from came
  ), event as (
    insert into yuanlu.webhook_events (merchant_id, type, account_id, statement_kind, bill_date, due_at, at)
    select a.merchant_id, t.type, t.account_id, t.kind, t.bill_date, t.due_at, noted_at
      from told t join yuanlu.channel_accounts a on a.id = t.account_id
     where yuanlu.has_webhooks(a.merchant_id)
     order by t.bill_date, t.account_id, t.kind
    returning id, merchant_id, type
  )
  insert into yuanlu.webhook_deliveries (event, endpoint_id, merchant_id)
  select event.id, e.id, e.merchant_id
    from event join yuanlu.webhook_endpoints e on e.merchant_id = event.merchant_id
   -- Only who asked for them: an endpoint without a list was made for events of refunds.
   where e.disabled_at is null and event.type = any (e.types);

  update yuanlu.statement_gaps set ended_at = noted_at, ended_why = 'too_old' where ended_at is null and bill_date < oldest;
  update yuanlu.statement_gaps o set ended_at = noted_at, ended_why = 'not_expected'
    from jsonb_to_recordset(expected) as a (id text, kinds text[])
   where o.ended_at is null and o.account_id = a.id and o.kind <> all (a.kinds);
end $$;
revoke all on function yuanlu.note_statement_gaps from public;
grant execute on function yuanlu.note_statement_gaps to yuanlu_app;
grant select on yuanlu.statement_gaps to yuanlu_app, yuanlu_report;
