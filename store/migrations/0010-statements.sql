-- Statements as the channels deliver them: one row per file, every line kept, rows that could not be read kept aside.

create table yuanlu.statement_files (
  id              bigint generated always as identity primary key,
  account_id      text not null references yuanlu.channel_accounts (id),
  kind            text not null check (kind in ('trade', 'fund_flow')),
  bill_date       date not null,
  -- A day's statement may be delivered in several files (a run by hand over split files); '' is the whole day.
  part            text not null default '',
  -- 1, 2, … for the deliveries of one day; 0 for a file that was refused.
  revision        integer not null check (revision >= 0),
  status          text not null check (status in ('loaded', 'empty', 'superseded', 'refused')),
  sha256          text,
  sha1            text,
  size_bytes      bigint not null default 0,
  uri             text,
  variant         text,
  currency        text,
  lines           integer not null default 0,
  refund_lines    integer not null default 0,
  quarantined     integer not null default 0,
  totals_declared jsonb,
  totals_computed jsonb,
  merchant_nos    text[] not null default '{}',
  first_date      date,
  last_date       date,
  -- Why a file was refused (code of the error catalogue), and how often the same bytes were.
  refusal_code    text,
  refused_count   integer not null default 0,
  -- Refusal: the message. New revision: counts of lines added, gone and changed against the one before.
  detail          jsonb not null default '{}',
  supersedes      bigint references yuanlu.statement_files (id),
  received_at     timestamptz not null,
  superseded_at   timestamptz,
  matched_at      timestamptz,
  check ((status = 'refused') = (refusal_code is not null)),
  check ((status = 'superseded') = (superseded_at is not null)),
  check (status not in ('loaded', 'superseded') or revision > 0)
);

-- One live version per day.
create unique index statement_files_live on yuanlu.statement_files (account_id, kind, bill_date, part)
  where status in ('loaded', 'empty');
create index statement_files_by_day on yuanlu.statement_files (account_id, bill_date, kind);

-- Leaves hold the lines of one file and are filled before they are attached: no index is kept while loading, a file
-- that does not add up is rolled back with its table, and every query that names the file reads one leaf.
-- Fixed-width columns first: a row carries no padding.
create table yuanlu.statement_lines (
  file_id           bigint not null,
  occurred_at       timestamptz not null,
  amount_minor      bigint not null,
  payer_minor       bigint,
  fee_e5            bigint,
  bill_date         date not null,
  line_no           integer not null,
  account_id        text not null,
  line_type         text not null,
  transaction_id    text,
  payment_no        text,
  channel_refund_no text,
  refund_no         text,
  currency          text not null,
  status            text,
  funding           text
) partition by list (account_id);

create table yuanlu.quarantined_lines (
  file_id     bigint not null references yuanlu.statement_files (id),
  line_no     integer not null,
  byte_offset bigint not null,
  reason      text not null,
  raw         text not null,
  primary key (file_id, line_no)
);

-- The three levels of `parent` for one file: account, then month, then the file's own table. Shared by lines and matches.
-- Attaching takes no lock that readers notice; the advisory lock keeps two files from making the same month twice.
create function yuanlu.attach_file_table(parent text, file_id bigint, account_id text, bill_date date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  by_account text := parent || '_' || left(md5(account_id), 16);
  by_month   text := by_account || to_char(bill_date, '"_"YYYYMM');
  leaf       text := parent || '_f' || file_id;
  month      date := date_trunc('month', bill_date)::date;
begin
  perform pg_advisory_xact_lock(hashtextextended('yuanlu/partitions/' || parent, 0));
  if to_regclass(format('yuanlu.%I', by_account)) is null then
    execute format('create table yuanlu.%I (like yuanlu.%I including constraints) partition by range (bill_date)', by_account, parent);
    execute format('alter table yuanlu.%I attach partition yuanlu.%I for values in (%L)', parent, by_account, account_id);
  end if;
  if to_regclass(format('yuanlu.%I', by_month)) is null then
    execute format('create table yuanlu.%I (like yuanlu.%I including constraints) partition by list (file_id)', by_month, parent);
    execute format('alter table yuanlu.%I attach partition yuanlu.%I for values from (%L) to (%L)',
      by_account, by_month, month, (month + interval '1 month')::date);
  end if;
  execute format('alter table yuanlu.%I attach partition yuanlu.%I for values in (%L)', by_month, leaf, file_id);
  -- It said of each row what the partitions above now say; with it, attaching need not read the rows again.
  execute format('alter table yuanlu.%I drop constraint if exists of_file', leaf);
  -- From here on rows come in through the parent only.
  execute format('revoke insert on yuanlu.%I from yuanlu_ingest', leaf);
end $$;
revoke all on function yuanlu.attach_file_table(text, bigint, text, date) from public;

-- A fresh table for the lines of one file. COPY names only the line columns; the rest are defaults.
create function yuanlu.open_line_table(file_id bigint, account_id text, bill_date date) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf text := 'statement_lines_f' || file_id;
begin
  execute format('create table yuanlu.%I (like yuanlu.statement_lines)', leaf);
  execute format('alter table yuanlu.%I alter file_id set default %L, alter account_id set default %L,
                  alter bill_date set default %L', leaf, file_id, account_id, bill_date);
  execute format('alter table yuanlu.%I add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
                 leaf, file_id, account_id, bill_date);
  execute format('grant select, insert on yuanlu.%I to yuanlu_ingest', leaf);
  return leaf;
end $$;

create function yuanlu.attach_line_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
begin
  perform yuanlu.attach_file_table('statement_lines', file_id, account_id, bill_date);
  -- Also the columns that have one value in the whole leaf: a plan that does not know that takes it for a single line.
  execute format('analyze yuanlu.%I (file_id, account_id, bill_date, line_type, refund_no)',
                 'statement_lines_f' || file_id);
end $$;

revoke all on function yuanlu.open_line_table(bigint, text, date) from public;
revoke all on function yuanlu.attach_line_table(bigint, text, date) from public;
grant execute on function yuanlu.open_line_table(bigint, text, date) to yuanlu_ingest;
grant execute on function yuanlu.attach_line_table(bigint, text, date) to yuanlu_ingest;

-- Evidence is append-only for every process: nobody but the owner changes or deletes a line.
grant select on yuanlu.statement_files, yuanlu.statement_lines, yuanlu.quarantined_lines
  to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert, update on yuanlu.statement_files to yuanlu_ingest;
grant usage on sequence yuanlu.statement_files_id_seq to yuanlu_ingest;
grant insert on yuanlu.quarantined_lines to yuanlu_ingest;
