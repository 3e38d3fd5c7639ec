-- What a line of a statement proves about a refund is the channel's word, kept with the file: a WeChat row proves that the
-- refund was accepted, an Alipay row that it was done, a UnionPay row that it was cleared.

alter table yuanlu.statement_files
  add column proves text not null default 'acceptance' check (proves in ('acceptance', 'completion', 'clearing'));

-- Files that were loaded before this was kept.
update yuanlu.statement_files f
   set proves = case a.channel when 'alipay' then 'completion' when 'unionpay' then 'clearing' else 'acceptance' end
  from yuanlu.channel_accounts a
 where a.id = f.account_id and a.channel <> 'wechat';

create or replace view yuanlu.matched_line_evidence as
  select m.refund_id, m.amount_minor, f.sha256 as file_sha256, m.line_no, m.bill_date, f.received_at as observed_at, f.proves
    from yuanlu.refunds r
    join yuanlu.matches m on m.account_id = r.account_id and m.refund_id = r.id
    join yuanlu.statement_files f on f.id = m.file_id and f.status = 'loaded';
