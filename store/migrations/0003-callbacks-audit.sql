-- The inbox of callbacks, and the audit trail.

create table yuanlu.callbacks (
  id           bigint generated always as identity primary key,
  channel      text not null,
  -- Null when the address named no account of ours.
  account_id   text references yuanlu.channel_accounts (id),
  received_at  timestamptz not null,
  headers      jsonb not null,
  body         bytea not null,
  body_sha256  text not null,
  verdict      text not null check (verdict in ('refund', 'unhandled', 'refused')),
  refusal_code text,
  notice_id    text,
  event_type   text,
  -- What the notice says, as an observation about `refund_no`.
  refund_no    text,
  report       jsonb,
  applied_at   timestamptz,
  refund_id    bigint references yuanlu.refunds (id),
  check ((verdict = 'refused') = (refusal_code is not null)),
  check ((verdict = 'refused') = (notice_id is null)),
  -- Only an account's keys can make a message genuine.
  check (verdict = 'refused' or account_id is not null),
  check ((verdict = 'refund') = (refund_no is not null and report is not null))
);
create unique index callback_once on yuanlu.callbacks (account_id, notice_id) where notice_id is not null;
create index callbacks_unapplied on yuanlu.callbacks (id) where verdict = 'refund' and applied_at is null;
create index callbacks_refused on yuanlu.callbacks (account_id, received_at) where verdict = 'refused';

-- What arrived stays as it arrived; only the note about its use is filled in.
create function yuanlu.refuse_callback_rewrite() returns trigger language plpgsql as $$
begin
  if (new.channel, new.account_id, new.received_at, new.headers, new.body, new.body_sha256, new.verdict, new.refusal_code, new.notice_id, new.event_type, new.refund_no, new.report)
     is distinct from
     (old.channel, old.account_id, old.received_at, old.headers, old.body, old.body_sha256, old.verdict, old.refusal_code, old.notice_id, old.event_type, old.refund_no, old.report) then
    raise exception 'callback % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.callbacks for each row execute function yuanlu.refuse_callback_rewrite();

-- One chain per refund: each record carries the hash of the one before, so a changed or missing one is found.
create table yuanlu.audit (
  id            bigint generated always as identity primary key,
  refund_id     bigint not null,
  seq           integer not null,
  at            timestamptz not null default clock_timestamp(),
  actor         text not null default current_user,
  action        text not null,
  before        jsonb,
  after         jsonb not null,
  previous_hash text not null,
  hash          text not null,
  constraint audit_in_order unique (refund_id, seq)
);
create trigger append_only before update or delete or truncate on yuanlu.audit
  for each statement execute function yuanlu.refuse_change();

-- Free text goes in with its length, so that no text can be moved from one field to the next.
create function yuanlu.audit_hash(refund_id bigint, seq integer, at timestamptz, actor text, action text, before jsonb, after jsonb, previous_hash text)
returns text language sql immutable as $$
  select encode(sha256(convert_to(concat_ws('|', refund_id, seq, extract(epoch from at)::numeric(20, 6),
    length(actor), actor, length(action), action, coalesce(before::text, ''), after::text, previous_hash), 'UTF8')), 'hex')
$$;

-- Written in the transaction of the change itself; runs as the owner, so that no role needs the right to write audit.
create function yuanlu.audit_refund() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last    record;
  entry   record;
  was     jsonb := null;
  became  jsonb;
begin
  became := jsonb_build_object('state', new.state, 'reason', new.state_reason, 'counted', new.counted, 'overdue_level', new.overdue_level);
  if tg_op = 'UPDATE' then
    was := jsonb_build_object('state', old.state, 'reason', old.state_reason, 'counted', old.counted, 'overdue_level', old.overdue_level);
    if was = became then return null; end if;
  else
    became := became || jsonb_build_object('refund_no', new.refund_no, 'amount_minor', new.amount_minor::text, 'currency', new.currency, 'payment_id', new.payment_id::text);
  end if;
  select a.seq, a.hash into last from yuanlu.audit a where a.refund_id = new.id order by a.seq desc limit 1;
  select coalesce(last.seq, 0) + 1 as seq, clock_timestamp() as at, session_user::text as actor,
         case tg_op when 'INSERT' then 'refund.recorded' else 'refund.changed' end as action,
         coalesce(last.hash, '') as previous_hash into entry;
  insert into yuanlu.audit (refund_id, seq, at, actor, action, before, after, previous_hash, hash)
  values (new.id, entry.seq, entry.at, entry.actor, entry.action, was, became, entry.previous_hash,
          yuanlu.audit_hash(new.id, entry.seq, entry.at, entry.actor, entry.action, was, became, entry.previous_hash));
  return null;
end $$;
create trigger audit_refund after insert or update of state, state_reason, counted, overdue_level on yuanlu.refunds
  for each row execute function yuanlu.audit_refund();

grant select, insert on yuanlu.callbacks to yuanlu_app;
grant update (applied_at, refund_id) on yuanlu.callbacks to yuanlu_app;
grant select on yuanlu.callbacks, yuanlu.audit to yuanlu_app, yuanlu_report;
