-- The question for a refund's matches (0050) is planned once for a connection, as was meant. A plan for the very values of a refund always
-- looked cheaper, being of the few statements that these leave, so each reading was planned anew over all statements that are kept: with
-- two hundred of them 4 ms, where answering takes a quarter of one. Statements of other accounts and months are left out when it runs.
alter function yuanlu.live_matches_of(text, bigint, timestamptz) set plan_cache_mode = 'force_generic_plan';
