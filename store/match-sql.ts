/**
 * The SQL of matching, as sets. Utility statements take no parameters, so the few values (ids, dates, numbers of our
 * own) are written in as literals; no text from a statement or a caller ever is.
 *
 * Temporary tables of one run:
 *   m_claim   a line that names a refund, by our number (pass 1) or the channel's (pass 2)
 *   m_loose   a line that names none
 *   m_other   lines of other files that have to be judged again together with this file's
 *   m_match   the judgement: line and refund belong together
 *   m_break   the judgement: something is left over
 */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import type { Tx } from './pool.ts';

export interface MatchScope {
  readonly fileId: string;
  readonly accountId: string;
  readonly billDate: string;
  /** Deliveries of this day that were superseded: what their lines held is free again. */
  readonly superseded: readonly string[];
  /** What a line of this account's statements proves about a refund. */
  readonly proves: StatementLineSeen['proves'];
  /** What our number names a refund in: the account, or only its payment. */
  readonly numberWithin: 'account' | 'payment';
  /** How far the line's time may be from the refund's for pass 3. */
  readonly windowMs: number;
  /** How much earlier than the request a line may be dated: clocks differ, bill dates are days. */
  readonly toleranceMs: number;
  readonly now: Date;
}

/** The scope as SQL literals. */
export interface Literals {
  readonly file: string;
  readonly account: string;
  readonly date: string;
  readonly superseded: string;
  /** Whether a line proves no more than that the channel took the refund. */
  readonly acceptance: boolean;
  /** Whether another payment may have a refund of the same number. */
  readonly withinPayment: boolean;
  /** What else of line and refund has to agree where they have the same number. */
  readonly samePayment: string;
  readonly window: string;
  readonly tolerance: string;
  readonly now: string;
}

export function literalsOf(tx: Tx, scope: MatchScope): Literals {
  return {
    file: `${BigInt(scope.fileId).toString()}::bigint`,
    account: `${tx.escapeLiteral(scope.accountId)}::text`,
    date: `${tx.escapeLiteral(scope.billDate)}::date`,
    superseded: `array[${scope.superseded.map((id) => BigInt(id).toString()).join(', ')}]::bigint[]`,
    acceptance: scope.proves === 'acceptance',
    withinPayment: scope.numberWithin === 'payment',
    samePayment: scope.numberWithin === 'payment' ? SAME_PAYMENT : 'true',
    window: `interval '${String(scope.windowMs)} milliseconds'`,
    tolerance: `interval '${String(scope.toleranceMs)} milliseconds'`,
    now: `${tx.escapeLiteral(scope.now.toISOString())}::timestamptz`,
  };
}

/** By the channel's number of the payment, else by ours; a refund of which neither is known is taken at its own number. */
const SAME_PAYMENT = `(r.transaction_id = l.transaction_id
       or r.transaction_id is null and coalesce(r.payment_no = l.payment_no, true))`;

/**
 * Small batches stay in the cache; looking a few lines up goes through the index; compiling takes longer than running; a
 * sample of some thousand rows says enough about a table of one run.
 */
export const PLANNER_SETTINGS = `
  set local work_mem = '32MB';
  set local random_page_cost = 1.1;
  set local jit = off;
  set local default_statistics_target = 20`;

/** A table as target allows a parallel plan, which only zero costs make the one big join take. */
export const PARALLEL_ON = `
  set local parallel_tuple_cost = 0;
  set local parallel_setup_cost = 0;
  set local min_parallel_table_scan_size = 0;
  set local max_parallel_workers_per_gather = 1`;

/** Everything after the big join is small: workers, costing nothing by the settings above, would be started per row. */
export const PARALLEL_OFF = 'set local max_parallel_workers_per_gather = 0';

const LINE_TEXT = 'l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no';
const LINE_PLACE = 'l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at';

/** This file's refund lines, read from its own leaf. */
function ownLines(s: Literals): string {
  return `(select ctid as place, * from yuanlu.statement_lines
            where account_id = ${s.account} and bill_date = ${s.date} and file_id = ${s.file} and line_type = 'refund')`;
}

/**
 * The few lines that the judgement needs the texts of, this file's and the others': `places` selects the places of this
 * file's. Its table has no index, and it does not change while this transaction reads it: a place leads straight to a line.
 */
export function judgedLines(s: Literals, places: string): string {
  return `(select ${LINE_PLACE}, ${LINE_TEXT} from ${ownLines(s)} l where l.place = any (array(${places}))
           union all select * from m_other)`;
}

/**
 * What is not simply a line that agrees with its refund. One line in a hundred is, and each of them is looked at several
 * times: an index spares reading all the others as often.
 */
const ODD = 'refund_id is null or not agrees or conflict or news';

/**
 * A refund that the channel took and closed afterwards: the bill of the day on which it was taken shows it for ever, so a
 * line that proves no more than acceptance agrees with it.
 */
const TAKEN_AND_CLOSED = (s: Literals): string =>
  s.acceptance ? `(r.state = 'failed' and r.state_reason is not distinct from 'closed')` : 'false';

/** The line contradicts the books: what was never sent, or did not happen, is printed, or printed before it was asked for. */
export const CONFLICT = (s: Literals): string =>
  `(r.state in ('requested', 'failed') and not ${TAKEN_AND_CLOSED(s)} or l.occurred_at < r.requested_at - ${s.tolerance})`;

/** The line says more than the books know: that the channel took the refund, or where lines prove it, that it was done. */
export const NEWS = (s: Literals): string =>
  `(r.state not in (${s.acceptance ? "'processing', " : ''}'succeeded', 'settled') and not ${TAKEN_AND_CLOSED(s)})`;

const CLAIM = (s: Literals, pass: 1 | 2): string => `
           ${LINE_PLACE}, r.id as refund_id, ${String(pass)}::smallint as pass,
           r.amount_minor = l.amount_minor and r.currency = l.currency as agrees,
           ${CONFLICT(s)} as conflict, ${NEWS(s)} as news`;

function claimSelect(
  s: Literals,
  source: string,
  column: 'refund_no' | 'channel_refund_no',
  pass: 1 | 2,
  place: string,
): string {
  return `
    select ${CLAIM(s, pass)}, ${place}
      from ${source} l
      join yuanlu.refund_book r on r.account_id = ${s.account} and r.${column} = l.${column}
       and ${pass === 1 ? s.samePayment : 'true'}`;
}

/** Pass (a) for the whole file. A line that no refund has the number of keeps its texts, for what comes after. */
export function ownClaims(s: Literals): string {
  const text = LINE_TEXT.split(', ').map(
    (column) => `case when r.id is null then ${column} end as ${column.slice(2)}`,
  );
  return `
    create temp table m_claim on commit drop as
      select ${CLAIM(s, 1)}, l.place, ${text.join(', ')}
        from ${ownLines(s)} l
        left join yuanlu.refund_book r on r.account_id = ${s.account} and r.refund_no = l.refund_no and ${s.samePayment}`;
}

/** What pass (a) leaves, and pass (b). A channel number that is not unique in the books names nothing. */
export function looseLines(s: Literals): string[] {
  return [
    `create index m_odd on m_claim (line_no) where ${ODD}`,
    `create temp table m_loose on commit drop as
       select ${LINE_PLACE}, ${LINE_TEXT}, l.place from m_claim l where refund_id is null`,
    'analyze m_loose',
    'delete from m_claim where refund_id is null',
    'analyze m_claim (refund_id, agrees, conflict, news)',
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
export const ABOUT_CLAIMS = `b.dedupe_key not like 'adjustment/%'`;

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
      union select b.refund_id from yuanlu.breaks b where b.file_id = any (${s.superseded}) and b.refund_id is not null),
    freed_line as (
      select b.refund_no, b.channel_refund_no, b.transaction_id, b.amount_minor from yuanlu.breaks b
       where b.file_id = any (${s.superseded})),
    held as (
      select m.file_id, m.bill_date, m.line_no, m.refund_id, m.pass from yuanlu.live_matches m
       where m.account_id = ${s.account} and m.file_id <> ${s.file}
         and m.refund_id between ${range.low} and ${range.high}
         and exists (select from m_claim c where c.refund_id = m.refund_id)),
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
    found as (
      select file_id, bill_date, line_no from held
      union select file_id, bill_date, line_no from by_amount
      union select file_id, bill_date, line_no from line_break where kind = 'ambiguous'
      union select b.file_id, b.bill_date, b.line_no from line_break b
             where exists (select from m_claim c where c.refund_id = b.refund_id)
      union select b.file_id, b.bill_date, b.line_no from line_break b
             where b.refund_id in (select refund_id from freed)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join (select channel_refund_no from m_loose union select channel_refund_no from freed_line) n
                using (channel_refund_no)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join (select refund_no from m_loose union select refund_no from freed_line) n using (refund_no)
      union select b.file_id, b.bill_date, b.line_no from line_break b
              join amount_key k using (transaction_id, amount_minor) where b.kind <> 'ambiguous')
    select file_id, bill_date, array_agg(line_no) as line_nos from found
     where not exists (select from m_other o where o.file_id = found.file_id and o.line_no = found.line_no)
     group by file_id, bill_date order by file_id`;
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

/** Claims of the other files' lines, for those that have none yet. */
export function otherClaims(s: Literals): string[] {
  const known = `exists (select from m_claim c where c.file_id = l.file_id and c.line_no = l.line_no)`;
  return [
    `insert into m_claim ${claimSelect(s, 'm_other', 'refund_no', 1, 'null::tid')} where not ${known}`,
    `insert into m_loose select l.*, null::tid from m_other l where not ${known}
       and not exists (select from m_loose o where o.file_id = l.file_id and o.line_no = l.line_no)`,
    ...channelNumberClaims(s),
  ];
}
