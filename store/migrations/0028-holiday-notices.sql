-- Notices of the State Council that were given to a running installation (`yuanlu calendar import`), beside those that the version
-- brings along. Of each year the highest revision counts; the earlier ones stay, so that every plan can be worked out again.

create table yuanlu.holiday_notices (
  id           bigint generated always as identity primary key,
  year         integer not null check (year between 2000 and 2100),
  revision     integer not null check (revision between 1 and 999),
  source       text not null check (length(source) between 1 and 200),
  issued_on    date not null,
  -- First and last days off, place by place.
  off_from     date[] not null check (cardinality(off_from) between 1 and 40),
  off_to       date[] not null check (cardinality(off_to) = cardinality(off_from)),
  make_up_days date[] not null check (cardinality(make_up_days) <= 40),
  imported_at  timestamptz not null,
  -- The login, and who sat at it.
  imported_by  text not null,
  constraint holiday_notice_once unique (year, revision)
);

-- What deadlines were worked out from is never changed, whoever asks.
create trigger append_only before update or delete or truncate on yuanlu.holiday_notices
  for each statement execute function yuanlu.refuse_change();

-- Only the owner brings one in.
grant select on yuanlu.holiday_notices to yuanlu_app, yuanlu_ingest, yuanlu_report;
