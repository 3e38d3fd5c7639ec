-- Breaks that people work: who has one, until when it rests, what was said and done about it, and what two people decided.

alter table yuanlu.breaks
  add column assigned_to  text check (assigned_to ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  -- Nobody needs to look at it before this Beijing day. A matter of open breaks: it goes when the break ends.
  add column parked_until date,
  -- How often anything of it changed that a person sees: what somebody acts on is what they saw.
  add column revision     integer not null default 0;

create index breaks_assigned on yuanlu.breaks (assigned_to, id) where status = 'open' and assigned_to is not null;
-- What people have ended stays ended, however often its statement is matched and its account swept.
create index breaks_ended_by_people on yuanlu.breaks (dedupe_key) where closed_reason in ('resolved', 'written_off');

-- What happened to a break, in order, for ever. What people do to it happens by writing it down here.
create table yuanlu.break_events (
  id          bigint generated always as identity primary key,
  break_id    bigint not null,
  at          timestamptz not null,
  kind        text not null check (kind in ('assigned', 'released', 'parked', 'unparked', 'commented', 'resolved', 'written_off',
                'force_matched', 'reopened', 'closed')),
  -- The person; null where evidence closed it.
  actor       text check (actor ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  reason_code text check (reason_code ~ '^[a-z_]{1,40}$'),
  note        text check (note <> ''),
  detail      jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  approval_id bigint references yuanlu.approvals (id),
  constraint by_somebody check ((actor is null) = (kind = 'closed')),
  constraint with_a_reason check (kind not in ('resolved', 'written_off', 'force_matched') or reason_code is not null),
  constraint by_two_people check ((approval_id is not null) = (kind in ('written_off', 'force_matched', 'reopened')))
);
create index break_events_by_break on yuanlu.break_events (break_id, id);
create trigger append_only before update or delete or truncate on yuanlu.break_events
  for each statement execute function yuanlu.refuse_change();

-- Lines that two people gave to a refund. Matching keeps to them.
create table yuanlu.forced_matches (
  id         bigint generated always as identity primary key,
  break_id   bigint not null,
  account_id text not null,
  file_id    bigint not null,
  line_no    integer not null,
  refund_id  bigint not null,
  event_id   bigint not null references yuanlu.break_events (id) deferrable initially deferred,
  made_at    timestamptz not null,
  -- Taken back by two people, or its file was delivered anew without this line.
  ended_at   timestamptz
);
create unique index forced_matches_by_line on yuanlu.forced_matches (file_id, line_no) where ended_at is null;
create unique index forced_matches_by_refund on yuanlu.forced_matches (refund_id) where ended_at is null;

-- A match of people has the pass 9.
do $$
declare
  one record;
begin
  alter table yuanlu.matches drop constraint matches_pass_check;
  for one in select conrelid::regclass as relation from pg_constraint where conname = 'matches_pass_check' loop
    execute format('alter table %s drop constraint matches_pass_check', one.relation);
  end loop;
  alter table yuanlu.matches add constraint matches_pass_check check (pass between 1 and 3 or pass = 9);
end $$;

create or replace function yuanlu.seal_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format(
    'alter table yuanlu.%I
       alter file_id set not null, alter refund_id set not null, alter amount_minor set not null,
       alter occurred_at set not null, alter line_no set not null, alter bill_date set not null,
       alter pass set not null, alter amount_agrees set not null, alter account_id set not null,
       add constraint matches_pass_check check (pass between 1 and 3 or pass = 9),
       add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
    leaf, file_id, account_id, bill_date);
  execute format('create unique index on yuanlu.%I (refund_id)', leaf);
  execute format('analyze yuanlu.%I (refund_id)', leaf);
end $$;

-- The line becomes the refund's, as far as it proves anything: a contradiction to the books goes before a person as ever.
create function yuanlu.force_match(one yuanlu.breaks, event yuanlu.break_events) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  r       yuanlu.refund_book;
  proves  text := (select f.proves from yuanlu.statement_files f where f.id = one.file_id and f.status = 'loaded');
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
  if yuanlu.line_conflicts(r.state, r.state_reason, proves = 'acceptance', one.occurred_at, r.requested_at, interval '1 day') then
    insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no, channel_refund_no,
      transaction_id, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
    values ('state_conflict', format('state_conflict/f%s/%s', one.file_id, one.line_no), one.account_id, one.file_id, one.line_no,
      one.bill_date, r.id, r.refund_no, one.channel_refund_no, one.transaction_id, one.amount_minor, r.amount_minor, one.currency,
      one.occurred_at, jsonb_build_object('state', r.state, 'requested_at', r.requested_at), event.at);
  end if;
  perform yuanlu.tell_settled_file(one.file_id, one.account_id, one.bill_date, event.at);
end $$;
revoke all on function yuanlu.force_match from public;

create function yuanlu.take_force_match_back(one yuanlu.breaks, event yuanlu.break_events) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update yuanlu.forced_matches f set ended_at = event.at where f.break_id = one.id and f.ended_at is null;
  delete from yuanlu.matches m
   where m.account_id = one.account_id and m.bill_date = one.bill_date and m.file_id = one.file_id and m.line_no = one.line_no
     and m.pass = 9;
  update yuanlu.breaks b
     set status = 'closed', closed_at = event.at, closed_reason = 'matched_again',
         closing_evidence = jsonb_build_object('event', event.id::text)
   where b.file_id = one.file_id and b.line_no = one.line_no and b.status = 'open' and b.kind = 'state_conflict';
end $$;
revoke all on function yuanlu.take_force_match_back from public;

-- Does what is written down. Whoever ends a break ends an open one, and only what people have ended is opened again.
create function yuanlu.apply_break_event() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  one yuanlu.breaks;
begin
  select * into one from yuanlu.breaks b where b.id = new.break_id for update;
  if one.id is null
     or new.actor is null and pg_trigger_depth() < 2
     or new.kind = 'reopened' and coalesce(one.closed_reason, '') not in ('resolved', 'written_off', 'force_matched')
     or new.actor is not null and new.kind not in ('reopened', 'commented') and one.status <> 'open' then
    raise exception 'break % cannot be %', new.break_id, new.kind using errcode = 'integrity_constraint_violation';
  end if;
  if new.actor is null then return new; end if;
  update yuanlu.breaks b
     set revision = b.revision + 1,
         assigned_to = case new.kind when 'assigned' then new.detail ->> 'to' when 'released' then null else b.assigned_to end,
         parked_until = case new.kind when 'parked' then (new.detail ->> 'until')::date when 'commented' then b.parked_until
                                      when 'assigned' then b.parked_until when 'released' then b.parked_until end,
         status = case when new.kind in ('resolved', 'written_off', 'force_matched') then 'closed'
                       when new.kind = 'reopened' then 'open' else b.status end,
         closed_at = case when new.kind in ('resolved', 'written_off', 'force_matched') then new.at
                          when new.kind = 'reopened' then null else b.closed_at end,
         closed_reason = case when new.kind in ('resolved', 'written_off', 'force_matched') then new.kind
                              when new.kind = 'reopened' then null else b.closed_reason end,
         closing_evidence = case when new.kind in ('resolved', 'written_off', 'force_matched')
                                 then jsonb_strip_nulls(jsonb_build_object('event', new.id::text, 'by', new.actor, 'code', new.reason_code,
                                        'approval', new.approval_id::text, 'refund_no', new.detail ->> 'refund_no'))
                                 when new.kind = 'reopened' then null else b.closing_evidence end
   where b.id = new.break_id;
  if new.kind = 'force_matched' then perform yuanlu.force_match(one, new); end if;
  if new.kind = 'reopened' and one.closed_reason = 'force_matched' then perform yuanlu.take_force_match_back(one, new); end if;
  return new;
end $$;
create trigger apply_event before insert on yuanlu.break_events for each row execute function yuanlu.apply_break_event();

-- Evidence that ends a break is part of its history, and with it ends its rest.
create function yuanlu.note_break_end() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if pg_trigger_depth() > 1 then return null; end if;
  update yuanlu.breaks b set parked_until = null, revision = b.revision + 1 where b.id = new.id;
  insert into yuanlu.break_events (break_id, at, kind, detail)
  values (new.id, new.closed_at, 'closed', new.closing_evidence || jsonb_build_object('reason', new.closed_reason));
  return null;
end $$;
create trigger note_end after update of status on yuanlu.breaks
  for each row when (old.status = 'open' and new.status = 'closed') execute function yuanlu.note_break_end();

alter table yuanlu.approvals
  drop constraint approvals_act_check,
  add constraint approvals_act_check check (act in ('resolve_refund', 'release_refund', 'redirect_refund', 'record_return', 'fallback_route', 'lift_overdue',
    'force_match', 'write_off_break', 'reopen_break'));

-- What takes two people is done by the approval that they gave, which is used by the end of the same transaction.
create function yuanlu.require_break_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from yuanlu.approvals a
     where a.id = new.approval_id and a.used_at is not null and new.break_id = any (a.break_ids) and a.decided_by = new.actor
       and a.act = case new.kind when 'written_off' then 'write_off_break' when 'force_matched' then 'force_match'
                                 when 'reopened' then 'reopen_break' end) then
    raise exception 'break % needs the approval of two people to be %', new.break_id, new.kind using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger four_eyes after insert on yuanlu.break_events deferrable initially deferred
  for each row when (new.approval_id is not null) execute function yuanlu.require_break_approval();

grant select on yuanlu.break_events, yuanlu.forced_matches to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.break_events to yuanlu_app;
