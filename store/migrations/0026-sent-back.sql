-- A statement can prove that a refund came back, too (kind `bounced`): such evidence does not settle it, and a line that shows
-- the refund itself is no news where it is known that it was done and came back.

create or replace view yuanlu.refund_status as
  select r.id,
         case when r.state = 'succeeded'
               and (exists (select from yuanlu.live_matches m
                             where m.account_id = r.account_id and m.refund_id = r.id and m.amount_agrees)
                 or exists (select from yuanlu.observations o
                             where o.refund_id = r.id and o.source = 'statement' and o.kind = 'statement_line'))
              then 'settled' else r.state end as effective_state
    from yuanlu.refunds r;

create or replace function yuanlu.line_is_news(state text, state_reason text, acceptance boolean) returns boolean
language sql immutable parallel safe
return state not in ('succeeded', 'settled', 'returned') and not (acceptance and state = 'processing')
   and not yuanlu.taken_and_closed(state, state_reason, acceptance);
