/**
 * The figures and items of a day in one statement, so that all are of one instant. Parameters: $1 account, $2 day, $3 words,
 * $4 directions, $5 roles of movements (as many of each; none where the channel has no fund-flow statement).
 */
import { FUND_FLOW_KINDS, STATEMENT_KINDS } from '../domain/statement/statement.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import { kindArray } from './flow-scope.ts';
import { TOGETHER } from './match-by-people.ts';

const live = (...kinds: readonly StatementKind[]): string => `
  select id from yuanlu.statement_files
   where account_id = $1 and bill_date = $2 and kind = any (${kindArray(kinds)}) and status = 'loaded'`;

const isThere = (kind: StatementKind, day: string): string => `
  exists (select from yuanlu.statement_files
           where account_id = $1 and bill_date = ${day} and kind = '${kind}' and status in ('loaded', 'empty'))`;

/**
 * Refunds without a line in this bill are looked for among those that were asked for in the days before. A line's own refund
 * is had by its match, however long ago that was asked for.
 */
const ASKED_BEFORE_DAYS = 7;

/** A line of the day's refunds is looked for in the bills of so many days around. */
const LINE_DAYS = 31;

/** @param dueSince SQL for the instant from which on a refund `r` has its line, null while it has none */
export function threeWaySql(dueSince: string, dayEndsEarlyMs: number): string {
  const day = `((${dueSince} at time zone interval '08:00') + interval '${String(dayEndsEarlyMs)} milliseconds')::date`;
  return `
  with words as (select * from unnest($3::text[], $4::text[], $5::smallint[]) w (word, direction, role)),
  line as (
    select l.file_id, l.line_no, l.amount_minor, coalesce(l.payer_minor, l.amount_minor) as payer_minor,
           (-round(coalesce(l.fee_e5, 0) / 1000.0))::bigint as fee_minor
      from yuanlu.statement_lines l
     where l.account_id = $1 and l.bill_date = $2 and l.file_id in (${live('trade')}) and l.line_type = 'refund'),
  flow as (select f.id, f.kind from yuanlu.statement_files f where f.id in (${live(...FUND_FLOW_KINDS)})),
  move as (
    select f.kind, w.role, l.amount_minor as minor
      from flow f join yuanlu.statement_lines l on l.file_id = f.id
      join words w on w.word = l.status and w.direction = l.line_type
     where l.account_id = $1 and l.bill_date = $2
       and (w.role <> 4 or l.refund_no is not null or l.channel_refund_no is not null)),
  matched as (
    select l.file_id, l.line_no, l.amount_minor, m.refund_id, m.pass, r.amount_minor as booked_minor,
           coalesce(${day} = $2, false) as of_day
      from line l
      join yuanlu.live_matches m on m.account_id = $1 and m.bill_date = $2 and m.file_id = l.file_id and m.line_no = l.line_no
      join yuanlu.refunds r on r.id = m.refund_id),
  -- Lines of the day that were matched one to many, and what of it stands in another day's bill or was left as it is.
  together as (
    select l.file_id, l.line_no, g.group_id, g.first, l.amount_minor
      from line l
      join yuanlu.match_group_lines g on g.file_id = l.file_id and g.line_no = l.line_no and g.ended_at is null),
  together_off as (
    select t.group_id, sum(t.amount_minor)
             - coalesce((select sum(m.booked_minor) from together f join matched m using (file_id, line_no)
                          where f.group_id = t.group_id and f.first and m.pass = ${String(TOGETHER)}), 0) as minor
      from together t group by t.group_id),
  book as (
    select refund_id as id, booked_minor as amount_minor from matched where of_day
    union
    select r.id, r.amount_minor
      from yuanlu.refunds r
     where r.account_id = $1 and r.merchant_id = (select a.merchant_id from yuanlu.channel_accounts a where a.id = $1)
       and r.requested_at >= ($2::date - ${String(ASKED_BEFORE_DAYS)})::timestamp at time zone interval '08:00'
       and r.requested_at < ($2::date + 2)::timestamp at time zone interval '08:00'
       and (r.state in ('processing', 'succeeded', 'settled', 'returned') or r.accepted_at is not null)
       and ${day} = $2),
  elsewhere as (
    select b.id, b.amount_minor, exists (select from yuanlu.live_matches m
             where m.account_id = $1 and m.refund_id = b.id
               and m.bill_date between $2::date - ${String(LINE_DAYS)} and $2::date + ${String(LINE_DAYS)}) as has_line
      from book b where not exists (select from matched m where m.refund_id = b.id)),
  compared as (
    select exists (select from yuanlu.movement_days
                    where account_id = $1 and bill_date = $2 and trade_files = array(${live('trade')} order by id)
                      and flow_files = array(${live(...FUND_FLOW_KINDS)} order by id)) as is_so),
${ownMovements()}
  share as (
    select role, bill_date, trade_date, minor, leg_minor, explained_minor, minor - leg_minor + explained_minor as off_minor
      from yuanlu.movement_shares where account_id = $1 and (bill_date = $2 or trade_date = $2)),
  leftover as (
    select role, coalesce(finding, 'waiting') as finding, side, case side when 'line' then -minor else minor end as minor
      from yuanlu.movement_leftovers where account_id = $1 and bill_date = $2),
  step as (select * from (values (1::smallint, 'tradeToFundFlow'), (2, 'fees')) s (role, step))
  select 'total' as step, 'books' as kind, true as explained, count(*) as count, coalesce(sum(amount_minor), 0)::bigint as minor from book
  union all select 'total', 'trade', true, count(*), coalesce(sum(amount_minor), 0)::bigint from line
  union all select 'total', 'payer', true, count(*), coalesce(sum(payer_minor), 0)::bigint from line
  union all select 'total', 'fee', true, count(*), coalesce(sum(fee_minor), 0)::bigint from line
  union all select kind, 'move' || role, true, count(*), sum(minor)::bigint from move group by kind, role
  union all select out_kind, 'to_own', true, count(*), sum(minor)::bigint from own group by out_kind
  union all select in_kind, 'from_own', true, count(*), sum(minor)::bigint from own group by in_kind
  union all select 'there', kind, there, 0, 0
              from (values ${STATEMENT_KINDS.map(stateOf).join(', ')}, ('compared', (select is_so from compared))) t (kind, there)
  union all select 'booksToTrade', 'refund_of_other_day', true, count(*), sum(booked_minor)::bigint from matched where not of_day
  union all select 'booksToTrade', 'amount_differs', false, count(*), sum(amount_minor - booked_minor)::bigint
              from matched where amount_minor <> booked_minor and pass <> ${String(TOGETHER)}
  union all select 'booksToTrade', 'matched_together', true, count(*), sum(minor)::bigint from together_off where minor <> 0
  union all select 'booksToTrade', kind, false, count(*), sum(amount_minor)::bigint
              from (select l.amount_minor, coalesce((select min(b.kind) from yuanlu.breaks b where b.status = 'open' and b.file_id = l.file_id
                             and b.line_no = l.line_no and b.dedupe_key not like 'flow/%'), 'missing_in_books') as kind
                      from line l where not exists (select from matched m where m.file_id = l.file_id and m.line_no = l.line_no)
                                  and not exists (select from together t where t.file_id = l.file_id and t.line_no = l.line_no)) u
             group by kind
  union all select 'booksToTrade', 'line_on_other_day', true, count(*), -sum(amount_minor)::bigint from elsewhere where has_line
  union all select 'booksToTrade', case when due then 'missing_at_channel' else 'waiting' end, not due, count(*), -sum(amount_minor)::bigint
              from (select amount_minor, ${isThere('trade', '$2::date')} and ${isThere('trade', '$2::date + 1')} as due
                      from elsewhere where not has_line) m group by due
  union all select 'tradeToFundFlow', 'discount', true, count(*), sum(payer_minor - amount_minor)::bigint
              from line where payer_minor <> amount_minor
  union all select s.step, 'booked_on_other_day', true, count(*), -sum(leg_minor)::bigint
              from share join step s using (role) where trade_date = $2 and bill_date <> $2 group by s.step
  union all select s.step, 'booked_for_other_day', true, count(*), sum(leg_minor)::bigint
              from share join step s using (role) where bill_date = $2 and trade_date <> $2 group by s.step
  union all select s.step, case role when 1 then 'fee_kept' else 'rounding' end, true, count(*), -sum(explained_minor)::bigint
              from share join step s using (role) where bill_date = $2 and explained_minor <> 0 group by s.step, role
  union all select 'fees', 'fee_kept', true, count(*), -sum(explained_minor)::bigint
              from share where role = 1 and trade_date = $2 and explained_minor <> 0
  union all select s.step, case role when 1 then 'amount_differs' else 'fee_differs' end, false, count(*), sum(off_minor)::bigint
              from share join step s using (role) where bill_date = $2 and off_minor <> 0 group by s.step, role
  union all select s.step, finding, finding in ('waiting', 'account_not_fetched'), count(*), sum(minor)::bigint
              from leftover join step s using (role) where finding not in ('matched', 'explained') group by s.step, finding
  union all select 'givenBack', case finding when 'explained' then 'came_back' else finding end, finding in ('explained', 'waiting'),
                   count(*), sum(minor)::bigint
              from leftover where role = 3 group by finding`;
}

const stateOf = (kind: StatementKind): string =>
  `('${kind}', ${isThere(kind, '$2')}), ('${kind}_lines', exists (${live(kind)}))`;

/**
 * Movements between the merchant's own fund accounts: what leaves one and comes to another under one number, with one amount. They
 * are known by that and not by a word, and are looked for only where more than one account has a statement.
 */
function ownMovements(): string {
  const side = (direction: 'in' | 'out'): string => `
    select f.kind, l.transaction_id, l.amount_minor as minor,
           row_number() over (partition by l.transaction_id, l.amount_minor order by f.kind, l.line_no) as nth
      from flow f join yuanlu.statement_lines l on l.file_id = f.id
     where l.account_id = $1 and l.bill_date = $2 and l.line_type = '${direction}' and l.transaction_id is not null
       and l.file_id = any (array(select id from flow where (select count(distinct kind) from flow) > 1))`;
  return `
  own as (
    select o.kind as out_kind, i.kind as in_kind, o.minor
      from (${side('out')}) o
      join (${side('in')}) i on i.transaction_id = o.transaction_id and i.minor = o.minor and i.nth = o.nth and i.kind <> o.kind),`;
}
