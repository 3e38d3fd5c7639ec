-- Four eyes: one named person asks, another decides, within a day; what was approved is done once.

create table yuanlu.approvals (
  id              bigint generated always as identity primary key,
  merchant_id     text not null,
  act             text not null check (act in ('resolve_refund')),
  refund_no       text not null,
  content         jsonb not null check (jsonb_typeof(content) = 'object'),
  fingerprint     text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  asked_by        text not null check (asked_by ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  asked_at        timestamptz not null,
  reason          text not null check (reason <> ''),
  expires_at      timestamptz not null check (expires_at > asked_at),
  verdict         text check (verdict in ('approved', 'rejected')),
  decided_by      text check (decided_by ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  decided_at      timestamptz,
  decision_reason text check (decision_reason <> ''),
  used_at         timestamptz,
  constraint four_eyes check (lower(decided_by) <> lower(asked_by)),
  constraint decided_whole check (num_nonnulls(verdict, decided_by, decided_at, decision_reason) in (0, 4)),
  constraint decided_in_time check (decided_at >= asked_at and decided_at < expires_at),
  -- A null is not a yes: what was never decided is never used.
  constraint used_as_approved check (used_at is null or coalesce(verdict = 'approved' and used_at >= decided_at and used_at < expires_at, false))
);
create index approvals_by_merchant on yuanlu.approvals (merchant_id, id);
create index approvals_by_fingerprint on yuanlu.approvals (fingerprint) where verdict is null;

-- What was asked stays as it was asked; a decision and a use are written once.
create function yuanlu.refuse_approval_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.act, new.refund_no, new.content, new.fingerprint, new.asked_by, new.asked_at, new.reason, new.expires_at)
     is distinct from
     (old.merchant_id, old.act, old.refund_no, old.content, old.fingerprint, old.asked_by, old.asked_at, old.reason, old.expires_at)
     or old.verdict is not null
        and (new.verdict, new.decided_by, new.decided_at, new.decision_reason) is distinct from (old.verdict, old.decided_by, old.decided_at, old.decision_reason)
     or old.used_at is not null and new.used_at is distinct from old.used_at then
    raise exception 'approval % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.approvals for each row execute function yuanlu.refuse_approval_rewrite();
create trigger never_deleted before delete or truncate on yuanlu.approvals for each statement execute function yuanlu.refuse_change();

create function yuanlu.approval_facts(a yuanlu.approvals) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', a.merchant_id, 'act', a.act, 'refund_no', a.refund_no, 'fingerprint', a.fingerprint, 'asked_by', a.asked_by, 'reason', a.reason,
    'expires_at', extract(epoch from a.expires_at)::numeric(20, 6), 'verdict', a.verdict, 'decided_by', a.decided_by, 'decision_reason', a.decision_reason,
    'used_at', extract(epoch from a.used_at)::numeric(20, 6))
$$;

-- The person who asked or decided is the actor.
create function yuanlu.audit_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  was    jsonb := case when tg_op = 'UPDATE' then yuanlu.approval_facts(old) end;
  became jsonb := yuanlu.approval_facts(new);
begin
  if was = became then return null; end if;
  perform yuanlu.record_act('approval', new.id, coalesce(new.decided_by, new.asked_by),
    case when tg_op = 'INSERT' then 'approval.asked'
         when old.verdict is null then 'approval.' || new.verdict
         else 'approval.used' end, was, became);
  return null;
end $$;
create trigger audit_approval after insert or update on yuanlu.approvals for each row execute function yuanlu.audit_approval();

grant select on yuanlu.approvals to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.approvals to yuanlu_app;
grant update (verdict, decided_by, decided_at, decision_reason, used_at) on yuanlu.approvals to yuanlu_app;
