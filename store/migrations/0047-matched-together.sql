-- Lines and refunds that two people match one to many: one line for several refunds, or several lines for one. Matching keeps to it
-- as it keeps to a force-match. Each refund has one row in the matches of its first line, with its own amount (pass 8), so that what
-- is true of one refund stays true: it has one match at most.

create table yuanlu.match_groups (
  id              bigint generated always as identity primary key,
  account_id      text not null references yuanlu.channel_accounts (id),
  approval_id     bigint not null unique references yuanlu.approvals (id),
  reason_code     text not null check (reason_code ~ '^[a-z_]{1,40}$'),
  -- What the lines are more than the refunds, or less, and why that is so.
  remainder_minor bigint not null,
  remainder_code  text check (remainder_code in ('rounding', 'fee', 'not_worth_pursuing', 'channel_error')),
  made_at         timestamptz not null,
  -- Taken back by two people, or one of its lines is gone from a newer delivery.
  ended_at        timestamptz,
  constraint remainder_is_explained check ((remainder_minor = 0) = (remainder_code is null))
);

create index match_groups_ended on yuanlu.match_groups (account_id, ended_at);

create table yuanlu.match_group_lines (
  group_id       bigint not null references yuanlu.match_groups (id),
  break_id       bigint not null,
  file_id        bigint not null,
  line_no        integer not null,
  bill_date      date not null,
  amount_minor   bigint not null,
  -- The line in whose matches the refunds stand: the first of them.
  first          boolean not null,
  -- Which refund its break named before.
  was_refund_id  bigint,
  was_refund_no  text,
  ended_at       timestamptz,
  primary key (group_id, break_id)
);
create unique index match_group_lines_once on yuanlu.match_group_lines (file_id, line_no) where ended_at is null;
create index match_group_lines_by_break on yuanlu.match_group_lines (break_id);

create table yuanlu.match_group_refunds (
  group_id     bigint not null references yuanlu.match_groups (id),
  refund_id    bigint not null references yuanlu.refunds (id),
  amount_minor bigint not null,
  ended_at     timestamptz,
  primary key (group_id, refund_id)
);
create unique index match_group_refunds_once on yuanlu.match_group_refunds (refund_id) where ended_at is null;

grant select on yuanlu.match_groups, yuanlu.match_group_lines, yuanlu.match_group_refunds to yuanlu_app, yuanlu_ingest, yuanlu_report;

do $$
declare
  one record;
begin
  alter table yuanlu.matches drop constraint matches_pass_check;
  for one in select conrelid::regclass as relation from pg_constraint where conname = 'matches_pass_check' loop
    execute format('alter table %s drop constraint matches_pass_check', one.relation);
  end loop;
  alter table yuanlu.matches add constraint matches_pass_check check (pass between 1 and 3 or pass in (8, 9));
end $$;

-- As in 0042, with the pass 8.
create or replace function yuanlu.seal_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format(
    'alter table yuanlu.%I
       alter refund_id set not null, alter amount_minor set not null, alter occurred_at set not null,
       alter line_no set not null, alter pass set not null, alter amount_agrees set not null,
       add constraint matches_pass_check check (pass between 1 and 3 or pass in (8, 9)),
       add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
    leaf, file_id, account_id, bill_date);
  execute format('create unique index on yuanlu.%I (refund_id)', leaf);
  execute format('analyze yuanlu.%I (refund_id)', leaf);
end $$;

create or replace function yuanlu.ended_by_decision(closed_reason text) returns boolean
language sql immutable parallel safe
return coalesce(closed_reason in ('resolved', 'written_off', 'force_matched', 'matched_together', 'resolved_by_rule'), false);

alter table yuanlu.break_events
  drop constraint break_events_kind_check,
  add constraint break_events_kind_check check (kind in ('assigned', 'released', 'parked', 'unparked', 'commented', 'resolved', 'written_off',
    'force_matched', 'matched_together', 'reopened', 'resolved_by_rule', 'closed', 'answered', 'carried', 'lapsed')),
  drop constraint with_a_reason,
  add constraint with_a_reason check (kind not in ('resolved', 'written_off', 'force_matched', 'matched_together', 'resolved_by_rule')
    or reason_code is not null),
  drop constraint by_two_people,
  add constraint by_two_people check ((approval_id is not null) = (kind in ('written_off', 'force_matched', 'matched_together', 'reopened')));

alter table yuanlu.approvals
  drop constraint approvals_act_check,
  add constraint approvals_act_check check (act in ('resolve_refund', 'release_refund', 'redirect_refund', 'record_return', 'fallback_route', 'lift_overdue',
    'force_match', 'match_together', 'write_off_break', 'reopen_break', 'close_day', 'reopen_day'));

-- As in 0031, with the match of several; that one is there with its lines.
create or replace function yuanlu.require_break_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from yuanlu.approvals a
     where a.id = new.approval_id and a.used_at is not null and new.break_id = any (a.break_ids) and a.decided_by = new.actor
       and a.act = case new.kind when 'written_off' then 'write_off_break' when 'force_matched' then 'force_match'
                                 when 'matched_together' then 'match_together' when 'reopened' then 'reopen_break' end)
     or new.kind = 'matched_together' and not exists (
       select from yuanlu.match_groups g join yuanlu.match_group_lines l on l.group_id = g.id
        where g.approval_id = new.approval_id and l.break_id = new.break_id) then
    raise exception 'break % needs the approval of two people to be %', new.break_id, new.kind using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

-- What a match of several was is over, with all of it: its lines are nobody's, and its refunds have no line.
create function yuanlu.end_match_group(ended bigint, event_at timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  delete from yuanlu.matches m using yuanlu.match_groups g, yuanlu.match_group_refunds r, yuanlu.match_group_lines l
   where g.id = ended and r.group_id = ended and l.group_id = ended and l.first
     and m.account_id = g.account_id and m.bill_date = l.bill_date and m.file_id = l.file_id and m.line_no = l.line_no
     and m.refund_id = r.refund_id and m.pass = 8;
  update yuanlu.breaks b set refund_id = l.was_refund_id, refund_no = l.was_refund_no
    from yuanlu.match_group_lines l where l.group_id = ended and b.id = l.break_id;
  update yuanlu.match_group_lines set ended_at = event_at where group_id = ended;
  update yuanlu.match_group_refunds set ended_at = event_at where group_id = ended;
  update yuanlu.match_groups set ended_at = event_at where id = ended;
end $$;
revoke all on function yuanlu.end_match_group from public;

-- Whoever takes back the match of one line takes it back of all of them.
create function yuanlu.take_group_back(one yuanlu.breaks, event yuanlu.break_events) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live bigint := (select l.group_id from yuanlu.match_group_lines l where l.break_id = one.id and l.ended_at is null);
begin
  if live is null then return; end if;
  if exists (select from yuanlu.match_group_lines l
              where l.group_id = live
                and l.break_id <> all ((select a.break_ids from yuanlu.approvals a where a.id = event.approval_id)::bigint[])) then
    raise exception 'break % was matched together with others', one.id using errcode = 'integrity_constraint_violation';
  end if;
  perform yuanlu.end_match_group(live, event.at);
end $$;
revoke all on function yuanlu.take_group_back from public;

-- As in 0046, and of a line that was matched with others.
create or replace function yuanlu.doubts_decision(one yuanlu.breaks) returns boolean language sql stable set search_path = pg_catalog, pg_temp
return one.kind = 'duplicate_line' and (
  exists (select from yuanlu.forced_matches f
           where f.file_id = (one.detail ->> 'of_file')::bigint and f.line_no = (one.detail ->> 'of_line')::integer and f.ended_at is null)
  or exists (select from yuanlu.match_group_lines g
              where g.file_id = (one.detail ->> 'of_file')::bigint and g.line_no = (one.detail ->> 'of_line')::integer and g.ended_at is null));

-- As in 0046, with the match of several.
create or replace function yuanlu.apply_break_event() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  one     yuanlu.breaks;
  by_rule boolean := new.kind = 'resolved_by_rule';
  ends    boolean := yuanlu.ended_by_decision(new.kind);
begin
  select * into one from yuanlu.breaks b where b.id = new.break_id for update;
  if one.id is null
     or new.actor is null and not by_rule and pg_trigger_depth() < 2
     or new.kind = 'reopened' and not yuanlu.ended_by_decision(one.closed_reason)
     or (new.actor is not null or by_rule) and new.kind not in ('reopened', 'commented') and one.status <> 'open'
     or by_rule and not yuanlu.rule_covers(one, new) then
    raise exception 'break % cannot be %', new.break_id, new.kind using errcode = 'integrity_constraint_violation';
  end if;
  if new.actor is null and not by_rule then return new; end if;
  update yuanlu.breaks b
     set revision = b.revision + 1,
         assigned_to = case new.kind when 'assigned' then new.detail ->> 'to' when 'released' then null else b.assigned_to end,
         parked_until = case new.kind when 'parked' then (new.detail ->> 'until')::date when 'commented' then b.parked_until
                                      when 'assigned' then b.parked_until when 'released' then b.parked_until end,
         status = case when ends then 'closed' when new.kind = 'reopened' then 'open' else b.status end,
         closed_at = case when ends then new.at when new.kind = 'reopened' then null else b.closed_at end,
         closed_reason = case when ends then new.kind when new.kind = 'reopened' then null else b.closed_reason end,
         closing_evidence = case when ends
                                 then jsonb_strip_nulls(jsonb_build_object('event', new.id::text, 'by', new.actor, 'code', new.reason_code,
                                        'approval', new.approval_id::text, 'refund_no', new.detail ->> 'refund_no',
                                        'rules_revision', case when by_rule then new.detail ->> 'rules_revision' end,
                                        'rule', case when by_rule then new.detail ->> 'rule' end,
                                        'group', case when new.kind = 'matched_together' then new.detail ->> 'group' end))
                                 when new.kind = 'reopened' then null else b.closing_evidence end
   where b.id = new.break_id;
  if new.kind = 'force_matched' then perform yuanlu.force_match(one, new); end if;
  if new.kind = 'reopened' and one.closed_reason = 'force_matched' then perform yuanlu.take_force_match_back(one, new); end if;
  if new.kind = 'reopened' and one.closed_reason = 'matched_together' then perform yuanlu.take_group_back(one, new); end if;
  return new;
end $$;

-- Matches the lines of breaks with refunds, one to many, as an approval says it. The sums agree to the fen, or what is over has its
-- reason; no line and no refund is in two matches. Returns the number of the match.
create function yuanlu.match_together(approval bigint, actor text, event_at timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  a         yuanlu.approvals;
  account   text;
  money     text;
  refunds   bigint[];
  named     text[];
  lines     bigint;
  over      bigint;
  told_code text;
  allowed   bigint;
  made      bigint;
  top       yuanlu.match_group_lines;
begin
  select * into a from yuanlu.approvals p where p.id = approval and p.act = 'match_together' for update;
  named := string_to_array(a.content ->> 'refund_nos', ' ');
  told_code := a.content ->> 'remainder_code';
  select min(b.account_id), min(b.currency) into account, money from yuanlu.breaks b where b.id = any (a.break_ids);
  -- As matching and the sweep: one at a time on an account.
  perform pg_advisory_xact_lock(hashtextextended('yuanlu/match/' || account, 0));
  perform from yuanlu.breaks b where b.id = any (a.break_ids) order by b.id for update;
  select array_agg(r.id order by r.id) into refunds from yuanlu.refund_book r
   where r.account_id = account and r.refund_no = any (named) and r.currency = money
     and exists (select from yuanlu.channel_accounts c where c.id = r.account_id and c.merchant_id = a.merchant_id);
  select count(*) into lines from yuanlu.breaks b join yuanlu.statement_files f on f.id = b.file_id and f.status = 'loaded' and f.kind = 'trade'
   where b.id = any (a.break_ids) and b.account_id = account and b.status = 'open' and b.line_no is not null and b.currency = money
     and b.kind in ('missing_in_books', 'ambiguous', 'duplicate_line', 'number_differs')
     and b.dedupe_key not like 'adjustment/%' and b.dedupe_key not like 'flow/%';
  if account is null or lines <> cardinality(a.break_ids) or cardinality(refunds) is distinct from cardinality(named)
     or not (lines = 1 and cardinality(refunds) > 1 or lines > 1 and cardinality(refunds) = 1)
     or exists (select from yuanlu.live_matches m where m.account_id = account and m.refund_id = any (refunds))
     or exists (select from yuanlu.refund_book r, yuanlu.breaks b join yuanlu.statement_files f on f.id = b.file_id
                  join yuanlu.statement_lines l on l.account_id = b.account_id and l.bill_date = b.bill_date and l.file_id = b.file_id and l.line_no = b.line_no
                 where r.id = any (refunds) and b.id = any (a.break_ids)
                   and yuanlu.line_conflicts(r.state, r.state_reason, f.proves = 'acceptance', b.occurred_at, r.requested_at,
                     make_interval(hours => coalesce((select n.dated_before_max_hours from yuanlu.break_rules n order by n.revision desc limit 1), 24)), l.status)) then
    raise exception 'the breaks and refunds of request % do not fit together', approval using errcode = 'integrity_constraint_violation';
  end if;
  over := (select sum(b.amount_minor) from yuanlu.breaks b where b.id = any (a.break_ids))
        - (select sum(r.amount_minor) from yuanlu.refund_book r where r.id = any (refunds));
  select (r.write_off_max ->> told_code)::bigint into allowed from yuanlu.break_rules r order by r.revision desc limit 1;
  if (over = 0) <> (told_code is null) or over::text is distinct from coalesce(a.content ->> 'remainder_minor', '0') or abs(over) > coalesce(allowed, abs(over)) then
    raise exception 'the sums of request % do not agree', approval using errcode = 'integrity_constraint_violation';
  end if;
  insert into yuanlu.match_groups (account_id, approval_id, reason_code, remainder_minor, remainder_code, made_at)
  values (account, approval, a.content ->> 'code', over, told_code, event_at) returning id into made;
  insert into yuanlu.match_group_lines (group_id, break_id, file_id, line_no, bill_date, amount_minor, first, was_refund_id, was_refund_no)
  select made, b.id, b.file_id, b.line_no, b.bill_date, b.amount_minor, row_number() over (order by b.bill_date, b.file_id, b.line_no) = 1,
         b.refund_id, b.refund_no
    from yuanlu.breaks b where b.id = any (a.break_ids);
  insert into yuanlu.match_group_refunds (group_id, refund_id, amount_minor)
  select made, r.id, r.amount_minor from yuanlu.refund_book r where r.id = any (refunds);
  select * into top from yuanlu.match_group_lines l where l.group_id = made and l.first;
  insert into yuanlu.matches (file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees, account_id)
  select top.file_id, r.id, r.amount_minor, b.occurred_at, top.line_no, top.bill_date, 8, true, account
    from yuanlu.refund_book r, yuanlu.breaks b where r.id = any (refunds) and b.id = top.break_id;
  -- The break of a line that one refund is for says which, also in the leaf of a closed day.
  if cardinality(refunds) = 1 then
    update yuanlu.breaks b set refund_id = r.id, refund_no = r.refund_no
      from yuanlu.refund_book r where r.id = refunds[1] and b.id = any (a.break_ids);
  end if;
  insert into yuanlu.break_events (break_id, at, kind, actor, reason_code, detail, approval_id)
  select l.break_id, event_at, 'matched_together', actor, a.content ->> 'code',
         jsonb_strip_nulls(jsonb_build_object('group', made::text, 'refund_nos', a.content ->> 'refund_nos', 'asked_by', a.asked_by,
           'remainder_minor', a.content ->> 'remainder_minor', 'remainder_code', told_code)), approval
    from yuanlu.match_group_lines l where l.group_id = made order by l.break_id;
  perform yuanlu.tell_settled_file(top.file_id, account, top.bill_date, event_at);
  return made;
end $$;
revoke all on function yuanlu.match_together(bigint, text, timestamptz) from public;
grant execute on function yuanlu.match_together(bigint, text, timestamptz) to yuanlu_app;

-- As in 0046. A match of several goes with its lines, and lapses as a whole when one of them is gone.
create or replace function yuanlu.carry_decisions(file bigint, event_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  f      yuanlu.statement_files;
  lapsed bigint;
begin
  select * into f from yuanlu.statement_files s where s.id = file and s.status = 'loaded';
  if not exists (select from yuanlu.breaks b where b.file_id = f.supersedes and yuanlu.ended_by_decision(b.closed_reason)) then
    return;
  end if;
  with line as (
    select l.file_id, l.line_no, r.content, row_number() over (partition by l.file_id, r.content order by l.line_no) as nth
      from yuanlu.statement_lines l,
           lateral (select jsonb_build_array(l.line_type, l.occurred_at, l.amount_minor, l.payer_minor, l.fee_e5, l.transaction_id,
                             l.payment_no, l.channel_refund_no, l.refund_no, l.currency, l.status, l.funding) as content) r
     where l.account_id = f.account_id and l.bill_date = f.bill_date and l.file_id in (f.id, f.supersedes)),
  kept as (
    select b.id, fresh.line_no
      from yuanlu.breaks b
      join line stale on stale.file_id = b.file_id and stale.line_no = b.line_no
      join line fresh on fresh.file_id = f.id and fresh.content = stale.content and fresh.nth = stale.nth
     where b.file_id = f.supersedes and yuanlu.ended_by_decision(b.closed_reason)
       and b.dedupe_key not like 'adjustment/%' and b.dedupe_key not like 'flow/%'),
  moved as (
    update yuanlu.breaks b
       set file_id = f.id, line_no = k.line_no, dedupe_key = format('%s/f%s/%s', b.kind, f.id, k.line_no), revision = b.revision + 1
      from kept k where b.id = k.id
    returning b.id, k.line_no),
  moved_together as (
    update yuanlu.match_group_lines l set file_id = f.id, line_no = moved.line_no
      from moved where l.break_id = moved.id and l.ended_at is null)
  update yuanlu.forced_matches m set file_id = f.id, line_no = moved.line_no
    from moved where m.break_id = moved.id and m.ended_at is null;
  update yuanlu.forced_matches m set ended_at = event_at where m.file_id = f.supersedes and m.ended_at is null;
  for lapsed in select distinct l.group_id from yuanlu.match_group_lines l where l.file_id = f.supersedes and l.ended_at is null order by 1 loop
    perform yuanlu.end_match_group(lapsed, event_at);
  end loop;
end $$;

-- That a match of several lapsed stands with each of its lines.
create function yuanlu.note_group_lapsed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Taken back by people: they have their own event.
  if pg_trigger_depth() > 1 then return null; end if;
  insert into yuanlu.break_events (break_id, at, kind, detail)
  values (new.break_id, new.ended_at, 'lapsed', jsonb_build_object('file_id', new.file_id::text, 'line_no', new.line_no, 'group', new.group_id::text));
  return null;
end $$;
create trigger note_lapsed after update of ended_at on yuanlu.match_group_lines
  for each row when (old.ended_at is null and new.ended_at is not null) execute function yuanlu.note_group_lapsed();
