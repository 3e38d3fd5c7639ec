-- A window may be that of the bank which issued the card.

alter table yuanlu.refunds drop constraint refunds_window_basis_check;
alter table yuanlu.refunds add constraint refunds_window_basis_check
  check (window_basis in ('estimate', 'bank', 'source', 'channel_default')) not valid;
alter table yuanlu.arrival_plans drop constraint arrival_plans_basis_check;
alter table yuanlu.arrival_plans add constraint arrival_plans_basis_check
  check (basis in ('estimate', 'bank', 'source', 'channel_default')) not valid;
