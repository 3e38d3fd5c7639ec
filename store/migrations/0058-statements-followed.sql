-- A statement is done with once what follows from its being there was looked at as well: what is missing, what left the account, what a
-- rule ends. A worker may die between the match's commit and that; without this mark nobody looked again. What was matched before is
-- taken as followed.
alter table yuanlu.statement_files add column followed_at timestamptz;
update yuanlu.statement_files set followed_at = matched_at where status in ('loaded', 'superseded');
