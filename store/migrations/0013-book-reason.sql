-- Matching tells a refund that the channel took and closed from one that it refused: only the reason does.

create or replace view yuanlu.refund_book as
  select r.id, r.merchant_id, r.account_id, r.refund_no, r.channel_refund_no, p.transaction_id, p.payment_no,
         r.amount_minor, r.currency, r.requested_at, r.accepted_at, r.state, r.state_reason
    from yuanlu.refunds r
    left join yuanlu.payments p on p.id = r.payment_id;
