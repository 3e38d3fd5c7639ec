-- When overdue refunds were last looked for, so that everybody can be told when nobody looks; and when returned goods came
-- back, where the merchant says so, for the period of consumer law that runs from it.

create table yuanlu.last_sweep (
  -- One row for each kind of sweep that there is, from its first one on.
  kind        text primary key default 'overdue' check (kind = 'overdue'),
  -- Flags are as of this instant.
  slot        timestamptz not null,
  finished_at timestamptz not null
);
create trigger never_deleted before delete or truncate on yuanlu.last_sweep for each statement execute function yuanlu.refuse_change();

-- Sweeps before this version left no trace: books that are in use begin as if one had just ended.
insert into yuanlu.last_sweep (slot, finished_at) select now(), now() where exists (select from yuanlu.refunds);

grant select on yuanlu.last_sweep to yuanlu_app, yuanlu_report;
grant insert, update (slot, finished_at) on yuanlu.last_sweep to yuanlu_app;

-- Part of the request, like its reason: never changed after.
alter table yuanlu.refunds add column goods_received_at timestamptz;

create or replace function yuanlu.refuse_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.account_id, new.channel, new.payment_id, new.refund_no, new.amount_minor, new.currency, new.reason, new.fingerprint, new.requested_at, new.goods_received_at)
     is distinct from
     (old.merchant_id, old.account_id, old.channel, old.payment_id, old.refund_no, old.amount_minor, old.currency, old.reason, old.fingerprint, old.requested_at, old.goods_received_at) then
    raise exception 'refund % cannot be rewritten', old.refund_no using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
