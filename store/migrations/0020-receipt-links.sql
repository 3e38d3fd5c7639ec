-- Links to receipts: what makes a signed address one that can be taken back.

create table yuanlu.receipt_links (
  id         bigint generated always as identity primary key,
  refund_id  bigint not null references yuanlu.refunds (id),
  -- Drawn at random; stands in the address, under the signature of a key that is not kept here.
  handle     bytea not null unique check (octet_length(handle) = 16),
  -- Who asked for it: an API key's id.
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  check (expires_at > created_at)
);
create index receipt_links_by_refund on yuanlu.receipt_links (refund_id, id);

-- A link is taken back once and for ever.
create function yuanlu.keep_revoked() returns trigger language plpgsql as $$
begin
  if old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at then
    raise exception 'receipt link % was revoked', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger keep_revoked before update on yuanlu.receipt_links for each row execute function yuanlu.keep_revoked();

-- A handle opens nothing without the key that signs it, so reports may read it like the rest.
grant select on yuanlu.receipt_links to yuanlu_app, yuanlu_report;
grant insert on yuanlu.receipt_links to yuanlu_app;
grant update (revoked_at) on yuanlu.receipt_links to yuanlu_app;
