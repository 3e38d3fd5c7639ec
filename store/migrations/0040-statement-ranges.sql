-- Statements that are loaded in ranges by several workers: what is under way, and only that. The table of lines of such a file is
-- filled before it is attached, as ever, but by many transactions; only the last of them, which joins, makes it anybody's evidence.

create table yuanlu.statement_splits (
  -- Number of the statement file that it will be.
  file_id    bigint primary key default nextval('yuanlu.statement_files_id_seq'),
  -- The workflow that splits, and which run of it: it has one split at a time, so what another run has left is nobody's.
  owner      text not null unique,
  run        text not null,
  account_id text not null references yuanlu.channel_accounts (id),
  kind       text not null check (kind in ('trade', 'fund_flow')),
  bill_date  date not null,
  -- The delivery that is split.
  uri        text not null,
  -- open: being cut. cut: all ranges are there to be loaded. over: being cleared away.
  state      text not null default 'open' check (state in ('open', 'cut', 'over')),
  -- What was found when it was cut: names of columns and line end, and of all unpacked bytes their hashes and their number.
  head       jsonb,
  sha256     text,
  sha1       text,
  size_bytes bigint,
  check (state <> 'cut' or (head is not null and sha256 is not null and size_bytes is not null))
);

create table yuanlu.statement_ranges (
  file_id      bigint not null references yuanlu.statement_splits (file_id) on delete cascade,
  -- 1, 2, … in the order of the file.
  range_no     integer not null check (range_no > 0),
  -- Its bytes, and how many lines and bytes of the file come before them.
  uri          text not null,
  lines_before integer not null,
  bytes_before bigint not null,
  -- What its reader found; null until its lines are in the file's table, written in the transaction that puts them there.
  findings     jsonb,
  copied       integer,
  primary key (file_id, range_no),
  check ((findings is null) = (copied is null))
);

-- The table of lines of a split that did not become a statement. Of one that did it takes nothing.
create function yuanlu.drop_line_table(split bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from yuanlu.statement_splits s where s.file_id = split and s.state = 'over')
     and not exists (select from yuanlu.statement_files f where f.id = split)
     and not exists (select from pg_class c where c.oid = to_regclass(format('yuanlu.%I', 'statement_lines_f' || split)) and c.relispartition) then
    execute format('drop table if exists yuanlu.%I', 'statement_lines_f' || split);
  end if;
end $$;
revoke all on function yuanlu.drop_line_table(bigint) from public;
grant execute on function yuanlu.drop_line_table(bigint) to yuanlu_ingest;

-- Not evidence: work under way, which is gone with its end.
grant select on yuanlu.statement_splits, yuanlu.statement_ranges to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert, update, delete on yuanlu.statement_splits, yuanlu.statement_ranges to yuanlu_ingest;
