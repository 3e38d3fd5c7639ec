-- API keys that are made, exchanged and taken back while everything runs. The owner keeps them (`yuanlu keys …`); the running
-- processes read them and note when one was last used, and can neither make one nor give one more rights.

create table yuanlu.api_keys (
  id           bigint generated always as identity primary key,
  merchant_id  text not null,
  name         text not null check (name ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  -- The person whose key it is; null for a program's.
  operator     text check (operator ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
  -- SHA-256 of the whole text, in hex. The text itself is nowhere.
  sha256       text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  scopes       text[] not null check (cardinality(scopes) between 1 and 20),
  created_at   timestamptz not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  -- The key that it was exchanged for; both work until this one expires.
  replaced_by  bigint references yuanlu.api_keys (id),
  last_used_at timestamptz,
  constraint api_key_once unique (sha256)
);
create index api_keys_by_merchant on yuanlu.api_keys (merchant_id, id);

-- What a key may do and whose it is never change; a key that was taken back stays so, and no life is made longer.
create function yuanlu.refuse_api_key_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.name, new.operator, new.sha256, new.scopes, new.created_at) is distinct from
       (old.merchant_id, old.name, old.operator, old.sha256, old.scopes, old.created_at)
     or old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at
     or old.replaced_by is not null and new.replaced_by is distinct from old.replaced_by
     or old.expires_at is not null and (new.expires_at is null or new.expires_at > old.expires_at) then
    raise exception 'API key % cannot be given more than it has', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.api_keys for each row execute function yuanlu.refuse_api_key_rewrite();
create trigger never_deleted before delete or truncate on yuanlu.api_keys for each statement execute function yuanlu.refuse_change();

-- Who did what with what is no refund: one chain of records for each subject, as for refunds.
create table yuanlu.act_audit (
  id            bigint generated always as identity primary key,
  subject       text not null,
  subject_id    bigint not null,
  seq           integer not null,
  at            timestamptz not null,
  actor         text not null,
  -- Begins with the subject, so that no record fits into the chain of another one.
  action        text not null check (starts_with(action, subject || '.')),
  before        jsonb,
  after         jsonb not null,
  previous_hash text not null,
  hash          text not null,
  constraint act_audit_in_order unique (subject, subject_id, seq)
);
create trigger append_only before update or delete or truncate on yuanlu.act_audit
  for each statement execute function yuanlu.refuse_change();

-- For triggers, which run as the owner: no login has the right to write a record.
create function yuanlu.record_act(of_subject text, of_id bigint, actor text, action text, was jsonb, became jsonb)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  last  record;
  entry record;
begin
  select a.seq, a.hash into last from yuanlu.act_audit a
   where a.subject = of_subject and a.subject_id = of_id order by a.seq desc limit 1;
  select coalesce(last.seq, 0) + 1 as seq, clock_timestamp() as at, coalesce(last.hash, '') as previous_hash into entry;
  insert into yuanlu.act_audit (subject, subject_id, seq, at, actor, action, before, after, previous_hash, hash)
  values (of_subject, of_id, entry.seq, entry.at, actor, action, was, became, entry.previous_hash,
          yuanlu.audit_hash(of_id, entry.seq, entry.at, actor, action, was, became, entry.previous_hash));
end $$;
revoke all on function yuanlu.record_act from public;

create function yuanlu.api_key_facts(k yuanlu.api_keys) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', k.merchant_id, 'name', k.name, 'operator', k.operator, 'sha256', k.sha256, 'scopes', to_jsonb(k.scopes),
    'expires_at', extract(epoch from k.expires_at)::numeric(20, 6), 'revoked_at', extract(epoch from k.revoked_at)::numeric(20, 6), 'replaced_by', k.replaced_by::text)
$$;

-- The login, and who sat at it where the session says so.
create function yuanlu.audit_api_key() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  was    jsonb := case when tg_op = 'UPDATE' then yuanlu.api_key_facts(old) end;
  became jsonb := yuanlu.api_key_facts(new);
begin
  if was = became then return null; end if;
  perform yuanlu.record_act('api_key', new.id, concat_ws(' for ', session_user::text, nullif(current_setting('yuanlu.person', true), '')),
    case when tg_op = 'INSERT' then 'api_key.created'
         when new.revoked_at is distinct from old.revoked_at then 'api_key.revoked'
         when new.replaced_by is distinct from old.replaced_by then 'api_key.rotated'
         else 'api_key.changed' end, was, became);
  return null;
end $$;
create trigger audit_api_key after insert or update of expires_at, revoked_at, replaced_by on yuanlu.api_keys
  for each row execute function yuanlu.audit_api_key();

grant select on yuanlu.api_keys, yuanlu.act_audit to yuanlu_app, yuanlu_report;
grant update (last_used_at) on yuanlu.api_keys to yuanlu_app;
