-- Breaks that end by a rule of the rules file, without a person: each with an event that names the revision and the rule. None
-- are brought along; what nobody imported does nothing.

alter table yuanlu.break_rules
  add column resolve_by_itself jsonb not null default '[]'
    check (jsonb_typeof(resolve_by_itself) = 'array' and jsonb_array_length(resolve_by_itself) <= 50);

-- How much money a break leaves unexplained, as `atStakeMinor` of domain/statement/break-work.ts.
create function yuanlu.break_stake(kind text, amount_minor bigint, expected_minor bigint) returns bigint
language sql immutable parallel safe
return case when kind in ('state_conflict', 'returned', 'late') then 0
            when kind in ('amount_differs', 'fee_differs') then abs(coalesce(amount_minor, 0) - coalesce(expected_minor, 0))
            else greatest(coalesce(amount_minor, 0), coalesce(expected_minor, 0)) end;

-- Ended by people or by a rule of theirs; evidence alone would have left it open.
create function yuanlu.ended_by_decision(closed_reason text) returns boolean
language sql immutable parallel safe
return coalesce(closed_reason in ('resolved', 'written_off', 'force_matched', 'resolved_by_rule'), false);

create index breaks_ended_for_good on yuanlu.breaks (dedupe_key) where closed_reason in ('resolved', 'written_off', 'resolved_by_rule');
drop index yuanlu.breaks_ended_by_people;

alter table yuanlu.break_events
  drop constraint break_events_kind_check,
  add constraint break_events_kind_check check (kind in ('assigned', 'released', 'parked', 'unparked', 'commented', 'resolved', 'written_off',
    'force_matched', 'reopened', 'resolved_by_rule', 'closed', 'answered', 'carried', 'lapsed')),
  drop constraint by_somebody,
  add constraint by_somebody check ((actor is null) = (kind in ('resolved_by_rule', 'closed', 'answered', 'carried', 'lapsed'))),
  drop constraint with_a_reason,
  add constraint with_a_reason check (kind not in ('resolved', 'written_off', 'force_matched', 'resolved_by_rule') or reason_code is not null);

-- A duplicate of a line that people gave to a refund may be that refund's true line: that is for them to see.
create function yuanlu.doubts_decision(one yuanlu.breaks) returns boolean language sql stable set search_path = pg_catalog, pg_temp
return one.kind = 'duplicate_line' and exists (
  select from yuanlu.forced_matches f
   where f.file_id = (one.detail ->> 'of_file')::bigint and f.line_no = (one.detail ->> 'of_line')::integer and f.ended_at is null);

-- Whether the newest rules have the one that the event names, and it covers this break.
create function yuanlu.rule_covers(one yuanlu.breaks, event yuanlu.break_events) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return exists (
  select from yuanlu.break_rules r, jsonb_array_elements(r.resolve_by_itself) rule
   where r.revision = (select max(n.revision) from yuanlu.break_rules n)
     and r.revision::text = event.detail ->> 'rules_revision' and rule ->> 'rule' = event.detail ->> 'rule'
     and rule ->> 'kind' = one.kind and rule ->> 'code' = event.reason_code and not yuanlu.doubts_decision(one)
     and yuanlu.break_stake(one.kind, one.amount_minor, one.expected_minor) <= (rule ->> 'max_minor')::bigint);
revoke all on function yuanlu.rule_covers from public;

-- As in 0031, and with what a rule does.
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
                                        'rule', case when by_rule then new.detail ->> 'rule' end))
                                 when new.kind = 'reopened' then null else b.closing_evidence end
   where b.id = new.break_id;
  if new.kind = 'force_matched' then perform yuanlu.force_match(one, new); end if;
  if new.kind = 'reopened' and one.closed_reason = 'force_matched' then perform yuanlu.take_force_match_back(one, new); end if;
  return new;
end $$;

-- Ends what a rule of the newest rules covers: open breaks of an account that nobody has, has put off or has opened again, and that
-- were opened before an instant, oldest first. What somebody works on at this moment waits for the next run.
create function yuanlu.resolve_by_rule(account text, of_revision integer, named text, opened_before timestamptz, today date, event_at timestamptz, at_most integer)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  rules  yuanlu.break_rules;
  rule   jsonb;
  ended  bigint;
begin
  select * into rules from yuanlu.break_rules r order by r.revision desc limit 1;
  -- The age was worked out from other rules: the next run has the new ones.
  if rules.revision is distinct from of_revision then return 0; end if;
  select one into rule from jsonb_array_elements(rules.resolve_by_itself) one where one ->> 'rule' = named;
  with due as (
    select b.id from yuanlu.breaks b
     where b.account_id = account and b.status = 'open' and b.kind = rule ->> 'kind' and b.opened_at < opened_before
       and yuanlu.break_stake(b.kind, b.amount_minor, b.expected_minor) <= (rule ->> 'max_minor')::bigint
       and b.assigned_to is null and coalesce(b.parked_until <= today, true) and not yuanlu.doubts_decision(b)
       and not exists (select from yuanlu.break_events e where e.break_id = b.id and e.kind = 'reopened')
     order by b.id limit at_most
       for update skip locked)
  insert into yuanlu.break_events (break_id, at, kind, reason_code, detail)
  select due.id, event_at, 'resolved_by_rule', rule ->> 'code',
         jsonb_build_object('rules_revision', rules.revision::text, 'rule', named)
    from due order by due.id;
  get diagnostics ended = row_count;
  return ended;
end $$;
revoke all on function yuanlu.resolve_by_rule(text, integer, text, timestamptz, date, timestamptz, integer) from public;
grant execute on function yuanlu.resolve_by_rule(text, integer, text, timestamptz, date, timestamptz, integer) to yuanlu_ingest;

-- As in 0032, and what a rule has ended follows its line, too.
create or replace function yuanlu.carry_decisions(file bigint, event_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  f yuanlu.statement_files;
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
    returning b.id, k.line_no)
  update yuanlu.forced_matches m set file_id = f.id, line_no = moved.line_no
    from moved where m.break_id = moved.id and m.ended_at is null;
  update yuanlu.forced_matches m set ended_at = event_at where m.file_id = f.supersedes and m.ended_at is null;
end $$;
