-- A day is closed, and reopened, by the approval of two people, which is used by the end of the same transaction; what was closed
-- is what they saw.

alter table yuanlu.approvals
  drop constraint approvals_act_check,
  add constraint approvals_act_check check (act in ('resolve_refund', 'release_refund', 'redirect_refund', 'record_return', 'fallback_route', 'lift_overdue',
    'force_match', 'write_off_break', 'reopen_break', 'close_day', 'reopen_day'));

create function yuanlu.require_day_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from yuanlu.approvals a
     where a.id = new.approval_id and a.act = 'close_day' and a.used_at is not null
       and a.account_id = new.account_id and a.bill_date = new.bill_date and a.content ->> 'evidence' = new.root) then
    raise exception 'closing the day % of % needs the approval of two people', new.bill_date, new.account_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger four_eyes after insert on yuanlu.closed_days deferrable initially deferred
  for each row execute function yuanlu.require_day_approval();

create function yuanlu.require_reopening_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from yuanlu.approvals a join yuanlu.closed_days c on c.account_id = a.account_id and c.bill_date = a.bill_date
     where a.id = new.approval_id and a.act = 'reopen_day' and a.used_at is not null and c.id = new.closed_day_id
       and a.decided_by = new.reopened_by and a.reason = new.reason) then
    raise exception 'reopening closing % needs the approval of two people', new.closed_day_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger four_eyes after insert on yuanlu.reopened_days deferrable initially deferred
  for each row execute function yuanlu.require_reopening_approval();
