-- Days of an account that two people have closed: what was closed is never edited, reopening is an event, and whatever changes
-- about a day that was ever closed is written down, so that what was closed can be told from what is there now.

create table yuanlu.closed_days (
  id           bigint generated always as identity primary key,
  account_id   text not null references yuanlu.channel_accounts (id),
  bill_date    date not null,
  -- 1, 2, … for the closings of one day.
  closing      integer not null check (closing > 0),
  approval_id  bigint not null unique references yuanlu.approvals (id),
  closed_at    timestamptz not null,
  tree_size    bigint not null check (tree_size >= 0),
  root         text not null check (root ~ '^[0-9a-f]{64}$'),
  -- The signed record, to the byte.
  record       text not null check (record <> ''),
  -- The newest change of the day that the closing saw; set by the database.
  changes_seen bigint not null default 0,
  -- The transaction that closed it: its leaves are written in it, and never after.
  recorded_in  xid8 not null default pg_current_xact_id(),
  constraint closed_day_once unique (account_id, bill_date, closing)
);
create index closed_days_listed on yuanlu.closed_days (account_id, id);

create table yuanlu.reopened_days (
  id            bigint generated always as identity primary key,
  closed_day_id bigint not null unique references yuanlu.closed_days (id),
  approval_id   bigint not null unique references yuanlu.approvals (id),
  reopened_at   timestamptz not null,
  reopened_by   text not null,
  reason        text not null check (reason <> '')
);

-- The breaks of a day as they were when it was closed: they go on changing, their leaves do not.
create table yuanlu.closed_day_breaks (
  closed_day_id bigint not null references yuanlu.closed_days (id),
  position      integer not null check (position >= 0),
  break_id      bigint not null,
  leaf          text not null,
  primary key (closed_day_id, position)
);

create table yuanlu.closed_day_changes (
  id            bigint generated always as identity primary key,
  account_id    text not null,
  bill_date     date not null,
  -- Of the host, like the audit's.
  recorded_at   timestamptz not null default clock_timestamp(),
  change        text not null check (change in ('statement_added', 'match_added', 'match_removed', 'break_opened', 'break_closed')),
  file_id       bigint,
  line_no       integer,
  refund_id     bigint,
  pass          smallint,
  amount_minor  bigint,
  amount_agrees boolean,
  break_id      bigint
);
create index closed_day_changes_by_day on yuanlu.closed_day_changes (account_id, bill_date, id);

do $$
declare
  one text;
begin
  foreach one in array array['closed_days', 'reopened_days', 'closed_day_breaks', 'closed_day_changes'] loop
    execute format('create trigger append_only before update or delete or truncate on yuanlu.%I
                      for each statement execute function yuanlu.refuse_change()', one);
  end loop;
end $$;

-- The day that a break is about: that of its line, or the day on which the line of its refund was due.
create function yuanlu.day_of_break(bill_date date, detail jsonb) returns date
language sql immutable parallel safe
return coalesce(bill_date, case when detail ->> 'day' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then (detail ->> 'day')::date end);
create index breaks_by_day on yuanlu.breaks (account_id, yuanlu.day_of_break(bill_date, detail), id);

-- Whoever changes a day shares its lock, whoever closes it has it alone: nothing changes between looking at a day and closing it,
-- and what comes later sees that the day is closed.
create function yuanlu.hold_day(account_id text, bill_date date, alone boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  day bigint := hashtextextended('yuanlu/day/' || account_id || '/' || bill_date, 0);
begin
  if alone then
    perform pg_advisory_xact_lock(day);
  else
    perform pg_advisory_xact_lock_shared(day);
  end if;
end $$;

create function yuanlu.note_match_change() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.hold_day(d.account_id, d.bill_date, false)
     from (select distinct m.account_id, m.bill_date from changed m order by 1, 2) d;
  insert into yuanlu.closed_day_changes (account_id, bill_date, change, file_id, line_no, refund_id, pass, amount_minor, amount_agrees)
  select m.account_id, m.bill_date, tg_argv[0], m.file_id, m.line_no, m.refund_id, m.pass, m.amount_minor, m.amount_agrees
    from changed m
   where exists (select from yuanlu.closed_days c where c.account_id = m.account_id and c.bill_date = m.bill_date)
   order by m.file_id, m.line_no, m.refund_id;
  return null;
end $$;
create trigger note_added after insert on yuanlu.matches referencing new table as changed
  for each statement execute function yuanlu.note_match_change('match_added');
create trigger note_removed after delete on yuanlu.matches referencing old table as changed
  for each statement execute function yuanlu.note_match_change('match_removed');

create function yuanlu.note_break_opened() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.hold_day(d.account_id, d.day, false)
     from (select distinct b.account_id, yuanlu.day_of_break(b.bill_date, b.detail) as day from changed b order by 1, 2) d
    where d.day is not null;
  insert into yuanlu.closed_day_changes (account_id, bill_date, change, file_id, line_no, refund_id, break_id)
  select b.account_id, d.day, 'break_opened', b.file_id, b.line_no, b.refund_id, b.id
    from changed b, lateral (select yuanlu.day_of_break(b.bill_date, b.detail) as day) d
   where exists (select from yuanlu.closed_days c where c.account_id = b.account_id and c.bill_date = d.day)
   order by b.id;
  return null;
end $$;
create trigger note_opened after insert on yuanlu.breaks referencing new table as changed
  for each statement execute function yuanlu.note_break_opened();

create function yuanlu.note_break_turned() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.hold_day(d.account_id, d.day, false)
     from (select distinct b.account_id, yuanlu.day_of_break(b.bill_date, b.detail) as day
             from changed b join was w using (id) where w.status <> b.status order by 1, 2) d
    where d.day is not null;
  insert into yuanlu.closed_day_changes (account_id, bill_date, change, file_id, line_no, refund_id, break_id)
  select b.account_id, d.day, case b.status when 'open' then 'break_opened' else 'break_closed' end, b.file_id, b.line_no, b.refund_id, b.id
    from changed b join was w using (id), lateral (select yuanlu.day_of_break(b.bill_date, b.detail) as day) d
   where w.status <> b.status
     and exists (select from yuanlu.closed_days c where c.account_id = b.account_id and c.bill_date = d.day)
   order by b.id;
  return null;
end $$;
create trigger note_turned after update on yuanlu.breaks referencing old table as was new table as changed
  for each statement execute function yuanlu.note_break_turned();

create function yuanlu.note_statement_added() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.hold_day(new.account_id, new.bill_date, false);
  insert into yuanlu.closed_day_changes (account_id, bill_date, change, file_id)
  select new.account_id, new.bill_date, 'statement_added', new.id
   where exists (select from yuanlu.closed_days c where c.account_id = new.account_id and c.bill_date = new.bill_date);
  return null;
end $$;
create trigger note_added after insert on yuanlu.statement_files
  for each row when (new.status in ('loaded', 'empty')) execute function yuanlu.note_statement_added();

-- A day is closed once at a time, in order, and knows what had changed before.
create function yuanlu.guard_closing() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before record;
begin
  perform yuanlu.hold_day(new.account_id, new.bill_date, true);
  select c.closing, exists (select from yuanlu.reopened_days r where r.closed_day_id = c.id) as reopened into before
    from yuanlu.closed_days c where c.account_id = new.account_id and c.bill_date = new.bill_date order by c.closing desc limit 1;
  if found and not before.reopened or new.closing <> coalesce(before.closing, 0) + 1 then
    raise exception 'the day % of % is closed already', new.bill_date, new.account_id using errcode = 'integrity_constraint_violation';
  end if;
  new.changes_seen := coalesce((select max(h.id) from yuanlu.closed_day_changes h
                                 where h.account_id = new.account_id and h.bill_date = new.bill_date), 0);
  return new;
end $$;
create trigger guard_closing before insert on yuanlu.closed_days for each row execute function yuanlu.guard_closing();

-- The leaves of a closing are written with it, in its own transaction, and never after.
create function yuanlu.guard_closed_break() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from yuanlu.closed_days c where c.id = new.closed_day_id and c.recorded_in = pg_current_xact_id()) then
    raise exception 'closing % is over', new.closed_day_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create trigger written_with_it after insert on yuanlu.closed_day_breaks for each row execute function yuanlu.guard_closed_break();

grant select on yuanlu.closed_days, yuanlu.reopened_days, yuanlu.closed_day_breaks, yuanlu.closed_day_changes
  to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert (account_id, bill_date, closing, approval_id, closed_at, tree_size, root, record) on yuanlu.closed_days to yuanlu_app;
grant insert on yuanlu.reopened_days, yuanlu.closed_day_breaks to yuanlu_app;
