-- Three-way: what left the account (fund-flow statement) against what is said to be refunded (trade statement). The day's own
-- lines and movements are compared first; what that leaves over is small and is compared with the days beside it.

alter table yuanlu.breaks drop constraint breaks_kind_check;
alter table yuanlu.breaks add constraint breaks_kind_check
  check (kind in ('missing_at_channel', 'missing_in_books', 'amount_differs', 'state_conflict', 'duplicate_line',
    'fee_differs', 'returned', 'late', 'ambiguous', 'missing_in_fund_flow', 'missing_in_trade'));

-- A refund line and the movement of its day that has its number and its amount: nearly all there are, so the rows are small.
-- Leaves as in 0010, one for each fund-flow file.
create table yuanlu.movement_matches (
  file_id       bigint not null,
  trade_file_id bigint not null,
  minor         bigint not null,
  line_no       integer not null,
  trade_line_no integer not null,
  bill_date     date not null,
  -- 1 the refund, 2 the fee that came back with it.
  role          smallint not null check (role in (1, 2)),
  -- 1 our number, 2 the channel's number.
  pass          smallint not null check (pass in (1, 2)),
  account_id    text not null
) partition by list (account_id);

create function yuanlu.open_movement_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf text := 'movement_matches_f' || file_id;
begin
  if to_regclass(format('yuanlu.%I', leaf)) is not null then return; end if;
  execute format('create table yuanlu.%I (like yuanlu.movement_matches including constraints)', leaf);
  perform yuanlu.attach_file_table('movement_matches', file_id, account_id, bill_date);
end $$;
revoke all on function yuanlu.open_movement_table(bigint, text, date) from public;
grant execute on function yuanlu.open_movement_table(bigint, text, date) to yuanlu_ingest;

-- Every other match of a movement: another amount, another day, or several lines at once. A row for each line; the shares of
-- one movement are its amount.
create table yuanlu.movement_shares (
  account_id    text not null references yuanlu.channel_accounts (id),
  -- The movement.
  file_id       bigint not null references yuanlu.statement_files (id),
  line_no       integer not null,
  bill_date     date not null,
  -- The line of the trade statement.
  trade_file_id bigint not null references yuanlu.statement_files (id),
  trade_line_no integer not null,
  trade_date    date not null,
  role          smallint not null check (role in (1, 2)),
  -- 1, 2 as above; 3 payment and amount, one to one; 4 all open lines of the payment; 5 all open lines of a day.
  pass          smallint not null check (pass between 1 and 5),
  -- What of the movement is this line's, what the line says, and by how much less that may be: the fee that was kept from
  -- it, or what rounding takes off a fee.
  minor           bigint not null,
  leg_minor       bigint not null,
  explained_minor bigint not null default 0,
  why             text,
  -- Whether it came of comparing the day with itself.
  same_day      boolean not null,
  primary key (trade_file_id, trade_line_no, role),
  check ((pass > 2) = (why is not null))
);
create index movement_shares_by_day on yuanlu.movement_shares (account_id, bill_date);
create index movement_shares_by_trade_day on yuanlu.movement_shares (account_id, trade_date);

-- What a day compared with itself leaves over: lines without a movement, movements without a line, money that came back.
create table yuanlu.movement_leftovers (
  account_id        text not null references yuanlu.channel_accounts (id),
  bill_date         date not null,
  side              text not null check (side in ('line', 'movement')),
  file_id           bigint not null references yuanlu.statement_files (id),
  line_no           integer not null,
  -- 1 refund, 2 its fee, 3 a refund that came back, 4 the fee that was taken again with it.
  role              smallint not null check (role between 1 and 4),
  minor             bigint not null,
  -- Of a line, in 1/100000 yuan as in statement_lines: the fee that no movement gave back by itself.
  fee_e5            bigint not null default 0,
  occurred_at       timestamptz not null,
  currency          text not null,
  refund_no         text,
  channel_refund_no text,
  transaction_id    text,
  payment_no        text,
  -- What became of it beside other days: `matched`, `waiting` for the other side, `explained`, or the kind of its break.
  finding           text,
  primary key (file_id, line_no, role)
);
create index movement_leftovers_by_day on yuanlu.movement_leftovers (account_id, bill_date);

-- Which deliveries a day was compared with: others, and it is to be compared again.
create table yuanlu.movement_days (
  account_id  text not null references yuanlu.channel_accounts (id),
  bill_date   date not null,
  trade_files bigint[] not null,
  flow_files  bigint[] not null,
  compared_at timestamptz not null,
  primary key (account_id, bill_date)
);

create view yuanlu.all_movement_matches as
  select account_id, file_id, line_no, bill_date, trade_file_id, trade_line_no, bill_date as trade_date, role, pass, minor,
         minor as leg_minor, 0::bigint as explained_minor, null::text as why
    from yuanlu.movement_matches
  union all
  select account_id, file_id, line_no, bill_date, trade_file_id, trade_line_no, trade_date, role, pass, minor, leg_minor,
         explained_minor, why
    from yuanlu.movement_shares;

grant select on yuanlu.movement_matches, yuanlu.movement_shares, yuanlu.movement_leftovers, yuanlu.movement_days,
  yuanlu.all_movement_matches to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant insert, delete on yuanlu.movement_matches, yuanlu.movement_shares, yuanlu.movement_leftovers to yuanlu_ingest;
grant update (finding) on yuanlu.movement_leftovers to yuanlu_ingest;
grant insert, update, delete on yuanlu.movement_days to yuanlu_ingest;
