-- A trigger function that runs as the owner writes what no role may write itself, by the row that its trigger hands over. Whoever may
-- call one could put it on a temporary table of his own and hand over any row: a negative amount, and the reserved sum of a payment
-- falls. Calling is asked for when a trigger is made, not when it fires, so that nobody but the owner needs it.
do $$
declare
  one regprocedure;
begin
  for one in
    select p.oid::regprocedure from pg_proc p
     where p.pronamespace = 'yuanlu'::regnamespace and p.prosecdef and p.prorettype = 'trigger'::regtype
  loop
    execute format('revoke all on function %s from public', one);
  end loop;
end $$;
