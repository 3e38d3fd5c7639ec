-- API keys that are made, exchanged and taken back while everything runs. The owner keeps them (`yuanlu keys …`); the running
-- processes read them and note when one was last used, and can neither make one nor give one more rights.

create table yuanlu.api_keys (
  id           bigint generated always as identity primary key,
  merchant_id  text not null,
  name         text not null check (name ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
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
  if (new.merchant_id, new.name, new.sha256, new.scopes, new.created_at) is distinct from (old.merchant_id, old.name, old.sha256, old.scopes, old.created_at)
     or old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at
     or old.replaced_by is not null and new.replaced_by is distinct from old.replaced_by
     or old.expires_at is not null and (new.expires_at is null or new.expires_at > old.expires_at) then
    raise exception 'API key % cannot be given more than it has', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger refuse_rewrite before update on yuanlu.api_keys for each row execute function yuanlu.refuse_api_key_rewrite();
create trigger never_deleted before delete or truncate on yuanlu.api_keys for each statement execute function yuanlu.refuse_change();

-- Who did what with a key: one chain of records per key, as for refunds.
create table yuanlu.api_key_audit (
  id            bigint generated always as identity primary key,
  key_id        bigint not null,
  seq           integer not null,
  at            timestamptz not null,
  actor         text not null,
  action        text not null,
  before        jsonb,
  after         jsonb not null,
  previous_hash text not null,
  hash          text not null,
  constraint api_key_audit_in_order unique (key_id, seq)
);
create trigger append_only before update or delete or truncate on yuanlu.api_key_audit
  for each statement execute function yuanlu.refuse_change();

create function yuanlu.api_key_facts(k yuanlu.api_keys) returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('merchant', k.merchant_id, 'name', k.name, 'sha256', k.sha256, 'scopes', to_jsonb(k.scopes),
    'expires_at', extract(epoch from k.expires_at)::numeric(20, 6), 'revoked_at', extract(epoch from k.revoked_at)::numeric(20, 6), 'replaced_by', k.replaced_by::text)
$$;

-- The login, and who sat at it where the session says so.
create function yuanlu.audit_api_key() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last   record;
  entry  record;
  person text := nullif(current_setting('yuanlu.person', true), '');
  was    jsonb := null;
  became jsonb := yuanlu.api_key_facts(new);
begin
  if tg_op = 'UPDATE' then
    was := yuanlu.api_key_facts(old);
    if was = became then return null; end if;
  end if;
  select a.seq, a.hash into last from yuanlu.api_key_audit a where a.key_id = new.id order by a.seq desc limit 1;
  select coalesce(last.seq, 0) + 1 as seq, clock_timestamp() as at,
         concat_ws(' for ', session_user::text, person) as actor,
         case when tg_op = 'INSERT' then 'key.created'
              when new.revoked_at is distinct from old.revoked_at then 'key.revoked'
              when new.replaced_by is distinct from old.replaced_by then 'key.rotated'
              else 'key.changed' end as action,
         coalesce(last.hash, '') as previous_hash into entry;
  insert into yuanlu.api_key_audit (key_id, seq, at, actor, action, before, after, previous_hash, hash)
  values (new.id, entry.seq, entry.at, entry.actor, entry.action, was, became, entry.previous_hash,
          yuanlu.audit_hash(new.id, entry.seq, entry.at, entry.actor, entry.action, was, became, entry.previous_hash));
  return null;
end $$;
create trigger audit_api_key after insert or update of expires_at, revoked_at, replaced_by on yuanlu.api_keys
  for each row execute function yuanlu.audit_api_key();

grant select on yuanlu.api_keys, yuanlu.api_key_audit to yuanlu_app, yuanlu_report;
grant update (last_used_at) on yuanlu.api_keys to yuanlu_app;
