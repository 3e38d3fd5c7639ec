-- A refund that the channel paid is still overdue while the payer's bank has not posted it.

drop index yuanlu.refunds_open_by_promise;
create index refunds_open_by_promise on yuanlu.refunds (promise_at)
  where state in ('requested', 'unknown', 'processing', 'needs_action')
     or state = 'succeeded' and bank_leg = 'pending';
