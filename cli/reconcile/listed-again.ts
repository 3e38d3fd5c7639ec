/**
 * Rows of the list that have one number. A number can be one refund only; where it names a refund within its payment, rows
 * of several payments are several refunds, also where the list does not say the payments and the statement does.
 */
import type { Pool, Tx } from '../../store/pool.ts';
import { inTransaction } from '../../store/pool.ts';
import { ACCOUNT } from './listed-table.ts';

/** Numbers that several rows have, and those of the statements' trades with such a number that no row names. */
const TWICE = `
  create temp table l_twice on commit drop as
    select refund_no from reconcile.listed group by refund_no having count(*) > 1;
  create temp table l_trade on commit drop as
    select distinct on (l.refund_no, l.transaction_id) l.refund_no, l.transaction_id, l.payment_no, l.amount_minor, l.currency
      from yuanlu.statement_lines l join l_twice using (refund_no)
     where l.account_id = '${ACCOUNT}' and l.line_type = 'refund' and l.transaction_id is not null
       and not exists (select from reconcile.listed r
                        where r.refund_no = l.refund_no and r.transaction_id = l.transaction_id)
     order by l.refund_no, l.transaction_id, l.occurred_at, l.amount_minor, l.currency, l.payment_no`;

/** Rows that name no trade and have none yet, and trades that no row has. */
const FREE_ROW = `
  select r.list_line, r.refund_no, r.amount_minor, r.currency, r.requested_at from reconcile.listed r
    join l_twice using (refund_no) where r.transaction_id is null and r.payment_no is null and r.trade is null`;
const FREE_TRADE = `
  select t.* from l_trade t
   where not exists (select from reconcile.listed r where r.refund_no = t.refund_no and r.trade = t.transaction_id)`;

/** The first row takes the first trade, the second the second; which is which does not matter among equals. */
const pairedBy = (equal: string): string => `
  update reconcile.listed r set trade = pair.transaction_id from (
    select f.list_line, t.transaction_id
      from (select *, row_number() over (partition by ${equal}
                                         order by amount_minor, currency, requested_at, list_line) as nth from (${FREE_ROW}) f) f
      join (select *, row_number() over (partition by ${equal}
                                         order by amount_minor, currency, transaction_id) as nth from (${FREE_TRADE}) t) t
     using (${equal}, nth)) pair
   where pair.list_line = r.list_line`;

/** Which trade of the statement each row is about, by the payment's number, by the amount, and by what is left over. */
const FIND_TRADES = [
  TWICE,
  `update reconcile.listed r set trade = t.transaction_id from l_trade t
    where t.refund_no = r.refund_no and t.payment_no = r.payment_no and r.transaction_id is null`,
  pairedBy('refund_no, amount_minor, currency'),
  pairedBy('refund_no'),
];

/** The payment that a row is known to be about. */
const PAYMENT = `coalesce(r.transaction_id, r.trade, 'payment ' || r.payment_no)`;

/**
 * Rows that have the number of another refund by a slip: that number is on a line, and the channel's number, which no other row has, leads
 * to another line, whose own number no row has.
 */
const SLIPS = `
  select r.list_line from reconcile.listed r
    join twice using (refund_no)
    join yuanlu.statement_lines l
      on l.account_id = '${ACCOUNT}' and l.line_type = 'refund' and l.channel_refund_no = r.channel_refund_no
   where l.refund_no <> r.refund_no
     and not exists (select from reconcile.listed named where named.refund_no = l.refund_no)
     and exists (select from yuanlu.statement_lines own
                  where own.account_id = '${ACCOUNT}' and own.line_type = 'refund' and own.refund_no = r.refund_no)
     and not exists (select from reconcile.listed other
                      where other.channel_refund_no = r.channel_refund_no and other.list_line <> r.list_line)`;

/** Where a number names a refund within its payment, rows that have one number are no slip. */
const NO_SLIPS = 'select list_line from reconcile.listed where false';

/** Rows that a line of the statement agrees with. */
const AGREEING = `
  select r.list_line from reconcile.listed r
    join twice using (refund_no)
    join yuanlu.statement_lines l
      on l.account_id = '${ACCOUNT}' and l.line_type = 'refund' and l.refund_no = r.refund_no
     and l.amount_minor = r.amount_minor and l.currency = r.currency
     and coalesce(l.channel_refund_no = r.channel_refund_no, true)
     and coalesce(l.transaction_id = coalesce(r.transaction_id, r.trade), coalesce(r.transaction_id, r.trade) is null)`;

/**
 * Of several rows of one refund, the one that a line of the statement agrees with stands for all, else the first by its
 * content; so the order of the list decides nothing. A row whose payment nobody knows is taken for the first. One that only has the
 * number by a slip stands for itself, and finds its line by the channel's number.
 */
const markListedAgainSql = (within: 'payment' | undefined): string => `
  with twice as (select refund_no from reconcile.listed group by refund_no having count(*) > 1),
  slipped as (${within === 'payment' ? NO_SLIPS : SLIPS}),
  agreeing as (${AGREEING}),
  of_payment as (
    select r.list_line, r.refund_no, r.amount_minor, r.currency, r.requested_at, r.channel_refund_no, r.transaction_id,
           r.payment_no, r.source, r.state, r.list_line in (select list_line from slipped) as slip, ${within === 'payment' ? PAYMENT : 'null'} as payment,
           r.list_line in (select list_line from agreeing) as agrees
      from reconcile.listed r join twice using (refund_no)),
  named as (
    select o.*, coalesce(payment, first_value(payment) over (
             partition by refund_no order by slip, payment is null, agrees desc, requested_at, amount_minor, payment)) as one_of
      from of_payment o),
  ranked as (
    select list_line, slip, row_number() over best as nth, first_value(list_line) over best as first_line
      from named
    window best as (partition by refund_no, one_of
      order by slip, (payment is null and one_of is not null), agrees desc, requested_at, amount_minor, currency,
               channel_refund_no, transaction_id, payment_no, source, state, list_line))
  update reconcile.listed r set misnamed = ranked.slip, same_as = case when not ranked.slip then ranked.first_line end
    from ranked
   where ranked.nth > 1 and ranked.list_line = r.list_line`;

/**
 * Chooses one row for each refund. Wants the lines of all statements to be there.
 * @param within what a number names a refund in, where that is not the account
 */
export async function markListedAgain(owner: Pool, within: 'payment' | undefined): Promise<void> {
  await inTransaction(owner, async (tx: Tx) => {
    if (within === 'payment') await tx.query(FIND_TRADES.join(';\n'));
    await tx.query(markListedAgainSql(within));
  });
}
