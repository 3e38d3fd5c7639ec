-- Every act that needs two people, requests about several refunds, and evidence that nobody can record without an approval.

alter table yuanlu.approvals
  drop constraint approvals_act_check,
  add constraint approvals_act_check check (act in ('resolve_refund', 'release_refund', 'redirect_refund', 'record_return', 'fallback_route', 'lift_overdue')),
  alter column refund_no drop not null,
  -- A bulk act: all of them or none.
  add column refund_nos text[] check (cardinality(refund_nos) between 2 and 200),
  add constraint about_something check (num_nonnulls(refund_no, refund_nos) = 1);

create or replace function yuanlu.refuse_approval_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.act, new.refund_no, new.refund_nos, new.content, new.fingerprint, new.asked_by, new.asked_at, new.reason, new.expires_at)
     is distinct from
     (old.merchant_id, old.act, old.refund_no, old.refund_nos, old.content, old.fingerprint, old.asked_by, old.asked_at, old.reason, old.expires_at)
     or old.verdict is not null
        and (new.verdict, new.decided_by, new.decided_at, new.decision_reason) is distinct from (old.verdict, old.decided_by, old.decided_at, old.decision_reason)
     or old.used_at is not null and new.used_at is distinct from old.used_at then
    raise exception 'approval % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

-- Requests about one refund keep the facts that their records have already.
create or replace function yuanlu.approval_facts(a yuanlu.approvals) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', a.merchant_id, 'act', a.act, 'refund_no', a.refund_no, 'fingerprint', a.fingerprint, 'asked_by', a.asked_by, 'reason', a.reason,
    'expires_at', extract(epoch from a.expires_at)::numeric(20, 6), 'verdict', a.verdict, 'decided_by', a.decided_by, 'decision_reason', a.decision_reason,
    'used_at', extract(epoch from a.used_at)::numeric(20, 6))
    || case when a.refund_nos is null then '{}'::jsonb else jsonb_build_object('refund_nos', to_jsonb(a.refund_nos)) end
$$;

-- What two people decide is evidence under the number of their approval, which is used by the end of the same transaction.
create function yuanlu.require_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from yuanlu.approvals a join yuanlu.refunds r on r.merchant_id = a.merchant_id and r.refund_no = any (coalesce(a.refund_nos, array[a.refund_no]))
     where new.ref = 'approval/' || a.id::text and r.id = new.refund_id and a.used_at is not null
       and a.act = case new.kind when 'resolved' then 'resolve_refund' when 'released' then 'release_refund'
                                 when 'redirect_started' then 'redirect_refund' when 'bounced' then 'record_return'
                                 when 'fallback_approved' then 'fallback_route' end) then
    raise exception '% of refund % needs the approval of two people', new.kind, new.refund_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger four_eyes after insert on yuanlu.observations deferrable initially deferred
  for each row when (new.kind in ('resolved', 'released', 'redirect_started', 'fallback_approved') or new.kind = 'bounced' and new.source = 'operator')
  execute function yuanlu.require_approval();

alter table yuanlu.refunds
  -- The highest flag that two people have lifted: it is not raised again, a higher one is.
  add column overdue_waived smallint not null default 0 check (overdue_waived between 0 and 3);
grant update (overdue_waived) on yuanlu.refunds to yuanlu_app;
alter table yuanlu.overdue_flags add column approval_id bigint references yuanlu.approvals (id);

-- A refund that came back is still owed to the payer, and so is one that is to be paid another way.
drop index yuanlu.refunds_due;
create index refunds_due on yuanlu.refunds
  ((case greatest(overdue_level, overdue_waived) when 0 then promise_at when 1 then alarm_at when 2 then escalate_at end), id)
  where state in ('requested', 'unknown', 'processing', 'needs_action')
     or state = 'succeeded' and bank_leg = 'pending'
     or state = 'returned' and state_reason is distinct from 'paid_otherwise'
     or state_reason = 'fallback_approved';

drop index yuanlu.refunds_to_lift;
create index refunds_to_lift on yuanlu.refunds (id)
  where overdue_level > 0
    and (state in ('requested', 'unknown', 'processing', 'needs_action') or state = 'succeeded' and bank_leg = 'pending'
      or state = 'returned' and state_reason is distinct from 'paid_otherwise' or state_reason = 'fallback_approved') is not true;

drop index yuanlu.refunds_open_by_window;
create index refunds_open_by_window on yuanlu.refunds (window_version, calendar_revision)
  where window_version is not null
    and (state in ('requested', 'unknown', 'processing', 'needs_action') or state = 'succeeded' and bank_leg = 'pending'
      or state = 'returned' and state_reason is distinct from 'paid_otherwise' or state_reason = 'fallback_approved');
