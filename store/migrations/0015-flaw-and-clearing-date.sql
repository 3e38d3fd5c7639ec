-- What the channel itself says is wrong with a refund that it did (UnionPay: A6), for a person to look into; and the day on
-- which it cleared it, as it prints it: banks find a refund by it.

alter table yuanlu.refunds
  add column flaw text,
  add column clearing_date text;

grant update (flaw, clearing_date) on yuanlu.refunds to yuanlu_app;
