-- The third level of lateness, questions that got no answer, and indexes for books with many open refunds.

alter table yuanlu.refunds
  -- Planned with promise and alarm; null of a plan that is older than this column, until the next sweep plans it again.
  add column escalate_at timestamptz,
  -- When the channel was last asked about it without an answer that can be trusted, and why there was none.
  add column unanswered_at timestamptz,
  add column unanswered_why text,
  drop constraint refunds_overdue_level_check,
  add constraint refunds_overdue_level_check check (overdue_level between 0 and 3);
grant update (escalate_at, unanswered_at, unanswered_why) on yuanlu.refunds to yuanlu_app;

alter table yuanlu.arrival_plans add column escalate_at timestamptz;

-- Open refunds by the instant at which they earn their next level: what is due is one range of it, whatever else is open,
-- and a refund that has its flag is not read again before its next one.
drop index yuanlu.refunds_open_by_promise;
create index refunds_due on yuanlu.refunds
  ((case overdue_level when 0 then promise_at when 1 then alarm_at when 2 then escalate_at end), id)
  where state in ('requested', 'unknown', 'processing', 'needs_action')
     or state = 'succeeded' and bank_leg = 'pending';

-- Flags that evidence has answered, and nothing else.
drop index yuanlu.refunds_flagged;
create index refunds_to_lift on yuanlu.refunds (id)
  where overdue_level > 0
    and (state in ('requested', 'unknown', 'processing', 'needs_action') or state = 'succeeded' and bank_leg = 'pending') is not true;

-- The list of a merchant, the longest overdue first.
create index refunds_overdue on yuanlu.refunds (merchant_id, promise_at, id) where overdue_level > 0;
