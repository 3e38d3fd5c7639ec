-- What nearly every line is, first: of a refund that is done or under way, without a word of its own about the state, and dated after it was
-- asked for. Judging those took as long as joining them with their refunds: some twenty comparisons of texts and a sum with an interval
-- each. The rules are those of 0026 and 0039.
create or replace function yuanlu.line_is_news(state text, state_reason text, acceptance boolean) returns boolean
language sql immutable parallel safe
return state <> 'succeeded' and state not in ('settled', 'returned') and not (acceptance and state = 'processing')
   and not yuanlu.taken_and_closed(state, state_reason, acceptance);

create or replace function yuanlu.line_denies(state text, status text) returns boolean
language sql immutable parallel safe
return status is not null and state in ('succeeded', 'settled') and yuanlu.line_says_closed(status);

-- A tolerance is never negative: what is dated after the request needs no sum.
create or replace function yuanlu.line_conflicts(state text, state_reason text, acceptance boolean, occurred_at timestamptz,
                                                 requested_at timestamptz, tolerance interval, status text) returns boolean
language sql stable parallel safe
return occurred_at < requested_at and occurred_at < requested_at - tolerance
    or not (status is null and state in ('succeeded', 'processing'))
       and (state in ('requested', 'failed')
            and not (yuanlu.taken_and_closed(state, state_reason, acceptance) and status is distinct from 'SUCCESS')
            and not (state = 'failed' and coalesce(state_reason, 'closed') = 'closed' and yuanlu.line_says_closed(status))
         or state = 'needs_action' and state_reason is not distinct from 'abnormal' and (not acceptance or status is not distinct from 'SUCCESS')
         or yuanlu.line_denies(state, status));
