-- Rules of breaks that were given to a running installation (`yuanlu breaks rules import`), in place of those that the version
-- brings along. The highest revision counts; the earlier ones stay, so that it can be said later by which rule a break ended.

create table yuanlu.break_rules (
  revision               integer primary key check (revision between 1 and 999999),
  source                 text not null check (length(source) between 1 and 200),
  resolve_alone_max      bigint not null check (resolve_alone_max between 0 and 1000000000000),
  -- Minor units by reason; a reason with null has no limit.
  write_off_max          jsonb not null,
  park_days_max          integer not null check (park_days_max between 1 and 365),
  match_window_hours     integer not null check (match_window_hours between 1 and 240),
  dated_before_max_hours integer not null check (dated_before_max_hours between 0 and 240),
  imported_at            timestamptz not null,
  -- The login, and who sat at it.
  imported_by            text not null
);

-- What breaks were ended by is never changed, whoever asks.
create trigger append_only before update or delete or truncate on yuanlu.break_rules
  for each statement execute function yuanlu.refuse_change();

-- Only the owner brings some in.
grant select on yuanlu.break_rules to yuanlu_app, yuanlu_ingest, yuanlu_report;
