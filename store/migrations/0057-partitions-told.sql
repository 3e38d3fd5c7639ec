-- Says once more, in a transaction of its own, that the table of a file has its place. A server process that makes its list of partitions
-- at the moment at which an attachment commits may keep it without the new one, and hears nothing of it until the next attachment
-- (docs/adr/0005). Here the catalog's row of the partitioned table is written anew, with what it says already: every process drops its list.
create function yuanlu.tell_partitions(parent text, account_id text, bill_date date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  by_account text := parent || '_' || left(md5(account_id), 16);
  by_month   text := by_account || to_char(bill_date, '"_"YYYYMM');
  told       text[] := array[by_month];
  one        text;
begin
  if parent not in ('statement_lines', 'matches', 'movement_matches') then
    raise exception '% has no partitions of files', parent using errcode = 'wrong_object_type';
  end if;
  if to_regclass(format('yuanlu.%I', by_month)) is null then return; end if;
  -- The lists above are new with the first files of a month, or of an account. Plans of all months, and of all accounts, hang on them.
  if (select count(*) from pg_inherits where inhparent = format('yuanlu.%I', by_month)::regclass) <= 8 then
    told := told || by_account;
    if (select count(*) from pg_inherits where inhparent = format('yuanlu.%I', by_account)::regclass) = 1 then
      told := told || parent;
    end if;
  end if;
  -- Who makes a list holds a lock on its table, and makes it in less time than this: what was made across the attachment is made by then.
  for wait in 1..4 loop
    exit when not exists (
      select from pg_locks l join pg_class c on c.oid = l.relation
       where l.locktype = 'relation' and l.pid <> pg_backend_pid()
         and l.database = (select d.oid from pg_database d where d.datname = current_database())
         and c.relnamespace = 'yuanlu'::regnamespace and c.relname = any (told));
    perform pg_sleep(0.005);
  end loop;
  -- Two that write one row of the catalog at once would fail.
  perform pg_advisory_xact_lock(hashtextextended('yuanlu/partitions-told/' || parent, 0));
  foreach one in array told loop
    execute format('grant all on yuanlu.%I to current_user', one);
  end loop;
end $$;
revoke all on function yuanlu.tell_partitions(text, text, date) from public;
grant execute on function yuanlu.tell_partitions(text, text, date) to yuanlu_ingest;
