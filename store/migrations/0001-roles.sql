-- Who may do what. Login users are made by the deployment and granted these roles; the owner only migrates.
-- app: requests, workers, callbacks. ingest: app's rights on statements plus new partitions. report: reads.

do $$
declare
  role_name text;
begin
  -- Roles belong to the whole cluster: another database of it may be making them at this moment.
  perform pg_advisory_xact_lock(hashtextextended('yuanlu/roles', 0));
  foreach role_name in array array['yuanlu_app', 'yuanlu_ingest', 'yuanlu_report'] loop
    -- A deployment that made them ahead need not give its owner the right to make roles.
    if not exists (select from pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin', role_name);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    if not pg_has_role(current_user, role_name, 'member') then
      execute format('grant %I to %I', role_name, current_user);
    end if;
  end loop;
end $$;

revoke all on schema yuanlu from public;
grant usage on schema yuanlu to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant select on yuanlu.schema_migrations to yuanlu_app, yuanlu_ingest, yuanlu_report;
