-- Who may do what. Login users are made by the deployment and granted these roles; the owner only migrates.
-- app: requests, workers, callbacks. ingest: app's rights on statements plus new partitions. report: reads.

do $$
declare
  role_name text;
begin
  -- Roles belong to the whole cluster: another database of it may have made them a moment ago.
  perform pg_advisory_xact_lock(hashtextextended('yuanlu/roles', 0));
  foreach role_name in array array['yuanlu_app', 'yuanlu_ingest', 'yuanlu_report'] loop
    begin
      execute format('create role %I nologin', role_name);
    exception when duplicate_object or unique_violation then null;
    end;
    execute format('grant %I to %I', role_name, current_user);
  end loop;
end $$;

revoke all on schema yuanlu from public;
grant usage on schema yuanlu to yuanlu_app, yuanlu_ingest, yuanlu_report;
grant select on yuanlu.schema_migrations to yuanlu_app, yuanlu_ingest, yuanlu_report;
