-- A refund carries the numbers of its payment. Matching compares them for every line; reading them from the payments cost one more
-- join of two tables as long as the books, or one more index to go down for each line. Whoever writes a payment's
-- numbers, its refunds follow in the same transaction. Every refund is written anew, once, and nobody reads refunds meanwhile.
alter table yuanlu.refunds add column payment_no text, add column transaction_id text;

update yuanlu.refunds r set payment_no = p.payment_no, transaction_id = p.transaction_id
  from yuanlu.payments p where p.id = r.payment_id;
alter table yuanlu.refunds alter payment_no set not null;
create index refunds_by_transaction on yuanlu.refunds (account_id, transaction_id) where transaction_id is not null;
-- Joins on the new numbers are planned by what is known of them; of an empty table nothing is better than zero.
do $$
begin
  if exists (select from yuanlu.refunds) then
    analyze yuanlu.refunds;
  end if;
end $$;

-- What an insert says of them does not count. The payment's row stays locked until the refund can be seen: a number that is told
-- meanwhile waits, and then finds the refund.
create function yuanlu.carry_numbers() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  select p.payment_no, p.transaction_id into new.payment_no, new.transaction_id
    from yuanlu.payments p where p.id = new.payment_id for no key update;
  return new;
end $$;
create trigger carry_numbers before insert on yuanlu.refunds for each row execute function yuanlu.carry_numbers();

create function yuanlu.pass_numbers_on() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update yuanlu.refunds set payment_no = new.payment_no, transaction_id = new.transaction_id where payment_id = new.id;
  return null;
end $$;
create trigger pass_numbers_on after update of payment_no, transaction_id on yuanlu.payments
  for each row when ((new.payment_no, new.transaction_id) is distinct from (old.payment_no, old.transaction_id))
  execute function yuanlu.pass_numbers_on();
