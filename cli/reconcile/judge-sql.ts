/**
 * Where everything went, in sets, once all statements are matched:
 *   reconcile.matched   a line and a refund that agree in everything
 *   reconcile.break     a line, a refund, or both, that do not
 *   reconcile.correction  a line that corrects an earlier one, and the refund that it is about; a break that places neither
 *   reconcile.waiting   a refund that need not be in a statement yet, or at all
 */
import { ABOUT_CLAIMS } from '../../store/match-sql.ts';
import { ACCOUNT } from './listed-table.ts';

/**
 * What matching left open about lines. Where line and refund are one thing and differ, the break is about both; a line
 * printed twice, or one that could be several refunds, is about itself only, and so is one whose refund another line is.
 */
export const LINE_BREAKS = `
  create unlogged table reconcile.break as
    select kind, file_id, line_no,
           case when kind in ('amount_differs', 'number_differs', 'state_conflict') and not detail ? 'of_line'
                then refund_id end as list_line,
           refund_id as related, detail
      from yuanlu.breaks b
     where account_id = '${ACCOUNT}' and status = 'open' and file_id is not null and ${ABOUT_CLAIMS}`;

/** What corrections say of listed refunds, wherever these were put. */
export const CORRECTIONS = `
  create unlogged table reconcile.correction as
    select kind, file_id, line_no, refund_id as list_line, null::bigint as related, detail
      from yuanlu.breaks b
     where account_id = '${ACCOUNT}' and status = 'open' and not ${ABOUT_CLAIMS}`;

/** Breaks of both sorts. */
export const ALL_BREAKS = `(
  select kind, file_id, line_no, list_line, related, detail from reconcile.break
  union all select kind, file_id, line_no, list_line, related, detail from reconcile.correction)`;

/** Lines whose match left nothing open. */
export const MATCHED = `
  create view reconcile.matched as
    select m.file_id, m.line_no, m.refund_id as list_line, m.pass
      from yuanlu.live_matches m
     where m.account_id = '${ACCOUNT}'
       and not exists (select from reconcile.break b where b.file_id = m.file_id and b.line_no = m.line_no)`;

/** Refunds that have no line of their own so far, with the channel's day on which each was asked for. */
export const leftOver = (dayEndsEarlyMs: number): string => `
  create unlogged table reconcile.left_over as
    select r.*, ((r.requested_at at time zone interval '08:00') + ${milliseconds(dayEndsEarlyMs)})::date as day,
           null::timestamptz as promise_at, null::timestamptz as alarm_at, null::boolean as window_provisional
      from reconcile.listed r
     where not exists (select from reconcile.matched m where m.list_line = r.list_line)
       and not exists (select from reconcile.break b where b.list_line = r.list_line)`;

/** The second row of a number: the difference is in the list. */
export const listedAgain = (within: 'payment' | undefined): string => `
  insert into reconcile.break
    select 'duplicate_line', null, null, r.list_line, kept.list_line,
           jsonb_build_object('same_content', (kept.amount_minor, kept.currency) = (r.amount_minor, r.currency),
                              'payment_unsaid', ${within === 'payment' ? '(kept.transaction_id is null or r.transaction_id is null)' : 'false'})
      from reconcile.left_over r
      join reconcile.listed kept on kept.list_line = r.same_as`;

/** Refunds that a line could be which could be others as well. */
export const CANDIDATES = `
  insert into reconcile.break
    select 'ambiguous', null, null, r.list_line, null,
           jsonb_build_object('lines', jsonb_agg(jsonb_build_object('file', b.file_id::text, 'line', b.line_no)
                                                 order by b.file_id, b.line_no))
      from reconcile.break b
      join yuanlu.statement_lines l on l.account_id = '${ACCOUNT}' and l.file_id = b.file_id and l.line_no = b.line_no
      cross join lateral jsonb_array_elements_text(b.detail -> 'candidates') as one (refund_no)
      join reconcile.left_over r on r.refund_no = one.refund_no and r.transaction_id = l.transaction_id and r.same_as is null
     where b.kind = 'ambiguous' and b.line_no is not null
     group by r.list_line`;

/**
 * A refund's line may stand in the bill of its day or of the day after; when both days are over, and the promise to the
 * payer has passed, it should be there. \`$1\` is the instant of judgement; the last millisecond of a day counts as its end.
 */
const billsDue = (dayEndsEarlyMs: number): string =>
  `(((r.day + 2)::timestamp at time zone interval '08:00') - ${milliseconds(dayEndsEarlyMs + 1)})`;

export const waiting = (dayEndsEarlyMs: number): string => `
  create unlogged table reconcile.waiting as
    select r.list_line,
           case when r.state = 'failed' then 'failed'
                when r.promise_at > $1::timestamptz then 'inside_window'
                else 'statement_not_made' end as reason
      from reconcile.left_over r
     where not exists (select from reconcile.break b where b.list_line = r.list_line)
       and (coalesce(r.state, '') = 'failed' or r.promise_at > $1 or ${billsDue(dayEndsEarlyMs)} > $1)`;

/** What is left now should be in a statement, and is in none; whether the statements of its days were given is noted. */
export const MISSING = `
  insert into reconcile.break
    select 'missing_at_channel', null, null, r.list_line, null,
           jsonb_build_object('day', r.day, 'day_given', r.day = any ($1::date[]), 'next_given', r.day + 1 = any ($1::date[]))
      from reconcile.left_over r
     where not exists (select from reconcile.break b where b.list_line = r.list_line)
       and not exists (select from reconcile.waiting w where w.list_line = r.list_line)`;

/** Past their promise without evidence. \`succeeded\` and the like are the channel's own word. */
export const OVERDUE = `
  create unlogged table reconcile.overdue as
    select r.list_line, case when r.alarm_at <= $1::timestamptz then 2 else 1 end as level
      from reconcile.left_over r
     where r.promise_at <= $1 and coalesce(r.state, 'processing') in ('requested', 'unknown', 'processing', 'needs_action')
       and (exists (select from reconcile.waiting w where w.list_line = r.list_line)
         or exists (select from reconcile.break b where b.list_line = r.list_line and b.kind = 'missing_at_channel'))`;

/** Counts of one place, of each kind in it, and how often one line or refund was put there. */
export const COUNTS = `
  select 'matched' as place, case pass when 1 then 'refund_no' when 2 then 'channel_refund_no' else 'transaction_amount' end as kind,
         count(*)::int as rows, count(*)::int as lines, count(*)::int as refunds
    from reconcile.matched group by pass
  union all
  select 'break', a.kind, count(*)::int, coalesce(max(p.lines), 0)::int, coalesce(max(p.refunds), 0)::int
    from ${ALL_BREAKS} a
    left join (select kind, count(line_no) as lines, count(list_line) as refunds from reconcile.break group by kind) p
      on p.kind = a.kind
   group by a.kind
  union all
  select 'waiting', reason, count(*)::int, 0, count(*)::int from reconcile.waiting group by reason
  union all
  select 'overdue', level::text, count(*)::int, 0, count(*)::int from reconcile.overdue group by level`;

/**
 * The books of a run balance when the lines and refunds that were put somewhere are those that there are, each once: sums
 * of hashes of them are equal, whatever the order.
 */
export const BALANCE = `
  select (select coalesce(sum(${lineHash('l')}), 0) from yuanlu.statement_lines l
           where l.account_id = '${ACCOUNT}' and l.line_type = 'refund')::text as lines,
         (select coalesce(sum(${lineHash('p')}), 0) from (
            select file_id, line_no from reconcile.matched
            union all select file_id, line_no from reconcile.break where line_no is not null) p)::text as lines_placed,
         (select coalesce(sum(hashint8(list_line)::bigint), 0) from reconcile.listed)::text as refunds,
         (select coalesce(sum(hashint8(list_line)::bigint), 0) from (
            select list_line from reconcile.matched
            union all select list_line from reconcile.break where list_line is not null
            union all select list_line from reconcile.waiting) p)::text as refunds_placed`;

function milliseconds(count: number): string {
  return `interval '${String(count)} milliseconds'`;
}

function lineHash(alias: string): string {
  return `hashint8(${alias}.file_id * 4294967296 + ${alias}.line_no)::bigint`;
}
