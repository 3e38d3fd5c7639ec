-- Signed webhooks: who is told, what there is to tell (an outbox: written in the transaction of the change itself), and how
-- the telling goes. A merchant without an enabled endpoint costs nothing but the question whether it has one.

create table yuanlu.webhook_endpoints (
  id              bigint generated always as identity primary key,
  merchant_id     text not null,
  url             text not null check (length(url) between 1 and 2000),
  -- Null: every type.
  types           text[] check (cardinality(types) between 1 and 20),
  -- Encrypted under the installation's key, which is not kept here. The text itself is nowhere.
  secret          bytea not null,
  -- After an exchange the one before signs as well, until then.
  previous_secret bytea,
  previous_until  timestamptz,
  created_at      timestamptz not null,
  disabled_at     timestamptz,
  -- `asked`: somebody did; `gone`: it answered 410.
  disabled_why    text check (disabled_why in ('asked', 'gone')),
  -- Who made the last change: an API key's id, or the worker that heard a 410.
  changed_by      text not null,
  check ((disabled_at is null) = (disabled_why is null)),
  check ((previous_secret is null) = (previous_until is null))
);
create index webhook_endpoints_by_merchant on yuanlu.webhook_endpoints (merchant_id, id);
create index webhook_endpoints_live on yuanlu.webhook_endpoints (merchant_id) where disabled_at is null;

-- Secrets are encrypted for one merchant and one address: neither may change under them.
create function yuanlu.refuse_endpoint_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.url, new.types, new.created_at) is distinct from (old.merchant_id, old.url, old.types, old.created_at) then
    raise exception 'webhook endpoint % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.webhook_endpoints for each row execute function yuanlu.refuse_endpoint_rewrite();
create trigger never_deleted before delete or truncate on yuanlu.webhook_endpoints for each statement execute function yuanlu.refuse_change();

create function yuanlu.webhook_endpoint_facts(e yuanlu.webhook_endpoints) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', e.merchant_id, 'url', e.url, 'types', to_jsonb(e.types), 'secret_sha256', encode(sha256(e.secret), 'hex'),
    'previous_until', extract(epoch from e.previous_until)::numeric(20, 6), 'disabled_at', extract(epoch from e.disabled_at)::numeric(20, 6),
    'disabled_why', e.disabled_why)
$$;
create function yuanlu.audit_webhook_endpoint() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  was    jsonb := case when tg_op = 'UPDATE' then yuanlu.webhook_endpoint_facts(old) end;
  became jsonb := yuanlu.webhook_endpoint_facts(new);
begin
  if was = became then return null; end if;
  perform yuanlu.record_act('webhook_endpoint', new.id, new.changed_by,
    case when tg_op = 'INSERT' then 'webhook_endpoint.created'
         when new.secret is distinct from old.secret then 'webhook_endpoint.rotated'
         when new.disabled_at is not null then 'webhook_endpoint.disabled'
         else 'webhook_endpoint.enabled' end, was, became);
  return null;
end $$;
create trigger audit_webhook_endpoint after insert or update on yuanlu.webhook_endpoints
  for each row execute function yuanlu.audit_webhook_endpoint();

-- What happened, in words that never change. Thin on purpose: whoever wants more asks the API.
create table yuanlu.webhook_events (
  id            bigint generated always as identity primary key,
  -- What receivers drop repeats by.
  event_id      text not null default 'evt_' || replace(gen_random_uuid()::text, '-', ''),
  merchant_id   text not null,
  type          text not null,
  -- Null of an event that only tries whether an endpoint answers.
  refund_id     bigint,
  refund_no     text,
  state         text,
  reason        text,
  overdue_level smallint,
  at            timestamptz not null,
  constraint webhook_event_once unique (event_id),
  check ((refund_id is null) = (type = 'webhook.test')),
  check (num_nonnulls(refund_id, refund_no, state, overdue_level) in (0, 4))
);
create index webhook_events_by_refund on yuanlu.webhook_events (refund_id, id) where refund_id is not null;
create trigger append_only before update or delete or truncate on yuanlu.webhook_events
  for each statement execute function yuanlu.refuse_change();

-- One for each event and endpoint.
create table yuanlu.webhook_deliveries (
  id              bigint generated always as identity primary key,
  event           bigint not null references yuanlu.webhook_events (id),
  endpoint_id     bigint not null references yuanlu.webhook_endpoints (id),
  merchant_id     text not null,
  status          text not null default 'pending' check (status in ('pending', 'delivered', 'dead')),
  -- Why it is dead: no good answer for days, 410, or an endpoint that was disabled meanwhile.
  dead_why        text check (dead_why in ('exhausted', 'gone', 'disabled')),
  -- Counts how often it was begun: one more with each replay.
  round           integer not null default 1 check (round > 0),
  created_at      timestamptz not null default now(),
  -- When the workflow of this round was started.
  started_at      timestamptz,
  attempts        integer not null default 0,
  last_attempt_at timestamptz,
  last_status     integer,
  -- The beginning of the last answer, or why there was none.
  last_answer     text check (length(last_answer) <= 300),
  ended_at        timestamptz,
  constraint webhook_delivery_once unique (event, endpoint_id),
  check ((status = 'pending') = (ended_at is null)),
  check ((status = 'dead') = (dead_why is not null))
);
create index webhook_deliveries_by_merchant on yuanlu.webhook_deliveries (merchant_id, id);
create index webhook_deliveries_dead on yuanlu.webhook_deliveries (endpoint_id, id) where status = 'dead';
create index webhook_deliveries_to_start on yuanlu.webhook_deliveries (id) where status = 'pending' and started_at is null;
create index webhook_deliveries_under_way on yuanlu.webhook_deliveries (started_at) where status = 'pending' and started_at is not null;
create trigger never_deleted before delete or truncate on yuanlu.webhook_deliveries for each statement execute function yuanlu.refuse_change();

-- What was delivered stays delivered.
create function yuanlu.refuse_delivery_rewrite() returns trigger language plpgsql as $$
begin
  if (new.event, new.endpoint_id, new.merchant_id, new.created_at) is distinct from (old.event, old.endpoint_id, old.merchant_id, old.created_at)
     or old.status = 'delivered' and new.status <> 'delivered' or new.round < old.round then
    raise exception 'webhook delivery % cannot be rewritten', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.webhook_deliveries for each row execute function yuanlu.refuse_delivery_rewrite();

create function yuanlu.has_webhooks(merchant text) returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (select from yuanlu.webhook_endpoints e where e.merchant_id = merchant and e.disabled_at is null)
$$;

-- For triggers and the functions below, which run as the owner: no login can tell what did not happen.
create function yuanlu.tell_webhooks(r yuanlu.refunds, event_type text, in_state text, event_at timestamptz) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  with event as (
    insert into yuanlu.webhook_events (merchant_id, type, refund_id, refund_no, state, reason, overdue_level, at)
    values (r.merchant_id, event_type, r.id, r.refund_no, in_state, case when in_state = r.state then r.state_reason end, r.overdue_level, event_at)
    returning id)
  insert into yuanlu.webhook_deliveries (event, endpoint_id, merchant_id)
  select event.id, e.id, e.merchant_id from event, yuanlu.webhook_endpoints e
   where e.merchant_id = r.merchant_id and e.disabled_at is null and (e.types is null or event_type = any (e.types))
$$;
revoke all on function yuanlu.tell_webhooks from public;

-- Whether the last thing that was told of a refund's state is that it is settled.
create function yuanlu.told_settled(refund bigint) returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce((select e.type = 'refund.settled' from yuanlu.webhook_events e
                    where e.refund_id = refund and e.type <> 'refund.overdue' order by e.id desc limit 1), false)
$$;

-- `settled` is never stored: it is told where it comes about. Here it does by evidence of one refund.
create function yuanlu.tell_settled_refund(refund bigint, event_at timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  r yuanlu.refunds;
begin
  select * into r from yuanlu.refunds where id = refund;
  if not yuanlu.has_webhooks(r.merchant_id) then return; end if;
  if not exists (select from yuanlu.refund_status s where s.id = refund and s.effective_state = 'settled') then return; end if;
  if yuanlu.told_settled(refund) then return; end if;
  perform yuanlu.tell_webhooks(r, 'refund.settled', 'settled', event_at);
end $$;
revoke all on function yuanlu.tell_settled_refund from public;

-- Whoever writes a refund, in whatever transaction: a change is told, or was not made. It happened when its evidence was had.
create function yuanlu.tell_refund() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  event_at timestamptz;
begin
  if not yuanlu.has_webhooks(new.merchant_id) then return null; end if;
  if (new.state, new.state_reason) is distinct from (old.state, old.state_reason)
     and new.state in ('processing', 'succeeded', 'needs_action', 'failed', 'returned') then
    event_at := coalesce((select max(o.observed_at) from yuanlu.observations o
                           where o.refund_id = new.id and o.recorded_in = pg_current_xact_id()), now());
    perform yuanlu.tell_webhooks(new, 'refund.' || new.state, new.state, event_at);
    if new.state = 'succeeded' then perform yuanlu.tell_settled_refund(new.id, event_at); end if;
  end if;
  if new.overdue_level is distinct from old.overdue_level then
    event_at := coalesce((select f.at from yuanlu.overdue_flags f where f.refund_id = new.id order by f.id desc limit 1), now());
    perform yuanlu.tell_webhooks(new, 'refund.overdue', (select s.effective_state from yuanlu.refund_status s where s.id = new.id), event_at);
  end if;
  return null;
end $$;
create trigger tell_refund after update of state, state_reason, overdue_level on yuanlu.refunds
  for each row
  when (old.state is distinct from new.state or old.state_reason is distinct from new.state_reason or old.overdue_level is distinct from new.overdue_level)
  execute function yuanlu.tell_refund();

-- A line as evidence of its own may settle a refund whose state it leaves as it is. Looked at when all of the transaction is done.
create function yuanlu.tell_settled_line() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform yuanlu.tell_settled_refund(new.refund_id, new.observed_at);
  return null;
end $$;
create constraint trigger tell_settled_line after insert on yuanlu.observations deferrable initially deferred
  for each row when (new.source = 'statement') execute function yuanlu.tell_settled_line();

-- The refunds that matching settles: those of the matches of a file that this transaction made, in one statement for all of
-- them. Not those that an older delivery of the day had settled. Returns how many there are.
create function yuanlu.tell_settled_file(file bigint, account text, date_of_bill date, event_at timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  merchant text := (select a.merchant_id from yuanlu.channel_accounts a where a.id = account);
  told     bigint;
begin
  if merchant is null or not yuanlu.has_webhooks(merchant) then return 0; end if;
  with newly as (
    select r.id, r.refund_no, r.overdue_level
      from yuanlu.matches m
      join yuanlu.refunds r on r.id = m.refund_id
     where m.account_id = account and m.bill_date = date_of_bill and m.file_id = file and m.amount_agrees
       and m.xmin = pg_current_xact_id()::xid
       and r.state = 'succeeded'
       and not exists (select from yuanlu.matches b join yuanlu.statement_files f on f.id = b.file_id and f.status = 'superseded'
                        where b.account_id = account and b.bill_date = date_of_bill and b.refund_id = m.refund_id and b.amount_agrees)
       and not yuanlu.told_settled(r.id)
     order by r.id
  ), event as (
    insert into yuanlu.webhook_events (merchant_id, type, refund_id, refund_no, state, overdue_level, at)
    select merchant, 'refund.settled', n.id, n.refund_no, 'settled', n.overdue_level, event_at from newly n
    returning id
  ), delivery as (
    insert into yuanlu.webhook_deliveries (event, endpoint_id, merchant_id)
    select event.id, e.id, e.merchant_id from event, yuanlu.webhook_endpoints e
     where e.merchant_id = merchant and e.disabled_at is null and (e.types is null or 'refund.settled' = any (e.types))
  )
  select count(*) into told from event;
  return told;
end $$;
revoke all on function yuanlu.tell_settled_file from public;

-- An event that only tries whether an endpoint answers. Returns the delivery.
create function yuanlu.tell_test(endpoint bigint, event_at timestamptz) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with event as (
    insert into yuanlu.webhook_events (merchant_id, type, at)
    select e.merchant_id, 'webhook.test', event_at from yuanlu.webhook_endpoints e where e.id = endpoint and e.disabled_at is null
    returning id, merchant_id)
  insert into yuanlu.webhook_deliveries (event, endpoint_id, merchant_id) select id, endpoint, merchant_id from event
  returning id
$$;
revoke all on function yuanlu.tell_test from public;

grant execute on function yuanlu.tell_settled_file to yuanlu_ingest;
grant execute on function yuanlu.tell_test to yuanlu_app;
grant select on yuanlu.webhook_events, yuanlu.webhook_deliveries to yuanlu_app, yuanlu_report;
grant select, insert on yuanlu.webhook_endpoints to yuanlu_app;
grant update (secret, previous_secret, previous_until, disabled_at, disabled_why, changed_by) on yuanlu.webhook_endpoints to yuanlu_app;
-- Reports have no use for secrets, not even for encrypted ones.
grant select (id, merchant_id, url, types, previous_until, created_at, disabled_at, disabled_why, changed_by) on yuanlu.webhook_endpoints to yuanlu_report;
grant update (status, dead_why, round, started_at, attempts, last_attempt_at, last_status, last_answer, ended_at)
  on yuanlu.webhook_deliveries to yuanlu_app;
