-- What evidence does to breaks that people have ended. A day is delivered anew: what people decided about a line goes with the line to
-- the new file, and lapses where the line is gone. And the line comes after all of which people had given up that it would.

alter table yuanlu.break_events
  drop constraint break_events_kind_check,
  add constraint break_events_kind_check check (kind in ('assigned', 'released', 'parked', 'unparked', 'commented', 'resolved', 'written_off',
    'force_matched', 'reopened', 'closed', 'answered', 'carried', 'lapsed')),
  drop constraint by_somebody,
  -- What nobody does, evidence does.
  add constraint by_somebody check ((actor is null) = (kind in ('closed', 'answered', 'carried', 'lapsed')));

create function yuanlu.note_break_answered() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into yuanlu.break_events (break_id, at, kind, detail)
  values (new.id, (new.closing_evidence ->> 'answered_at')::timestamptz, 'answered', new.closing_evidence -> 'answered_by');
  return null;
end $$;
create trigger note_answered after update of closing_evidence on yuanlu.breaks
  for each row when (old.status = 'closed' and new.status = 'closed' and not old.closing_evidence ? 'answered_by' and new.closing_evidence ? 'answered_by')
  execute function yuanlu.note_break_answered();

create function yuanlu.note_break_carried() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into yuanlu.break_events (break_id, at, kind, detail)
  select new.id, f.received_at, 'carried', jsonb_build_object('file_id', new.file_id::text, 'line_no', new.line_no, 'from_file', old.file_id::text, 'from_line', old.line_no)
    from yuanlu.statement_files f where f.id = new.file_id;
  return null;
end $$;
create trigger note_carried after update of file_id on yuanlu.breaks
  for each row when (old.file_id <> new.file_id) execute function yuanlu.note_break_carried();

create function yuanlu.note_force_match_lapsed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Taken back by people: they have their own event.
  if pg_trigger_depth() > 1 then return null; end if;
  insert into yuanlu.break_events (break_id, at, kind, detail)
  values (new.break_id, new.ended_at, 'lapsed', jsonb_build_object('file_id', new.file_id::text, 'line_no', new.line_no, 'refund_id', new.refund_id::text));
  return null;
end $$;
create trigger note_lapsed after update of ended_at on yuanlu.forced_matches
  for each row when (old.ended_at is null and new.ended_at is not null) execute function yuanlu.note_force_match_lapsed();

-- Lines are the same when all of them is; equal ones are paired in their order. A break that people have ended follows its line.
create function yuanlu.carry_decisions(file bigint, event_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  f yuanlu.statement_files;
begin
  select * into f from yuanlu.statement_files s where s.id = file and s.status = 'loaded';
  if not exists (select from yuanlu.breaks b where b.file_id = f.supersedes and b.closed_reason in ('resolved', 'written_off', 'force_matched')) then
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
     where b.file_id = f.supersedes and b.closed_reason in ('resolved', 'written_off', 'force_matched')
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
revoke all on function yuanlu.carry_decisions(bigint, timestamptz) from public;
grant execute on function yuanlu.carry_decisions(bigint, timestamptz) to yuanlu_ingest;
