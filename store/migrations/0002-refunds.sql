-- Payments, refunds and the evidence about them.

create table yuanlu.channel_accounts (
  id          text primary key,
  merchant_id text not null,
  channel     text not null,
  external_id text not null,
  created_at  timestamptz not null default now(),
  unique (channel, external_id)
);

create table yuanlu.payments (
  id                bigint generated always as identity primary key,
  merchant_id       text not null,
  account_id        text not null references yuanlu.channel_accounts (id),
  payment_no        text not null,
  transaction_id    text,
  captured_minor    bigint not null check (captured_minor > 0),
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  paid_at           timestamptz,
  funding_source    text not null default 'unknown'
                      check (funding_source in ('wallet', 'credit_line', 'debit_card', 'credit_card', 'unknown')),
  -- Sum of the refunds that have not failed; kept by triggers on refunds, held by the constraint.
  reserved_minor    bigint not null default 0 check (reserved_minor >= 0),
  confirmed_at      timestamptz,
  -- When a refund of this payment was last put to the channel: the channel wants a distance between two.
  last_submitted_at timestamptz,
  fingerprint       text not null,
  created_at        timestamptz not null,
  constraint refund_exceeds_payment check (reserved_minor <= captured_minor),
  constraint payment_no_once unique (merchant_id, payment_no)
);
create unique index payments_by_transaction on yuanlu.payments (account_id, transaction_id) where transaction_id is not null;

create table yuanlu.refunds (
  id                  bigint generated always as identity primary key,
  merchant_id         text not null,
  account_id          text not null references yuanlu.channel_accounts (id),
  channel             text not null,
  payment_id          bigint not null references yuanlu.payments (id),
  refund_no           text not null,
  amount_minor        bigint not null check (amount_minor > 0),
  currency            text not null,
  reason              text,
  -- Hash of the request's content: the same number with another one is a conflict.
  fingerprint         text not null,
  -- The last digits, where the channel wants them unique in the account (UnionPay: they become the bank's number).
  number_tail         text,
  requested_at        timestamptz not null,
  -- The state by all evidence but agreeing statement lines; `settled` is derived, see refund_status.
  state               text not null default 'requested'
                        check (state in ('requested', 'unknown', 'processing', 'succeeded', 'needs_action', 'failed', 'returned')),
  state_reason        text,
  -- Whether the amount counts against the payment. False after a failure; taken again by a late success if it still fits.
  counted             boolean not null default true,
  channel_refund_no   text,
  accepted_at         timestamptz,
  succeeded_at        timestamptz,
  lands_in            text,
  -- The way to the payer's bank, where the channel tells of it, and when it expects the money there.
  bank_leg            text check (bank_leg in ('pending', 'arrived', 'returned_to_wallet')),
  arrival_estimate_at timestamptz,
  payer_amount_minor  bigint,
  promise_at          timestamptz,
  alarm_at            timestamptz,
  window_version      text,
  calendar_revision   text,
  window_provisional  boolean not null default false,
  overdue_level       smallint not null default 0 check (overdue_level between 0 and 2),
  overdue_since       timestamptz,
  last_asked_at       timestamptz,
  last_answer         text,
  workflow_started_at timestamptz,
  constraint refund_no_once unique (merchant_id, refund_no),
  constraint refund_no_once_at_channel unique (account_id, refund_no),
  constraint refund_tail_once unique (account_id, number_tail)
);
create unique index refunds_by_channel_number on yuanlu.refunds (account_id, channel_refund_no) where channel_refund_no is not null;
create index refunds_by_payment on yuanlu.refunds (payment_id);
create index refunds_listed on yuanlu.refunds (merchant_id, requested_at desc, id desc);
create index refunds_open_by_promise on yuanlu.refunds (promise_at)
  where state in ('requested', 'unknown', 'processing', 'needs_action');
create index refunds_without_workflow on yuanlu.refunds (requested_at) where workflow_started_at is null;
create index refunds_flagged on yuanlu.refunds (overdue_since) where overdue_level > 0;

-- The over-refund guard: whoever writes refunds, in whatever transaction, the payment's sum follows, and its
-- constraint refuses what would exceed the captured amount. The payment's row lock puts concurrent refunds in line.
-- Runs as the owner: no role may write the sum or the captured amount itself.
create function yuanlu.keep_reserved() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    if new.counted then
      update yuanlu.payments set reserved_minor = reserved_minor + new.amount_minor where id = new.payment_id;
    end if;
  elsif new.counted is distinct from old.counted then
    update yuanlu.payments
       set reserved_minor = reserved_minor + case when new.counted then new.amount_minor else -new.amount_minor end
     where id = new.payment_id;
  end if;
  return null;
end $$;
create trigger keep_reserved after insert or update of counted on yuanlu.refunds
  for each row execute function yuanlu.keep_reserved();

-- What was accepted never changes (I5).
create function yuanlu.refuse_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.account_id, new.channel, new.payment_id, new.refund_no, new.amount_minor, new.currency, new.reason, new.fingerprint, new.requested_at)
     is distinct from
     (old.merchant_id, old.account_id, old.channel, old.payment_id, old.refund_no, old.amount_minor, old.currency, old.reason, old.fingerprint, old.requested_at) then
    raise exception 'refund % cannot be rewritten', old.refund_no using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.refunds for each row execute function yuanlu.refuse_rewrite();

create table yuanlu.idempotency_keys (
  merchant_id text not null,
  key         text not null,
  fingerprint text not null,
  refund_id   bigint not null references yuanlu.refunds (id),
  created_at  timestamptz not null,
  constraint idempotency_key_once primary key (merchant_id, key)
);

create table yuanlu.observations (
  id          bigint generated always as identity primary key,
  refund_id   bigint not null references yuanlu.refunds (id),
  source      text not null,
  kind        text not null,
  ref         text not null,
  observed_at timestamptz not null,
  body        jsonb not null,
  -- The transaction that wrote it: a refund's state may only change together with new evidence, see below.
  recorded_in xid8 not null default pg_current_xact_id(),
  constraint observation_once unique (refund_id, source, kind, ref)
);

-- Evidence is never changed, whoever asks.
create function yuanlu.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on yuanlu.observations
  for each statement execute function yuanlu.refuse_change();

-- Only evidence changes a money state: without an observation of the same transaction the state stays as it is. And
-- only a refund that has failed gives its amount back to the payment.
create function yuanlu.require_evidence() returns trigger language plpgsql as $$
begin
  if new.state is distinct from old.state
     and not exists (select from yuanlu.observations o where o.refund_id = new.id and o.recorded_in = pg_current_xact_id()) then
    raise exception 'refund % cannot change from % to % without evidence', old.refund_no, old.state, new.state
      using errcode = 'integrity_constraint_violation';
  end if;
  if old.counted and not new.counted and new.state <> 'failed' then
    raise exception 'refund % has not failed: its amount stays reserved', old.refund_no using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger require_evidence before update of state, counted on yuanlu.refunds
  for each row execute function yuanlu.require_evidence();

create table yuanlu.overdue_flags (
  id        bigint generated always as identity primary key,
  refund_id bigint not null references yuanlu.refunds (id),
  level     smallint not null,
  at        timestamptz not null
);
create index overdue_flags_by_refund on yuanlu.overdue_flags (refund_id, id);

-- The matching migration puts statement evidence in place of these first versions.
create view yuanlu.refund_status as
  select r.id, r.state as effective_state from yuanlu.refunds r;
create view yuanlu.matched_line_evidence as
  select null::bigint as refund_id, null::bigint as amount_minor, null::text as file_sha256, null::integer as line_no,
         null::date as bill_date, null::timestamptz as observed_at
   where false;

grant select on yuanlu.channel_accounts, yuanlu.payments, yuanlu.refunds, yuanlu.idempotency_keys, yuanlu.observations,
  yuanlu.overdue_flags, yuanlu.refund_status, yuanlu.matched_line_evidence to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.channel_accounts, yuanlu.payments, yuanlu.refunds to yuanlu_app;
-- By column: what was accepted, the captured amount and the reserved sum are out of reach.
grant update (merchant_id, channel, external_id) on yuanlu.channel_accounts to yuanlu_app;
grant update (transaction_id, paid_at, funding_source, confirmed_at, last_submitted_at) on yuanlu.payments to yuanlu_app;
grant update (state, state_reason, counted, channel_refund_no, accepted_at, succeeded_at, lands_in, bank_leg, arrival_estimate_at, payer_amount_minor,
  promise_at, alarm_at, window_version, calendar_revision, window_provisional, overdue_level, overdue_since,
  last_asked_at, last_answer, workflow_started_at) on yuanlu.refunds to yuanlu_app;
grant insert on yuanlu.idempotency_keys, yuanlu.observations, yuanlu.overdue_flags to yuanlu_app;
