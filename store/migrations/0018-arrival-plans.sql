-- Where the figure of an arrival plan came from, and every plan that a refund ever had.

alter table yuanlu.refunds add column window_basis text check (window_basis in ('estimate', 'source', 'channel_default'));
grant update (window_basis) on yuanlu.refunds to yuanlu_app;

create table yuanlu.arrival_plans (
  id                bigint generated always as identity primary key,
  refund_id         bigint not null references yuanlu.refunds (id),
  -- Null of a plan that is older than this table.
  planned_at        timestamptz,
  promise_at        timestamptz not null,
  alarm_at          timestamptz not null,
  window_version    text not null,
  calendar_revision text not null,
  provisional       boolean not null,
  -- Null where it was not kept.
  basis             text check (basis in ('estimate', 'source', 'channel_default'))
);

insert into yuanlu.arrival_plans (refund_id, promise_at, alarm_at, window_version, calendar_revision, provisional)
select id, promise_at, alarm_at, window_version, calendar_revision, window_provisional from yuanlu.refunds
 where promise_at is not null and alarm_at is not null and window_version is not null and calendar_revision is not null
 order by id;
create index arrival_plans_by_refund on yuanlu.arrival_plans (refund_id, id);

-- What was once promised is never changed, whoever asks.
create trigger append_only before update or delete or truncate on yuanlu.arrival_plans
  for each statement execute function yuanlu.refuse_change();

grant select on yuanlu.arrival_plans to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.arrival_plans to yuanlu_app;

-- The refunds that are open by what their plan was worked out from: those of an older table or calendar are found without
-- a look at the others, and a new refund, which has no plan yet, is not in it. Otherwise the condition is that of
-- refunds_open_by_promise.
create index refunds_open_by_window on yuanlu.refunds (window_version, calendar_revision)
  where window_version is not null
    and (state in ('requested', 'unknown', 'processing', 'needs_action') or state = 'succeeded' and bank_leg = 'pending');
