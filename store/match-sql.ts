/**
 * The SQL of matching, as sets. Utility statements take no parameters, so the few values (ids, dates, numbers of our
 * own) are written in as literals; no text from a statement or a caller ever is.
 *
 * Tables of one run, temporary but for the second on a file's first run:
 *   m_odd     the lines of this file that need a look
 *   agreed    the lines of this file that simply agree with the refund of their number: nearly all of them
 *   m_claim   every other line that names a refund, by our number (pass 1) or the channel's (pass 2), or by two people (passes 8 and 9)
 *   m_loose   a line that names none
 *   m_other   lines of other files that have to be judged again together with this file's
 *   m_break   the judgement: something is left over
 *   m_denied  the lines that name a refund and contradict it, with the numbers that differ; they hold it until they are judged
 */
import { CONFLICT, DENIED, NEWS } from './match-contradictions.ts';
import { IN_GROUP, forceClaims, forceOtherClaims, groupClaims, groupOtherClaims } from './match-by-people.ts';
import type { Literals } from './match-scope.ts';
import { LINE_PLACE } from './match-scope.ts';

/**
 * Small batches stay in the cache; looking a few lines up goes through the index; compiling takes longer than running; a
 * sample of some thousand rows says enough about a table of one run.
 */
export const PLANNER_SETTINGS = `
  set local work_mem = '32MB';
  set local random_page_cost = 1.1;
  set local jit = off;
  set local default_statistics_target = 20`;

/**
 * A table as target allows a parallel plan, which only zero costs make the one big join take. Under some thousand rows a second
 * process is started for longer than it works.
 */
export const PARALLEL_ON = `
  set local parallel_tuple_cost = 0;
  set local parallel_setup_cost = 0;
  set local min_parallel_table_scan_size = '1MB';
  set local max_parallel_workers_per_gather = 1`;

/** Everything after the big join is small: workers, costing nothing by the settings above, would be started per row. */
export const PARALLEL_OFF = 'set local max_parallel_workers_per_gather = 0';

/** The last three are only looked at to put in order lines that print the same otherwise. */
const LINE_TEXT =
  'l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no, l.status, l.payer_minor, l.fee_e5, l.funding';

/** This file's refund lines, read from its own leaf. */
function ownLines(s: Literals): string {
  return `(select ctid as place, * from yuanlu.statement_lines
            where account_id = ${s.account} and bill_date = ${s.date} and file_id = ${s.file} and line_type = 'refund')`;
}

/** They with the refund that our number names: pass (a). */
function ownClaims(s: Literals): string {
  return `yuanlu.line_claims(${s.file}, ${s.account}, ${s.date}, ${String(s.acceptance)}, ${String(s.withinPayment)}, ${s.tolerance})`;
}

/**
 * The few lines that the judgement needs the texts of, this file's and the others': `places` selects the places of this
 * file's. Its table has no index, and it does not change while this transaction reads it: a place leads straight to a line.
 */
export function judgedLines(s: Literals, places: string): string {
  return `(select ${LINE_PLACE}, ${LINE_TEXT} from ${ownLines(s)} l where l.place = any (array(${places}))
           union all select * from m_other)`;
}

/** Every line that names a refund, whether or not it needs a look; after the judgement without those that prove nothing. */
export function claims(s: Literals): string {
  return `(select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, agrees from m_claim
           union all
           select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees from ${s.agreed})`;
}

function claimSelect(
  s: Literals,
  source: string,
  column: 'refund_no' | 'channel_refund_no',
  pass: 1 | 2,
  place: string,
): string {
  return `
    select ${LINE_PLACE}, r.id as refund_id, ${String(pass)}::smallint as pass,
           r.amount_minor = l.amount_minor and r.currency = l.currency as agrees,
           ${CONFLICT(s)} as conflict, ${NEWS(s)} as news, ${DENIED} as denied, ${place}
      from ${source} l
      join yuanlu.refund_book r on r.account_id = ${s.account} and r.${column} = l.${column}
       and ${pass === 1 ? s.samePayment : 'true'}`;
}

/**
 * Pass (a) for the whole file; answers how many lines there are. On its first run the table of matches is made of it, by
 * the owner of the tables; a later run compares a table of its own with what is there.
 */
export function claimLines(s: Literals): string {
  if (s.first) {
    return `select yuanlu.claim_match_table(${s.file}, ${s.account}, ${s.date}, ${String(s.acceptance)},
                                            ${String(s.withinPayment)}, ${s.tolerance}) as lines`;
  }
  return `
    create temp table m_agreed on commit drop as
      select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date,
             (case when refund_id is null or not agrees or conflict or news or denied then 0 else 1 end)::smallint as pass,
             agrees as amount_agrees
        from ${ownClaims(s)}`;
}

/**
 * Takes out of the lines that agree what needs a look after all: what does not simply agree, refunds that two lines claim, and
 * lines that a person was asked about before.
 */
export function takeOdd(s: Literals): string[] {
  const asked = `or line_no in (select b.line_no from yuanlu.breaks b
                                 where b.file_id = ${s.file} and b.status = 'open' and ${ABOUT_CLAIMS})`;
  const forced = `or line_no in (select f.line_no from yuanlu.forced_matches f
                                  where f.file_id = ${s.file} and f.ended_at is null)
           or line_no in (select g.line_no from yuanlu.match_group_lines g
                           where g.file_id = ${s.file} and g.ended_at is null)`;
  return [
    `create temp table m_odd on commit drop as
       select line_no, ctid as claim from ${s.agreed}
        where pass = 0
           or refund_id in (select refund_id from ${s.agreed} where refund_id is not null
                             group by refund_id having count(*) > 1)
           ${forced} ${s.first ? '' : asked}`,
    `create temp table m_claim on commit drop as ${oddClaims(s, 'm_odd')}`,
    forceClaims(s),
    groupClaims(s),
    `delete from ${s.agreed} where ctid = any (array(select claim from m_odd))`,
    s.first
      ? `select yuanlu.seal_match_table(${s.file}, ${s.account}, ${s.date})`
      : `create unique index on ${s.agreed} (refund_id); analyze ${s.agreed} (refund_id)`,
  ];
}

/** Lines by their numbers, with all that is known of them. */
function oddClaims(s: Literals, numbers: string): string {
  return `
    select ${LINE_PLACE}, l.refund_id, 1::smallint as pass, l.agrees, l.conflict, l.news, l.denied, l.place, ${LINE_TEXT}
      from ${ownClaims(s)} l
     where l.place = any (array(select o.place from ${ownLines(s)} o where o.line_no in (select line_no from ${numbers})))`;
}

/** Lines that agreed, and whose refund another line claims: by the channel's number, or in another file. */
export function findRivals(s: Literals): string {
  return `
    create temp table m_rival on commit drop as
      select line_no, ctid as claim from ${s.agreed} where refund_id in (select refund_id from m_claim)`;
}

export function takeRivals(s: Literals): string[] {
  return [
    `insert into m_claim ${oddClaims(s, 'm_rival')}`,
    `delete from ${s.agreed} where ctid = any (array(select claim from m_rival))`,
  ];
}

/** What pass (a) leaves, and pass (b). A channel number that is not unique in the books names nothing. */
export function looseLines(s: Literals): string[] {
  return [
    `create temp table m_loose on commit drop as
       select ${LINE_PLACE}, ${LINE_TEXT}, l.place from m_claim l where refund_id is null`,
    'analyze m_loose',
    'delete from m_claim where refund_id is null',
    'analyze m_claim (refund_id, agrees, conflict, news, denied)',
    ...channelNumberClaims(s),
    `create temp table m_other on commit drop as select ${LINE_PLACE}, ${LINE_TEXT} from m_loose l where false`,
  ];
}

/** Loose lines are those without a claim: one that gets its claim here is loose no more. */
function channelNumberClaims(s: Literals): string[] {
  return [
    `with claimed as (
       insert into m_claim ${claimSelect(s, 'm_loose', 'channel_refund_no', 2, 'l.place')}
        where not exists (select from yuanlu.refund_book twin where twin.account_id = ${s.account}
                           and twin.channel_refund_no = r.channel_refund_no and twin.id <> r.id)
       returning file_id, line_no)
     delete from m_loose l using claimed c where c.file_id = l.file_id and c.line_no = l.line_no`,
  ];
}

/** Breaks about corrections are opened beside matching (match-adjustments.ts), which leaves them alone. */
export const ABOUT_CLAIMS = `(b.dedupe_key not like 'adjustment/%' and b.dedupe_key not like 'flow/%')`;

/**
 * Lines of other live files whose judgement may change with this file: those that hold or claim a refund this file
 * claims, that name the same number as one of its loose lines, or that could fit the same refund by amount. The
 * judgement of all of them together does not depend on which file came first. Also what a superseded delivery of
 * this day held is free again.
 */
export function findOthers(s: Literals, range: { readonly low: string; readonly high: string }): string {
  return `
    with line_break as (
      select b.* from yuanlu.breaks b join yuanlu.statement_files f on f.id = b.file_id
       where b.account_id = ${s.account} and b.status = 'open' and b.file_id <> ${s.file} and f.status = 'loaded'
         and ${ABOUT_CLAIMS}),
    freed as (
      select m.refund_id from yuanlu.matches m
       where m.account_id = ${s.account} and m.bill_date = ${s.date} and m.file_id = any (${s.superseded})
      union select b.refund_id from yuanlu.breaks b where b.file_id = any (${s.superseded}) and b.refund_id is not null
      union select x.refund_id from yuanlu.match_group_refunds x join yuanlu.match_groups g on g.id = x.group_id
             where g.account_id = ${s.account} and g.ended_at = ${s.now}),
    freed_line as (
      select b.refund_no, b.channel_refund_no, b.transaction_id, b.amount_minor from yuanlu.breaks b
       where b.file_id = any (${s.superseded})),
    held as (
      select m.file_id, m.bill_date, m.line_no, m.refund_id, m.pass from yuanlu.live_matches m
       where m.account_id = ${s.account} and m.file_id <> ${s.file}
         and m.refund_id between ${range.low} and ${range.high}
         and exists (select from ${claims(s)} c where c.refund_id = m.refund_id)),
    amount_key as (
      select transaction_id, amount_minor from m_loose where transaction_id is not null
      union select transaction_id, amount_minor from freed_line where transaction_id is not null
      union select r.transaction_id, r.amount_minor from yuanlu.refund_book r
             where r.id in (select refund_id from held where pass = 3 union all select refund_id from freed)
               and r.transaction_id is not null),
    by_amount as (
      select m.file_id, m.bill_date, m.line_no from amount_key k
        join yuanlu.refund_book r on r.account_id = ${s.account} and r.transaction_id = k.transaction_id
                                 and r.amount_minor = k.amount_minor
        join yuanlu.live_matches m on m.account_id = ${s.account} and m.refund_id = r.id
       where m.pass = 3 and m.file_id <> ${s.file}),
    let_go as materialized (${letGo(s)}),
    found as (
      select file_id, bill_date, line_no from held
      -- A match of several that lapsed with this delivery leaves its other lines to nobody.
      union select l.file_id, l.bill_date, l.line_no from yuanlu.match_group_lines l
              join yuanlu.match_groups g on g.id = l.group_id and g.account_id = ${s.account} and g.ended_at = ${s.now}
              join yuanlu.statement_files f on f.id = l.file_id and f.status = 'loaded'
             where l.file_id <> ${s.file}
      union select file_id, bill_date, line_no from by_amount
      union select file_id, bill_date, line_no from line_break where kind = 'ambiguous'
      union select b.file_id, b.bill_date, b.line_no from line_break b
             where exists (select from ${claims(s)} c where c.refund_id = b.refund_id)
      union select b.file_id, b.bill_date, b.line_no from line_break b
             where b.refund_id in (select refund_id from freed)
      union select g.file_id, g.bill_date, g.line_no from let_go g
             where exists (select from ${claims(s)} c where c.refund_id = g.refund_id)
      union select g.file_id, g.bill_date, g.line_no from let_go g where g.refund_id in (select refund_id from freed)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join (select channel_refund_no from m_loose union select channel_refund_no from freed_line) n
                using (channel_refund_no)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join (select refund_no from m_loose union select refund_no from freed_line) n using (refund_no)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join amount_key k using (transaction_id, amount_minor) where b.kind <> 'ambiguous'
      -- A line that contradicts the refund of its number holds it, whatever payment and amount it prints itself.
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join yuanlu.refund_book r on r.id = b.refund_id
              join amount_key k on k.transaction_id = r.transaction_id and k.amount_minor = r.amount_minor)
    select file_id, bill_date, array_agg(line_no) as line_nos from found
     where not exists (select from m_other o where o.file_id = found.file_id and o.line_no = found.line_no)
       and not exists (${IN_GROUP('found')} and not g.first)
     group by file_id, bill_date order by file_id`;
}

/** Lines that were let go since their number was thought to be that of another payment's refund, with the refund that has it. */
function letGo(s: Literals): string {
  return `
      select b.file_id, b.bill_date, b.line_no, r.id as refund_id from line_break b
        join yuanlu.refund_book r on r.account_id = ${s.account} and r.refund_no = b.refund_no
       where ${String(s.withinPayment)} and b.refund_id is null and r.transaction_id is null`;
}

/** Takes lines of one other file into the judgement: their numbers are looked up again like this file's. */
export function takeOther(
  s: Literals,
  other: { readonly fileId: string; readonly billDate: string },
  lineNos: string,
): string {
  return `
    insert into m_other select ${LINE_PLACE}, ${LINE_TEXT} from yuanlu.statement_lines l
     where l.account_id = ${s.account} and l.bill_date = '${other.billDate}' and l.file_id = ${other.fileId}
       and l.line_no in (${lineNos})`;
}

/** The lowest and the highest refund that a line claims. */
export function claimedRange(s: Literals): string {
  return `
    select coalesce(min(low), 0) as low, coalesce(max(high), -1) as high
      from (select min(refund_id) as low, max(refund_id) as high from m_claim
            union all select min(refund_id), max(refund_id) from ${s.agreed}) ranges`;
}

/** Claims of the other files' lines, for those that have none yet. */
export function otherClaims(s: Literals): string[] {
  const known = `exists (select from m_claim c where c.file_id = l.file_id and c.line_no = l.line_no)`;
  return [
    forceOtherClaims(s),
    groupOtherClaims(s),
    `insert into m_claim ${claimSelect(s, 'm_other', 'refund_no', 1, 'null::tid')} where not ${known}`,
    `insert into m_loose select l.*, null::tid from m_other l where not ${known}
       and not exists (select from m_loose o where o.file_id = l.file_id and o.line_no = l.line_no)`,
    ...channelNumberClaims(s),
  ];
}
