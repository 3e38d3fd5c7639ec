-- What the shop owes for a payment, as it was worked out and told: never changed, cited by one refund at most (0038).

create function yuanlu.sum_of_lines(lines jsonb) returns bigint language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum((line ->> 'amount_minor')::bigint), 0)::bigint from jsonb_array_elements(lines) as line
$$;

create table yuanlu.quotes (
  id                bigint generated always as identity primary key,
  merchant_id       text not null,
  payment_id        bigint not null references yuanlu.payments (id),
  kind              text not null check (kind in ('single', 'renewal', 'bundle')),
  -- What it was worked out from: the purchase as it was described, and the payment's sums at that moment.
  purchase          jsonb not null check (jsonb_typeof(purchase) = 'object'),
  item_nos          text[] not null default '{}',
  -- The one item of a bundle that comes back; null: all that was paid for.
  returned_item_no  text check (returned_item_no is null or returned_item_no = any (item_nos)),
  paid_minor        bigint not null check (paid_minor > 0),
  refunded_minor    bigint not null check (refunded_minor >= 0),
  total_minor       bigint not null check (total_minor >= 0),
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  lines             jsonb not null check (jsonb_typeof(lines) = 'array'),
  policy_version    text not null,
  -- Empty: within the rules. Otherwise two people release the refund that cites it.
  review_reasons    text[] not null,
  promise_by        timestamptz not null,
  promise_basis     text not null check (promise_basis in ('shop', 'channel_window')),
  window_version    text not null,
  calendar_revision text not null,
  provisional       boolean not null,
  quoted_at         timestamptz not null,
  expires_at        timestamptz not null check (expires_at > quoted_at),
  constraint quote_lines_add_up check (yuanlu.sum_of_lines(lines) = total_minor),
  constraint quote_within_payment check (total_minor <= paid_minor - refunded_minor)
);
create index quotes_by_payment on yuanlu.quotes (payment_id);
create index quotes_by_item on yuanlu.quotes using gin (item_nos);

create trigger append_only before update or delete or truncate on yuanlu.quotes
  for each statement execute function yuanlu.refuse_change();

grant select on yuanlu.quotes to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.quotes to yuanlu_app;
