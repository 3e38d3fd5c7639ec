-- What two people decide may be about breaks, or about the books of an account on one day, as well as about refunds.

alter table yuanlu.approvals
  drop constraint about_something,
  add column break_ids  bigint[] check (cardinality(break_ids) between 1 and 200),
  add column account_id text references yuanlu.channel_accounts (id),
  add column bill_date  date,
  add constraint about_whole_day check ((account_id is null) = (bill_date is null)),
  add constraint about_something check (num_nonnulls(refund_no, refund_nos, break_ids, bill_date) = 1);

create or replace function yuanlu.refuse_approval_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.act, new.refund_no, new.refund_nos, new.break_ids, new.account_id, new.bill_date, new.content, new.fingerprint,
      new.asked_by, new.asked_at, new.reason, new.expires_at)
     is distinct from
     (old.merchant_id, old.act, old.refund_no, old.refund_nos, old.break_ids, old.account_id, old.bill_date, old.content, old.fingerprint,
      old.asked_by, old.asked_at, old.reason, old.expires_at)
     or old.verdict is not null
        and (new.verdict, new.decided_by, new.decided_at, new.decision_reason) is distinct from (old.verdict, old.decided_by, old.decided_at, old.decision_reason)
     or old.used_at is not null and new.used_at is distinct from old.used_at then
    raise exception 'approval % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

-- Requests about refunds keep the facts that their records have already.
create or replace function yuanlu.approval_facts(a yuanlu.approvals) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', a.merchant_id, 'act', a.act, 'refund_no', a.refund_no, 'fingerprint', a.fingerprint, 'asked_by', a.asked_by, 'reason', a.reason,
    'expires_at', extract(epoch from a.expires_at)::numeric(20, 6), 'verdict', a.verdict, 'decided_by', a.decided_by, 'decision_reason', a.decision_reason,
    'used_at', extract(epoch from a.used_at)::numeric(20, 6))
    || case when a.refund_nos is null then '{}'::jsonb else jsonb_build_object('refund_nos', to_jsonb(a.refund_nos)) end
    || case when a.break_ids is null then '{}'::jsonb else jsonb_build_object('break_ids', to_jsonb(a.break_ids)) end
    || case when a.bill_date is null then '{}'::jsonb
            else jsonb_build_object('account', a.account_id, 'bill_date', to_char(a.bill_date, 'YYYY-MM-DD')) end
$$;
