-- Lines that print the same numbers, at the same time, with the same amount for the payer, may still differ: in the whole amount, in
-- the fee, in the status, in what the payer paid from. Which of them is given a movement, or is the refund's, must follow from what
-- they print, not from which file came first.

-- Only for putting such lines in order; null for movements, which print nothing else, and for what was compared before this column.
alter table yuanlu.movement_leftovers add column rest text collate "C";

-- As in 0039, with all that a line prints.
drop function yuanlu.line_claims(bigint, text, date, boolean, boolean, interval);
create function yuanlu.line_claims(file_id bigint, account_id text, bill_date date, acceptance boolean,
                                   within_payment boolean, tolerance interval)
returns table (file_id bigint, bill_date date, line_no integer, amount_minor bigint, occurred_at timestamptz,
               account_id text, refund_id bigint, agrees boolean, conflict boolean, news boolean, denied boolean, place tid,
               currency text, refund_no text, channel_refund_no text, transaction_id text, payment_no text, status text,
               payer_minor bigint, fee_e5 bigint, funding text)
language sql stable parallel safe as $$
  select l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at, l.account_id, r.id,
         r.amount_minor = l.amount_minor and r.currency = l.currency,
         yuanlu.line_conflicts(r.state, r.state_reason, $4, l.occurred_at, r.requested_at, $6, l.status),
         yuanlu.line_is_news(r.state, r.state_reason, $4),
         yuanlu.numbers_differ(r.transaction_id, l.transaction_id, r.payment_no, l.payment_no, r.channel_refund_no, l.channel_refund_no)
           or yuanlu.line_denies(r.state, l.status),
         l.ctid, l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no, l.status,
         l.payer_minor, l.fee_e5, l.funding
    from yuanlu.statement_lines l
    left join yuanlu.refund_book r
      on r.account_id = $2 and r.refund_no = l.refund_no
     and (not $5 or r.transaction_id = l.transaction_id
          or r.transaction_id is null and coalesce(r.payment_no = l.payment_no, true))
   where l.account_id = $2 and l.bill_date = $3 and l.file_id = $1 and l.line_type = 'refund' $$;
