-- What matching makes of the lines: matches (one line, one refund, at most) and breaks (what is left over).

-- One small row per matched line; matched refunds are not updated. Leaves as in 0010: one table per file.
create table yuanlu.matches (
  file_id       bigint not null,
  refund_id     bigint not null,
  -- The line's own amount and time, so that evidence is read without touching the lines.
  amount_minor  bigint not null,
  occurred_at   timestamptz not null,
  line_no       integer not null,
  bill_date     date not null,
  -- 1 our number, 2 the channel's number, 3 transaction + amount inside a window.
  pass          smallint not null check (pass between 1 and 3),
  amount_agrees boolean not null,
  account_id    text not null
) partition by list (account_id);

create function yuanlu.open_match_table(file_id bigint, account_id text, bill_date date) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format('create table yuanlu.%I (like yuanlu.matches including constraints)', leaf);
  execute format('alter table yuanlu.%I alter file_id set default %L, alter account_id set default %L,
                  alter bill_date set default %L', leaf, file_id, account_id, bill_date);
  execute format('alter table yuanlu.%I add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
                 leaf, file_id, account_id, bill_date);
  execute format('grant select, insert on yuanlu.%I to yuanlu_ingest', leaf);
  return leaf;
end $$;

-- The index is built once the rows are there; it also holds "one refund, one line" inside the file.
create function yuanlu.attach_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format('create unique index on yuanlu.%I (refund_id)', leaf);
  perform yuanlu.attach_file_table('matches', file_id, account_id, bill_date);
end $$;

revoke all on function yuanlu.open_match_table(bigint, text, date) from public;
revoke all on function yuanlu.attach_match_table(bigint, text, date) from public;
grant execute on function yuanlu.open_match_table(bigint, text, date) to yuanlu_ingest;
grant execute on function yuanlu.attach_match_table(bigint, text, date) to yuanlu_ingest;

create table yuanlu.breaks (
  id                bigint generated always as identity primary key,
  kind              text not null check (kind in ('missing_at_channel', 'missing_in_books', 'amount_differs',
                      'state_conflict', 'duplicate_line', 'fee_differs', 'returned', 'late', 'ambiguous')),
  -- kind/file/line for a line, kind/refund for a refund: one open break of a kind about one thing.
  dedupe_key        text not null,
  account_id        text not null references yuanlu.channel_accounts (id),
  file_id           bigint references yuanlu.statement_files (id),
  line_no           integer,
  bill_date         date,
  refund_id         bigint,
  refund_no         text,
  channel_refund_no text,
  transaction_id    text,
  -- What the line says and what our books say; null where one of them is missing.
  amount_minor      bigint,
  expected_minor    bigint,
  currency          text not null,
  occurred_at       timestamptz,
  detail            jsonb not null default '{}',
  status            text not null default 'open' check (status in ('open', 'closed')),
  opened_at         timestamptz not null,
  closed_at         timestamptz,
  -- What ended it: a line, a newer file, a word of the channel, a person.
  closed_reason     text,
  closing_evidence  jsonb,
  check ((file_id is null) = (line_no is null)),
  check (file_id is not null or refund_id is not null),
  check ((status = 'closed') = (closed_at is not null)),
  check ((status = 'closed') = (closed_reason is not null)),
  check ((status = 'closed') = (closing_evidence is not null))
);

create unique index breaks_open on yuanlu.breaks (dedupe_key) where status = 'open';
create index breaks_open_by_account on yuanlu.breaks (account_id, kind, id) where status = 'open';
create index breaks_by_refund on yuanlu.breaks (refund_id) where refund_id is not null;
create index breaks_by_file on yuanlu.breaks (file_id, line_no) where file_id is not null;

-- The books as matching sees them. `yuanlu reconcile` puts a refund list in its place, in a database of its own.
-- The payment is joined from the left so that a query that needs none of its columns does not read it.
create view yuanlu.refund_book as
  select r.id, r.merchant_id, r.account_id, r.refund_no, r.channel_refund_no, p.transaction_id, p.payment_no,
         r.amount_minor, r.currency, r.requested_at, r.accepted_at, r.state
    from yuanlu.refunds r
    left join yuanlu.payments p on p.id = r.payment_id;

create view yuanlu.live_matches as
  select m.*
    from yuanlu.matches m
    join yuanlu.statement_files f on f.id = m.file_id and f.status = 'loaded';

grant select on yuanlu.matches, yuanlu.breaks, yuanlu.refund_book, yuanlu.live_matches
  to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert, delete on yuanlu.matches to yuanlu_ingest;
grant insert, update on yuanlu.breaks to yuanlu_ingest;
-- Evidence that reaches a refund by other ways closes its breaks.
grant update (status, closed_at, closed_reason, closing_evidence) on yuanlu.breaks to yuanlu_app;

-- Settled is derived: the channel's success, and a line of its statement that agrees. A line that was recorded as
-- evidence of its own counts on, also when its file was superseded since.
create or replace view yuanlu.refund_status as
  select r.id,
         case when r.state = 'succeeded'
               and (exists (select from yuanlu.live_matches m
                             where m.account_id = r.account_id and m.refund_id = r.id and m.amount_agrees)
                 or exists (select from yuanlu.observations o where o.refund_id = r.id and o.source = 'statement'))
              then 'settled' else r.state end as effective_state
    from yuanlu.refunds r;

create or replace view yuanlu.matched_line_evidence as
  select m.refund_id, m.amount_minor, f.sha256 as file_sha256, m.line_no, m.bill_date, f.received_at as observed_at
    from yuanlu.refunds r
    join yuanlu.matches m on m.account_id = r.account_id and m.refund_id = r.id
    join yuanlu.statement_files f on f.id = m.file_id and f.status = 'loaded';
