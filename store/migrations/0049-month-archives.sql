-- Months of an account that were written to an archive: where it was said to be, and by which hash it is known again.

create table yuanlu.month_archives (
  id              bigint generated always as identity primary key,
  account_id      text not null references yuanlu.channel_accounts (id),
  -- Its first day.
  month           date not null check (month = date_trunc('month', month)),
  place           text not null check (length(place) between 1 and 1000),
  -- Of its manifest, which has the hash of each file.
  manifest_sha256 text not null check (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  statements      integer not null check (statements >= 0),
  closings        integer not null check (closings > 0),
  size_bytes      bigint not null check (size_bytes >= 0),
  archived_at     timestamptz not null,
  -- Who sat at it.
  archived_by     text not null
);
create index month_archives_by_month on yuanlu.month_archives (account_id, month, id);
create trigger append_only before update or delete or truncate on yuanlu.month_archives
  for each statement execute function yuanlu.refuse_change();

grant select on yuanlu.month_archives to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert on yuanlu.month_archives to yuanlu_app;
