-- A merchant's account may have several fund accounts at the channel, each with a fund-flow statement of its own: each is a kind, so
-- that one live version per account, kind and day holds for them as it is.

alter table yuanlu.statement_files drop constraint statement_files_kind_check;
alter table yuanlu.statement_files add constraint statement_files_kind_check
  check (kind in ('trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees'));
alter table yuanlu.statement_splits drop constraint statement_splits_kind_check;
alter table yuanlu.statement_splits add constraint statement_splits_kind_check
  check (kind in ('trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees'));

-- A file says nowhere which fund account it is of; the same bytes twice would be the same money twice (those of days without
-- a movement are all alike).
create unique index statement_files_of_one_fund_account on yuanlu.statement_files (account_id, bill_date, sha256)
  where status = 'loaded' and kind <> 'trade' and lines > 0;
