-- What is one value in a whole table of lines or matches is kept once, in the catalog, and not in every row: file, account and day
-- are columns that are added behind the rows, with that value for what is there already. Neither the rows nor the log has them:
-- some twenty bytes less for every line, and as many for every match. Tables that are there already stay as they are.

-- A fresh table for the lines of one file, without the three; whose it will be stands beside it until it is attached.
create or replace function yuanlu.open_line_table(file_id bigint, account_id text, bill_date date) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf  text := 'statement_lines_f' || file_id;
  lines text;
begin
  select string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' end),
                    ', ' order by a.attnum)
    into lines
    from pg_attribute a
   where a.attrelid = 'yuanlu.statement_lines'::regclass and a.attnum > 0 and not a.attisdropped
     and a.attname not in ('file_id', 'account_id', 'bill_date');
  execute format('create table yuanlu.%I (%s)', leaf, lines);
  execute format('comment on table yuanlu.%I is %L', leaf, account_id || ' ' || bill_date);
  execute format('grant select, insert on yuanlu.%I to yuanlu_ingest', leaf);
  return leaf;
end $$;

-- The three of `leaf`, for its rows and for those to come.
create function yuanlu.say_once(leaf text, file_id bigint, account_id text, bill_date date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter table yuanlu.%I add column file_id bigint not null default %L, add column account_id text not null default %L,
                  add column bill_date date not null default %L', leaf, file_id, account_id, bill_date);
end $$;
revoke all on function yuanlu.say_once(text, bigint, text, date) from public;

create or replace function yuanlu.attach_line_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
declare
  leaf  text := 'statement_lines_f' || file_id;
  found regclass := format('yuanlu.%I', leaf)::regclass;
begin
  if (select relispartition from pg_class where oid = found) then
    raise exception '% is already a partition', leaf using errcode = 'wrong_object_type';
  end if;
  if obj_description(found, 'pg_class') is distinct from account_id || ' ' || bill_date then
    raise exception 'attaching % as lines of % on % violates for whom it was opened', leaf, account_id, bill_date
      using errcode = 'check_violation';
  end if;
  perform yuanlu.say_once(leaf, file_id, account_id, bill_date);
  execute format('comment on table yuanlu.%I is null', leaf);
  execute format('alter table yuanlu.%I add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
                 leaf, file_id, account_id, bill_date);
  perform yuanlu.attach_file_table('statement_lines', file_id, account_id, bill_date);
  -- Also the columns that have one value in the whole leaf: a plan that does not know that takes it for a single line.
  execute format('analyze yuanlu.%I (file_id, account_id, bill_date, line_type, refund_no)', leaf);
end $$;

-- As in 0039, without the three.
create or replace function yuanlu.claim_match_table(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                                    within_payment boolean, tolerance interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaf  text := 'matches_f' || file_id;
  lines bigint;
begin
  execute format(
    'create table yuanlu.%I as
       select refund_id, amount_minor, occurred_at, line_no,
              (case when refund_id is null or not agrees or conflict or news or denied then 0 else 1 end)::smallint as pass,
              agrees as amount_agrees
         from yuanlu.line_claims(%L::bigint, %L::text, %L::date, %L::boolean, %L::boolean, %L::interval)',
    leaf, file_id, account_id, bill_date, acceptance, within_payment, tolerance);
  get diagnostics lines = row_count;
  perform yuanlu.say_once(leaf, file_id, account_id, bill_date);
  execute format('grant select, insert, delete on yuanlu.%I to yuanlu_ingest', leaf);
  return lines;
end $$;

-- As in 0031.
create or replace function yuanlu.seal_match_table(file_id bigint, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set default_statistics_target = 20 as $$
declare
  leaf text := 'matches_f' || file_id;
begin
  execute format(
    'alter table yuanlu.%I
       alter refund_id set not null, alter amount_minor set not null, alter occurred_at set not null,
       alter line_no set not null, alter pass set not null, alter amount_agrees set not null,
       add constraint matches_pass_check check (pass between 1 and 3 or pass = 9),
       add constraint of_file check (file_id = %L and account_id = %L and bill_date = %L)',
    leaf, file_id, account_id, bill_date);
  execute format('create unique index on yuanlu.%I (refund_id)', leaf);
  execute format('analyze yuanlu.%I (refund_id)', leaf);
end $$;
