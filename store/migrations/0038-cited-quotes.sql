-- A refund may cite a quote: exactly its sum, of its payment, in time, once, and while nothing else was refunded since.

-- Part of the request, like its reason: never changed after.
alter table yuanlu.refunds
  add column quote_id bigint references yuanlu.quotes (id),
  add constraint quote_used_once unique (quote_id);

create or replace function yuanlu.refuse_rewrite() returns trigger language plpgsql as $$
begin
  if (new.merchant_id, new.account_id, new.channel, new.payment_id, new.refund_no, new.amount_minor, new.currency, new.reason, new.fingerprint, new.requested_at,
      new.goods_received_at, new.quote_id)
     is distinct from
     (old.merchant_id, old.account_id, old.channel, old.payment_id, old.refund_no, old.amount_minor, old.currency, old.reason, old.fingerprint, old.requested_at,
      old.goods_received_at, old.quote_id) then
    raise exception 'refund % cannot be rewritten', old.refund_no using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

-- Runs as the owner: it locks the payment, so that what was refunded of it stays as it is until this refund is counted.
create function yuanlu.keep_quote() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  quote    yuanlu.quotes;
  reserved bigint;
begin
  select * into quote from yuanlu.quotes where id = new.quote_id;
  select reserved_minor into reserved from yuanlu.payments where id = new.payment_id for update;
  if (quote.merchant_id, quote.payment_id, quote.currency) is distinct from (new.merchant_id, new.payment_id, new.currency) then
    raise exception 'quote % is for another payment', new.quote_id using errcode = 'integrity_constraint_violation', constraint = 'quote_of_payment';
  end if;
  if quote.total_minor <> new.amount_minor then
    raise exception 'quote % has another total', new.quote_id using errcode = 'integrity_constraint_violation', constraint = 'quote_amount';
  end if;
  if new.requested_at >= quote.expires_at then
    raise exception 'quote % has expired', new.quote_id using errcode = 'integrity_constraint_violation', constraint = 'quote_in_time';
  end if;
  if quote.refunded_minor <> reserved then
    raise exception 'quote % was worked out before another refund', new.quote_id using errcode = 'integrity_constraint_violation', constraint = 'quote_up_to_date';
  end if;
  return new;
end $$;
create trigger keep_quote before insert on yuanlu.refunds
  for each row when (new.quote_id is not null) execute function yuanlu.keep_quote();

-- What is outside of the policy's rules is held for two people in the same transaction: no refund that cites such a quote is
-- there without.
create function yuanlu.require_review() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from yuanlu.quotes q where q.id = new.quote_id and q.review_reasons <> '{}')
     and not exists (select from yuanlu.observations o where o.refund_id = new.id and o.kind = 'over_limit') then
    raise exception 'refund % cites a quote that two people review', new.refund_no using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger require_review after insert on yuanlu.refunds deferrable initially deferred
  for each row when (new.quote_id is not null) execute function yuanlu.require_review();
