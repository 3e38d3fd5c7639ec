/**
 * What days compared with themselves left over, compared with each other: by number on another day, by payment and amount one
 * to one, and one movement for many lines. Sums have to be equal: nothing is ever tried out to make one fit.
 *
 * Tables of one run: g_line, g_move (leftovers of the days that are looked at), g_pair (what belongs together after all).
 */
import { FEE_MINOR, ROUNDED } from './flow-day-sql.ts';
import type { FlowLiterals } from './flow-scope.ts';
import { BOOKED_EARLIER_DAYS, BOOKED_LATER_DAYS, JUDGED_DAYS, SEEN_DAYS } from './flow-scope.ts';

export const daysAround = (s: FlowLiterals, column: string, days: number): string =>
  `${column} between ${s.date} - ${String(days)} and ${s.date} + ${String(days)}`;

/** A movement is booked on the day of its line or on one shortly after; clocks may also put it on the day before. */
const WINDOW = `l.bill_date between m.bill_date - ${String(BOOKED_LATER_DAYS)} and m.bill_date + ${String(BOOKED_EARLIER_DAYS)}`;

const COLUMNS = [
  ...['bill_date', 'occurred_at', 'minor', 'channel_refund_no', 'refund_no', 'transaction_id', 'payment_no'],
  ...['rest', 'file_id', 'line_no'],
];
const ORDER = (t: string): string => COLUMNS.map((column) => `${t}.${column}`).join(', ');

const OPEN_MOVE = 'not exists (select from g_pair p where p.file_id = m.file_id and p.line_no = m.line_no)';
const OPEN_LINE = `not exists (select from g_pair p
  where p.trade_file_id = l.file_id and p.trade_line_no = l.line_no and p.role = l.role)`;

/** The refund of the books that a movement names, if there is one: such a movement is never given to another line. */
const NAMED = (s: FlowLiterals): string => `
  (select min(r.id) from yuanlu.refund_book r
    where r.account_id = ${s.account} and (r.channel_refund_no = t.channel_refund_no
       or r.refund_no = t.refund_no ${s.withinPayment ? 'and r.transaction_id = t.transaction_id' : ''}))`;

/** What the days around have left over, as tables of this run; `g_pair` is empty. */
export function gather(s: FlowLiterals): string[] {
  const seen = `t.account_id = ${s.account} and ${daysAround(s, 't.bill_date', SEEN_DAYS)}`;
  return [
    `create temp table g_line on commit drop as
       select t.file_id, t.line_no, t.bill_date, t.role, t.minor, t.fee_e5, t.occurred_at, t.currency, t.refund_no,
              t.channel_refund_no, t.transaction_id, t.payment_no, t.rest
         from yuanlu.movement_leftovers t where ${seen} and t.side = 'line'`,
    `create temp table g_move on commit drop as
       select t.file_id, t.line_no, t.bill_date, t.role, t.minor, t.occurred_at, t.currency, t.refund_no, t.channel_refund_no,
              t.transaction_id, t.payment_no, t.rest, ${NAMED(s)} as refund_id
         from yuanlu.movement_leftovers t where ${seen} and t.side = 'movement'`,
    `create temp table g_pair (file_id bigint, line_no integer, bill_date date, trade_file_id bigint, trade_line_no integer,
       trade_date date, role smallint, pass smallint, minor bigint, leg bigint, explained bigint, why text) on commit drop`,
    'analyze g_line',
    'analyze g_move',
  ];
}

/** Like numbers of different days, in the order of their days. */
function byNumber(s: FlowLiterals, pass: 1 | 2, role: 1 | 2): string {
  const column = pass === 1 ? 'refund_no' : 'channel_refund_no';
  const key = (t: string): string =>
    `${t}.${column}, ${t}.currency${pass === 1 && s.withinPayment ? `, ${t}.transaction_id` : ''}`;
  const same = pass === 1 && s.withinPayment ? 'and l.transaction_id = m.transaction_id' : '';
  return `
    insert into g_pair
      select m.file_id, m.line_no, m.bill_date, l.file_id, l.line_no, l.bill_date, m.role, ${String(pass)}, m.minor, l.minor,
             case when ${role === 2 ? ROUNDED('m.minor', 'l.fee_e5') : `l.minor - m.minor = ${OPEN_FEE('l')}`}
                  then l.minor - m.minor else 0 end, null
        from (select m.*, row_number() over (partition by ${key('m')} order by ${ORDER('m')}) as nth
                from g_move m where m.role = ${String(role)} and m.${column} is not null and ${OPEN_MOVE}) m
        join (select l.*, row_number() over (partition by ${key('l')} order by ${ORDER('l')}) as nth
                from g_line l where l.role = ${String(role)} and l.${column} is not null and ${OPEN_LINE}) l
          on l.${column} = m.${column} and l.currency = m.currency and l.nth = m.nth ${same} and ${WINDOW}`;
}

/** The fee of a line in fen, while no movement has given it back by itself. */
const OPEN_FEE = (l: string): string => `
  case when exists (select from g_pair p where p.role = 2 and p.trade_file_id = ${l}.file_id and p.trade_line_no = ${l}.line_no)
       then 0 else ${FEE_MINOR(`${l}.fee_e5`)} end`;

/** One line that fits one movement that fits no other line; anything else is not guessed. */
function byAmount(role: 1 | 2): string {
  return `
    insert into g_pair
      select file_id, line_no, bill_date, l_file, l_line, l_date, ${String(role)}, 3, minor, minor, 0,
             'the only line of the payment with this amount'
        from (select m.file_id, m.line_no, m.bill_date, m.minor, l.file_id as l_file, l.line_no as l_line, l.bill_date as l_date,
                     count(*) over (partition by m.file_id, m.line_no) as lines,
                     count(*) over (partition by l.file_id, l.line_no) as moves
                from g_move m
                join g_line l on l.role = m.role and l.transaction_id = m.transaction_id and l.currency = m.currency
                 and l.minor = m.minor and ${WINDOW} and ${OPEN_LINE}
               where m.role = ${String(role)} and m.refund_id is null and ${OPEN_MOVE}) fits
       where lines = 1 and moves = 1`;
}

/** Movements of which no other could be meant: of a payment, or of a day when they name nothing at all. */
const RIVAL = {
  payment: `r.transaction_id = m.transaction_id
    and r.bill_date between m.bill_date - ${String(BOOKED_LATER_DAYS + BOOKED_EARLIER_DAYS)}
                        and m.bill_date + ${String(BOOKED_LATER_DAYS + BOOKED_EARLIER_DAYS)}`,
  day: `r.transaction_id is null and r.payment_no is null and r.channel_refund_no is null and r.bill_date = m.bill_date`,
};
const SUBJECT = {
  payment: 'm.transaction_id is not null',
  day: 'm.transaction_id is null and m.payment_no is null and m.channel_refund_no is null',
};

/** What one movement could be the sum of. */
interface Group {
  readonly of: 'payment' | 'day';
  readonly pass: 4 | 5;
  /** Which open lines it takes: all of them, or the movement is not their sum. */
  readonly lines: string;
  readonly why: string;
}

export const GROUPS: readonly Group[] = [
  {
    of: 'payment',
    pass: 4,
    lines: `l.transaction_id = m.transaction_id and ${WINDOW}`,
    why: 'all open lines of the payment',
  },
  { of: 'day', pass: 5, lines: 'l.bill_date = m.bill_date', why: 'all open lines of the day' },
  { of: 'day', pass: 5, lines: 'l.bill_date = m.bill_date - 1', why: 'all open lines of the day before' },
];

/** The open movements that stand alone, each with the open lines that it could be the sum of. */
export function groupOf(group: Group, role: 1 | 2): string {
  return `
    select m.file_id, m.line_no, m.bill_date, m.minor, m.currency, l.file_id as l_file, l.line_no as l_line,
           l.bill_date as l_date, l.minor as leg, l.fee_e5, ${role === 1 ? OPEN_FEE('l') : '0::bigint'} as kept,
           row_number() over (partition by m.file_id, m.line_no order by ${ORDER('l')}) as nth,
           count(*) over whole as lines, sum(l.minor) over whole as legs, sum(l.fee_e5) over whole as fees_e5,
           sum(${role === 1 ? OPEN_FEE('l') : '0::bigint'}) over whole as all_kept
      from g_move m
      join g_line l on l.role = m.role and l.currency = m.currency and ${group.lines} and ${OPEN_LINE}
     where m.role = ${String(role)} and m.refund_id is null and ${SUBJECT[group.of]} and ${OPEN_MOVE}
       and not exists (select from g_move r where r.role = m.role and r.currency = m.currency and r.refund_id is null
                         and (r.file_id, r.line_no) <> (m.file_id, m.line_no) and ${RIVAL[group.of]}
                         and not exists (select from g_pair p where p.file_id = r.file_id and p.line_no = r.line_no))
    window whole as (partition by m.file_id, m.line_no)`;
}

/** Equal sums: of what the lines say; of that less the fees that were kept; or of the fees, rounded once for all of them. */
function bySum(group: Group, role: 1 | 2): string {
  const equal =
    role === 1
      ? `legs = minor or (all_kept <> 0 and legs - all_kept = minor)`
      : `legs = minor or ${ROUNDED('minor', 'fees_e5')}`;
  const share =
    role === 1
      ? 'case when legs = minor then leg else leg - kept end'
      : 'case when nth = 1 then leg + minor - legs else leg end';
  const how =
    role === 1
      ? `case when legs = minor then '' else ', less the fees kept' end`
      : `case when legs = minor then '' else ', rounded once' end`;
  return `
    insert into g_pair
      select file_id, line_no, bill_date, l_file, l_line, l_date, ${String(role)}, ${String(group.pass)}, ${share}, leg,
             leg - (${share}), '${group.why}' || ${how} || ': ' || lines
        from (${groupOf(group, role)}) g where ${equal}`;
}

/** What of it belongs together after all. Fees first: a fee that came back by itself was not kept from the refund. */
export function passes(s: FlowLiterals): string[] {
  return ([2, 1] as const).flatMap((role) => [
    byNumber(s, 1, role),
    byNumber(s, 2, role),
    byAmount(role),
    ...GROUPS.map((group) => bySum(group, role)),
    'analyze g_pair',
  ]);
}

const SAME = `t.file_id = p.file_id and t.line_no = p.line_no and t.trade_file_id = p.trade_file_id
  and t.trade_line_no = p.trade_line_no and t.role = p.role and t.pass = p.pass and t.minor = p.minor
  and t.leg_minor = p.leg and t.explained_minor = p.explained and t.why is not distinct from p.why`;

/** Puts down what belongs together. Rows that hold stay as they are. */
export function writeShares(s: FlowLiterals): string[] {
  const judged = (column: string): string => daysAround(s, column, JUDGED_DAYS);
  return [
    `delete from yuanlu.movement_shares t
      where t.account_id = ${s.account} and not t.same_day and ${judged('t.bill_date')}
        and not exists (select from g_pair p where ${SAME})`,
    `insert into yuanlu.movement_shares (account_id, file_id, line_no, bill_date, trade_file_id, trade_line_no, trade_date, role,
       pass, minor, leg_minor, explained_minor, why, same_day)
       select ${s.account}, p.file_id, p.line_no, p.bill_date, p.trade_file_id, p.trade_line_no, p.trade_date, p.role, p.pass,
              p.minor, p.leg, p.explained, p.why, false
         from g_pair p
        where ${judged('p.bill_date')} and not exists (select from yuanlu.movement_shares t where not t.same_day and ${SAME})`,
  ];
}
