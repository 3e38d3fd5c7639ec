/** What is left over in the end, why, and which of it somebody has to look into. */
import { ENDED_FOR_GOOD } from './breaks.ts';
import { daysAround, GROUPS, groupOf } from './flow-cross-sql.ts';
import type { FlowLiterals } from './flow-scope.ts';
import { JUDGED_DAYS, kindArray, SEEN_DAYS } from './flow-scope.ts';
import { TOGETHER } from './match-by-people.ts';
import type { Tx } from './pool.ts';
import { runAll } from './pool.ts';

/** The other side of a day is had for certain once its statements of the next day are there: by then it would have been booked. */
const NEXT_DAY_IS_THERE = (s: FlowLiterals, kinds: string): string => `
  t.bill_date + 1 = any (array(
    select f.bill_date from yuanlu.statement_files f
     where f.account_id = ${s.account} and f.kind = any (${kinds}) and ${daysAround(s, 'f.bill_date', SEEN_DAYS)}
       and f.status in ('loaded', 'empty')
     group by f.bill_date having count(distinct f.kind) = cardinality(${kinds})))`;
const TRADE = kindArray(['trade']);

/** The lines that nothing was found for. */
const OPEN_LINES = `
  create temp table g_open on commit drop as
    select l.* from g_line l
     where not exists (select from g_pair p where p.trade_file_id = l.file_id and p.trade_line_no = l.line_no and p.role = l.role)`;

/** Movements that stand alone and are nearly the sum of the open lines: one difference, and not one for each line. */
function near(both: boolean): string[] {
  const groups = ([2, 1] as const).flatMap((role) =>
    GROUPS.slice(0, 2).map(
      (group) =>
        `select file_id, line_no, ${String(role)}::smallint as role, l_file, l_line, lines, legs, all_kept from (${groupOf(group, role)}) g`,
    ),
  );
  const table = `create temp table g_near on commit drop as ${groups.join(' union all ')}`;
  return both ? [table, 'analyze g_near'] : [`${table} with no data`];
}

function findings(s: FlowLiterals): string {
  const judged = `t.account_id = ${s.account} and ${daysAround(s, 't.bill_date', JUDGED_DAYS)}`;
  return `
    create temp table g_finding on commit drop as
      select t.file_id, t.line_no, t.bill_date, t.role, null::bigint as refund_id,
             case when exists (select from g_pair p where p.trade_file_id = t.file_id and p.trade_line_no = t.line_no
                                 and p.role = t.role) then 'matched'
                  when t.role = 2 and exists (select from g_pair p where p.trade_file_id = t.file_id
                                                 and p.trade_line_no = t.line_no and p.role = 1 and p.explained <> 0) then 'matched'
                  when t.minor = 0 then 'explained'
                  when not ${NEXT_DAY_IS_THERE(s, s.flowKinds)} then 'waiting'
                  when t.role = 1 then 'missing_in_fund_flow' else 'fee_differs' end as finding
        from yuanlu.movement_leftovers t where ${judged} and t.side = 'line'
      union all
      select t.file_id, t.line_no, t.bill_date, t.role, m.refund_id,
             case when t.role = 3 then case when r.id is null then 'missing_in_books'
                                            when r.state in ('failed', 'returned') then 'explained'
                                            when r.state in ('succeeded', 'settled') then 'returned' else 'waiting' end
                  when t.role = 4 then case when r.id is null then 'missing_in_books' else 'explained' end
                  when exists (select from g_pair p where p.file_id = t.file_id and p.line_no = t.line_no) then 'matched'
                  when not ${NEXT_DAY_IS_THERE(s, TRADE)} then 'waiting'
                  when exists (select from g_near n where n.file_id = t.file_id and n.line_no = t.line_no)
                    then case t.role when 1 then 'amount_differs' else 'fee_differs' end
                  when m.refund_id is null and exists (select from g_open l
                         where l.role = t.role and l.currency = t.currency and l.transaction_id = t.transaction_id)
                    then 'ambiguous'
                  when m.refund_id is null and coalesce(t.transaction_id, t.payment_no, t.channel_refund_no) is null
                       and exists (select from g_open l
                         where l.role = t.role and l.currency = t.currency and l.bill_date = t.bill_date)
                    then 'ambiguous'
                  when t.role = 2 then 'fee_differs'
                  when m.refund_id is null then 'missing_in_books' else 'missing_in_trade' end
        from yuanlu.movement_leftovers t
        join g_move m on m.file_id = t.file_id and m.line_no = t.line_no and m.role = t.role
        left join yuanlu.refund_book r on r.id = m.refund_id
       where ${judged} and t.side = 'movement'`;
}

/** Of the movements without a line, those of a refund that a line of another movement shows: it left the account twice. */
function shownOnce(s: FlowLiterals): string {
  return `
    update g_finding f set finding = 'duplicate_line'
     where f.finding = 'missing_in_trade'
       and f.refund_id in (select k.refund_id from yuanlu.live_matches k
                            where k.account_id = ${s.account} and ${daysAround(s, 'k.bill_date', SEEN_DAYS)}
                              and k.refund_id = any (array(select m.refund_id from g_finding m where m.finding = 'missing_in_trade')))`;
}

/**
 * Of what is missing, that of which the channel has said that a fund account pays it whose statements are not fetched: no
 * movement of it can be seen.
 */
function notFetched(s: FlowLiterals): string {
  return `
    update g_finding f set finding = 'account_not_fetched'
      from yuanlu.movement_leftovers t
      join yuanlu.matches k on k.account_id = ${s.account} and k.file_id = t.file_id and k.line_no = t.line_no
     where f.finding = 'missing_in_fund_flow' and t.file_id = f.file_id and t.line_no = f.line_no and t.role = f.role
       and k.bill_date = any (array(select distinct n.bill_date from yuanlu.movement_leftovers n join g_finding m using (file_id, line_no, role)
                                     where m.finding = 'missing_in_fund_flow'))
       and k.file_id = any (array(select distinct m.file_id from g_finding m where m.finding = 'missing_in_fund_flow'))
       and exists (select from yuanlu.observations o
                    where o.refund_id = k.refund_id and 'fund_flow_' || (o.body ->> 'fundAccount') <> all (${s.flowKinds}))`;
}

const ASIDE = `('matched', 'waiting', 'explained', 'account_not_fetched')`;

/** Every leftover that is a difference by now, one row each; `of_file` and `of_line` are the line of the trade statement, if any. */
function differences(): string {
  return `
    create temp table g_break on commit drop as
      select format('flow/%s/f%s/%s/%s', f.finding, f.file_id, f.line_no, f.role) as dedupe_key, f.finding as kind,
             f.file_id, f.line_no, t.bill_date, f.role, f.refund_id,
             case t.side when 'line' then f.file_id end as of_file, f.line_no as of_line, t.bill_date as of_date,
             case when t.side = 'line' and f.role = 2 then 0 else t.minor end as amount_minor,
             case when t.side = 'line' and f.role = 2 then t.minor else n.legs::bigint end as expected_minor,
             t.currency, t.occurred_at, t.refund_no, t.channel_refund_no, t.transaction_id,
             case when n.lines is null then '{}'::jsonb
                  else jsonb_build_object('lines', n.lines, 'fees_kept_minor', n.all_kept::text) end as detail
        from g_finding f
        join yuanlu.movement_leftovers t using (file_id, line_no, role)
        left join (select distinct file_id, line_no, role, lines, legs, all_kept from g_near) n using (file_id, line_no, role)
       where f.finding not in ${ASIDE}
         -- The fee of a refund that the trade statement does not show is no second difference, whichever file of the day has it.
         and not (t.side = 'movement' and f.role = 2
                    and exists (select from g_finding s where s.bill_date = f.bill_date and s.refund_id = f.refund_id
                                   and s.role = 1 and s.finding = 'missing_in_trade'))
         and not (t.side = 'line' and exists (select from g_near n where n.l_file = f.file_id and n.l_line = f.line_no
                    and n.role = f.role
                    and exists (select from g_finding b where b.file_id = n.file_id and b.line_no = n.line_no and b.role = n.role
                                  and b.finding not in ${ASIDE})))`;
}

/** The movements that were given to a line and are worth something else. */
function worthElse(s: FlowLiterals): string {
  return `
    select t.*, case t.role when 1 then 'amount_differs' else 'fee_differs' end as kind
      from yuanlu.movement_shares t
     where t.account_id = ${s.account} and ${daysAround(s, 't.bill_date', JUDGED_DAYS)}
       and t.minor <> t.leg_minor - t.explained_minor
       -- A line that differs from the books is one difference, whatever movement it is compared with: its fee
       -- follows from its amount.
       and not (exists (select from yuanlu.breaks b
                  where b.file_id = t.trade_file_id and b.line_no = t.trade_line_no and b.kind = 'amount_differs'
                    and b.dedupe_key not like 'flow/%'
                    and (b.status = 'open' or b.closed_reason in ('resolved', 'written_off')
                         or b.closed_reason = 'resolved_by_rule'
                            and yuanlu.break_stake(b.kind, b.amount_minor, b.expected_minor)
                                >= abs(t.minor - t.leg_minor + t.explained_minor))))`;
}

/** They as differences, beside those of the leftovers. */
function sharedDifferences(s: FlowLiterals): string {
  return `
    insert into g_break (dedupe_key, kind, file_id, line_no, bill_date, role, refund_id, of_file, of_line, of_date, amount_minor,
                         expected_minor, currency, occurred_at, refund_no, channel_refund_no, transaction_id, detail)
      select format('flow/%s/f%s/%s/%s', d.kind, d.file_id, d.line_no, d.role), d.kind, d.file_id, d.line_no, d.bill_date,
             d.role, null, d.trade_file_id, d.trade_line_no, d.trade_date, d.minor, d.leg_minor, l.currency, l.occurred_at,
             l.refund_no, l.channel_refund_no, l.transaction_id,
             jsonb_build_object('line_of', d.trade_file_id::text, 'line_no', d.trade_line_no)
        from (${worthElse(s)}) d
        join yuanlu.statement_lines l
          on l.account_id = ${s.account} and l.bill_date = d.bill_date and l.file_id = d.file_id and l.line_no = d.line_no`;
}

/** The refunds of the books that the lines are matched to: matches lie in a table for each file, each is read once at most. */
function refundsOfBreaks(s: FlowLiterals): string {
  return `
    update g_break n set refund_id = k.refund_id
      from yuanlu.matches k
     where n.refund_id is null and k.account_id = ${s.account} and k.file_id = n.of_file and k.line_no = n.of_line
       and k.pass <> ${String(TOGETHER)}
       and k.bill_date = any (array(select distinct of_date from g_break where of_file is not null))
       and k.file_id = any (array(select distinct of_file from g_break where of_file is not null))`;
}

/** Ends what is a difference no longer. */
function closeBreaks(s: FlowLiterals): string {
  const open = `b.account_id = ${s.account} and b.status = 'open' and b.dedupe_key like 'flow/%'
        and ${daysAround(s, 'b.bill_date', JUDGED_DAYS)}`;
  return `
    update yuanlu.breaks b
        set status = 'closed', closed_at = ${s.now},
            closed_reason = case when e.found is not null then 'movement_found'
                                 when f.status = 'superseded' then 'superseded' else 'compared_again' end,
            closing_evidence = coalesce(e.found, jsonb_build_object('file_id', b.file_id::text))
       from yuanlu.breaks o
       join yuanlu.statement_files f on f.id = o.file_id
       left join g_found e on e.file_id = o.file_id and e.line_no = o.line_no and o.dedupe_key like '%/' || e.role
      where o.id = b.id and ${open} and not exists (select from g_break n where n.dedupe_key = b.dedupe_key)`;
}

/** Opens what is a difference, and says of what is open what it is worth by now. */
function openBreaks(s: FlowLiterals): string {
  return `
    insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no,
       channel_refund_no, transaction_id, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
     select n.kind, n.dedupe_key, ${s.account}, n.file_id, n.line_no, n.bill_date, n.refund_id,
            coalesce(r.refund_no, n.refund_no), n.channel_refund_no, n.transaction_id, n.amount_minor, n.expected_minor,
            n.currency, n.occurred_at,
            n.detail || jsonb_build_object('three_way', case n.role when 1 then 'refund' when 2 then 'fee' else 'given_back' end),
            ${s.now}
       from g_break n left join yuanlu.refund_book r on r.id = n.refund_id
      -- What was ended for good is not new, unless there is more at stake by now.
      where not exists (select from yuanlu.breaks ended
                         where ended.dedupe_key = n.dedupe_key and ended.closed_reason in ${ENDED_FOR_GOOD}
                           and yuanlu.break_stake(ended.kind, ended.amount_minor, ended.expected_minor)
                               >= yuanlu.break_stake(n.kind, n.amount_minor, n.expected_minor))
      order by n.bill_date, n.file_id, n.line_no, n.role
     on conflict (dedupe_key) where status = 'open'
       do update set amount_minor = excluded.amount_minor, expected_minor = excluded.expected_minor, detail = excluded.detail,
                     refund_id = excluded.refund_id, refund_no = excluded.refund_no
        where (breaks.amount_minor, breaks.expected_minor, breaks.detail, breaks.refund_id, breaks.refund_no)
              is distinct from (excluded.amount_minor, excluded.expected_minor, excluded.detail, excluded.refund_id, excluded.refund_no)`;
}

/** What answers an open difference: for a line its movement, for a movement the first of its lines. */
const FOUND = `
  create temp table g_found on commit drop as
    select p.trade_file_id as file_id, p.trade_line_no as line_no, p.role,
           jsonb_build_object('file_id', p.file_id::text, 'line_no', p.line_no, 'pass', p.pass) as found
      from g_pair p
    union all
    (select distinct on (p.file_id, p.line_no, p.role) p.file_id, p.line_no, p.role,
            jsonb_build_object('file_id', p.trade_file_id::text, 'line_no', p.trade_line_no, 'pass', p.pass)
       from g_pair p order by p.file_id, p.line_no, p.role, p.trade_date, p.trade_file_id, p.trade_line_no)`;

/** What there is to look up in the statements' own tables, of which there is one for each file; nearly always nothing. */
interface ToLookUp {
  /** What was found of the leftovers so far, each once. */
  readonly findings: readonly string[];
  readonly worthElse: boolean;
}

async function toLookUp(tx: Tx, s: FlowLiterals): Promise<ToLookUp> {
  const { rows } = await tx.query<ToLookUp>(
    `select array(select distinct finding from g_finding) as findings, exists (${worthElse(s)}) as "worthElse"`,
  );
  return rows[0] ?? { findings: [], worthElse: false };
}

/**
 * Says of each leftover what became of it; opens what somebody has to look into, and closes what has its answer.
 * @param both whether lines and movements are left: otherwise none can be the other's
 */
export async function judgeLeftovers(tx: Tx, s: FlowLiterals, both: boolean): Promise<void> {
  await runAll(tx, [OPEN_LINES, 'analyze g_open', ...near(both), findings(s), 'analyze g_finding']);
  const look = await toLookUp(tx, s);
  await runAll(tx, [
    ...(look.findings.includes('missing_in_trade') ? [shownOnce(s)] : []),
    ...(look.findings.includes('missing_in_fund_flow') ? [notFetched(s)] : []),
    `update yuanlu.movement_leftovers t set finding = f.finding
       from g_finding f
      where t.file_id = f.file_id and t.line_no = f.line_no and t.role = f.role and t.finding is distinct from f.finding`,
    differences(),
    ...(look.worthElse ? [sharedDifferences(s)] : []),
    'analyze g_break',
  ]);
  const differ = await tx.query('select from g_break limit 1');
  await runAll(tx, [
    FOUND,
    'analyze g_found',
    closeBreaks(s),
    ...(differ.rowCount === 0 ? [] : [refundsOfBreaks(s), openBreaks(s)]),
  ]);
}
