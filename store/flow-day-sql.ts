/**
 * A day's refund lines against the movements of the same day, by the numbers that both print: nearly all there are. Like
 * numbers are paired in the order of what they say, so that each line and each movement is used once, and places in files
 * only decide between rows that are equal in all of it.
 *
 * Tables of one run: f_line, f_move (the day's rows), f_twin (numbers that one of them prints twice), f_pair (what belongs
 * together).
 */
import type { FlowLiterals } from './flow-scope.ts';

/** The fee of a line that gives money back, as whole fen that the merchant gets. */
export const FEE_MINOR = (e5: string): string => `(-round(${e5} / 1000.0))::bigint`;

/** A fee of so many 1/100000 yuan and a movement of so many fen are the same, but for rounding. */
export const ROUNDED = (minor: string, e5: string): string => `abs(${minor} * 1000 + ${e5}) < 1000`;

const COLUMNS = ['occurred_at', 'minor', 'channel_refund_no', 'refund_no', 'transaction_id', 'payment_no'];
const PLACE = ['file_id', 'line_no'];

/** What else a line prints: two that are equal in all of the above may still be worth something else to the books. */
const REST = (t: string): string =>
  `concat_ws('/', ${t}.minor, ${t}.gross, ${t}.fee_e5, ${t}.status, ${t}.funding) collate "C"`;

const columnsOf = (t: string, names: readonly string[]): string[] => names.map((name) => `${t}.${name}`);
const ORDER_MOVES = columnsOf('t', [...COLUMNS, ...PLACE]).join(', ');
const ORDER_LINES = [...columnsOf('t', COLUMNS), REST('t'), ...columnsOf('t', PLACE)].join(', ');

const TEXTS = 'l.currency, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no';

export interface DayFiles {
  readonly trade: readonly string[];
  readonly flow: readonly string[];
}

const ids = (files: readonly string[]): string =>
  `array[${files.map((id) => BigInt(id).toString()).join(', ')}]::bigint[]`;

/** Our number, and what else has to agree where it names a refund within its payment only. */
const ownKey = (s: FlowLiterals, t: string): string =>
  s.withinPayment ? `${t}.refund_no, ${t}.transaction_id, ${t}.currency` : `${t}.refund_no, ${t}.currency`;

function rows(s: FlowLiterals, files: DayFiles): string[] {
  return [
    `create temp table f_line on commit drop as
       select l.file_id, l.line_no, l.occurred_at, coalesce(l.payer_minor, l.amount_minor) as minor, l.amount_minor as gross, l.status, l.funding,
              coalesce(l.fee_e5, 0) as fee_e5, ${FEE_MINOR('coalesce(l.fee_e5, 0)')} as fee_minor, ${TEXTS}
         from yuanlu.statement_lines l
        where l.account_id = ${s.account} and l.bill_date = ${s.date} and l.file_id = any (${ids(files.trade)})
          and l.line_type = 'refund'`,
    `create temp table f_move on commit drop as
       select l.file_id, l.line_no, w.role, l.occurred_at, l.amount_minor as minor, ${TEXTS}
         from yuanlu.statement_lines l
         join ${s.words} on w.word = l.status and w.direction = l.line_type
        where l.account_id = ${s.account} and l.bill_date = ${s.date} and l.file_id = any (${ids(files.flow)})
          and (w.role <> 4 or l.refund_no is not null or l.channel_refund_no is not null)`,
    // Numbers that are printed more than once are few: only their rows have to be put in order.
    `create temp table f_twin on commit drop as
       select ${ownKey(s, 't')} from f_line t where t.refund_no is not null group by ${ownKey(s, 't')} having count(*) > 1
       union
       select ${ownKey(s, 't')} from f_move t where t.refund_no is not null and t.role in (1, 2)
        group by t.role, ${ownKey(s, 't')} having count(*) > 1`,
    'analyze f_line',
    'analyze f_move',
    'analyze f_twin',
  ];
}

const LEG = 'case m.role when 1 then l.minor else l.fee_minor end';

/** Our number, then the channel's among what is left. */
function pairs(s: FlowLiterals): string[] {
  const sameOwn = (a: string, b: string): string =>
    `${a}.refund_no = ${b}.refund_no and ${a}.currency = ${b}.currency${s.withinPayment ? ` and ${a}.transaction_id = ${b}.transaction_id` : ''}`;
  const isTwin = (t: string): string => `exists (select from f_twin w where ${sameOwn('w', t)})`;
  const pair = (pass: 1 | 2): string =>
    `select m.file_id, m.line_no, m.role, l.file_id as trade_file_id, l.line_no as trade_line_no, ${String(pass)}::smallint as pass,
            m.minor, ${LEG} as leg, l.fee_e5, l.fee_minor, 0::bigint as explained`;
  return [
    `create temp table f_pair on commit drop as
       ${pair(1)} from f_move m join f_line l on ${sameOwn('l', 'm')} where m.role in (1, 2) and not ${isTwin('m')}
       union all
       ${pair(1)}
         from (select t.*, row_number() over (partition by t.role, ${ownKey(s, 't')} order by ${ORDER_MOVES}) as nth
                 from f_move t where t.role in (1, 2) and ${isTwin('t')}) m
         join (select t.*, row_number() over (partition by ${ownKey(s, 't')} order by ${ORDER_LINES}) as nth
                 from f_line t where ${isTwin('t')}) l
           on ${sameOwn('l', 'm')} and l.nth = m.nth`,
    'analyze f_pair',
    `insert into f_pair
       ${pair(2)}
         from (select t.*, row_number() over (partition by role, channel_refund_no, currency order by ${ORDER_MOVES}) as k
                 from f_move t where t.role in (1, 2) and t.channel_refund_no is not null and ${FREE_MOVE}) m
         join (select t.*, r.role, row_number() over (partition by r.role, channel_refund_no, currency order by ${ORDER_LINES}) as k
                 from f_line t cross join (values (1), (2)) r (role)
                where t.channel_refund_no is not null and ${FREE_LINE}) l
           on l.channel_refund_no = m.channel_refund_no and l.currency = m.currency and l.role = m.role and l.k = m.k`,
  ];
}

const FREE_MOVE = 'not exists (select from f_pair p where p.file_id = t.file_id and p.line_no = t.line_no)';
const FREE_LINE = `not exists (select from f_pair p
  where p.trade_file_id = t.file_id and p.trade_line_no = t.line_no and p.role = r.role)`;

/** A fee is rounded by the line or by the movement; and the fee may be kept from the refund instead of coming back by itself. */
const EXPLAIN = [
  `update f_pair set explained = leg - minor where role = 2 and minor <> leg and ${ROUNDED('minor', 'fee_e5')}`,
  `update f_pair p set explained = leg - minor
    where role = 1 and minor <> leg and leg - minor = fee_minor
      and not exists (select from f_pair q where q.role = 2 and q.trade_file_id = p.trade_file_id and q.trade_line_no = p.trade_line_no)`,
];

function write(s: FlowLiterals, files: DayFiles): string[] {
  const opened = files.flow.map(
    (id) => `select yuanlu.open_movement_table(${BigInt(id).toString()}, ${s.account}, ${s.date})`,
  );
  return [
    ...opened,
    `insert into yuanlu.movement_matches (account_id, file_id, line_no, bill_date, trade_file_id, trade_line_no, role, pass, minor)
       select ${s.account}, file_id, line_no, ${s.date}, trade_file_id, trade_line_no, role, pass, minor
         from f_pair where minor = leg`,
    `insert into yuanlu.movement_shares (account_id, file_id, line_no, bill_date, trade_file_id, trade_line_no, trade_date,
       role, pass, minor, leg_minor, explained_minor, same_day)
       select ${s.account}, file_id, line_no, ${s.date}, trade_file_id, trade_line_no, ${s.date}, role, pass, minor, leg,
              explained, true
         from f_pair where minor <> leg`,
    `insert into yuanlu.movement_leftovers (account_id, bill_date, side, file_id, line_no, role, minor, fee_e5, occurred_at,
       currency, refund_no, channel_refund_no, transaction_id, payment_no, rest)
       select ${s.account}, ${s.date}, 'line', t.file_id, t.line_no, r.role,
              case r.role when 1 then t.minor else t.fee_minor end,
              case when r.role = 2 or not exists (select from f_pair p where p.role = 2
                                  and p.trade_file_id = t.file_id and p.trade_line_no = t.line_no) then t.fee_e5 else 0 end,
              t.occurred_at, t.currency, t.refund_no, t.channel_refund_no, t.transaction_id, t.payment_no, ${REST('t')}
         from f_line t cross join (values (1), (2)) r (role)
        where case r.role when 1 then t.minor else t.fee_e5 end <> 0 and ${FREE_LINE}
          and (r.role = 1 or not exists (select from f_pair k where k.role = 1 and k.explained <> 0
                                            and k.trade_file_id = t.file_id and k.trade_line_no = t.line_no))
       union all
       select ${s.account}, ${s.date}, 'movement', t.file_id, t.line_no, t.role, t.minor, 0, t.occurred_at, t.currency,
              t.refund_no, t.channel_refund_no, t.transaction_id, t.payment_no, null
         from f_move t where ${FREE_MOVE}`,
  ];
}

/**
 * Takes back what an earlier comparison of the day with itself made, and what movements of other days took of its lines: a line
 * may find its movement on its own day now. What still holds of the latter is found again in the same run.
 */
export function forgetDay(s: FlowLiterals): string[] {
  const day = `account_id = ${s.account} and bill_date = ${s.date}`;
  return [
    `delete from yuanlu.movement_matches where ${day}`,
    `delete from yuanlu.movement_shares where ${day} and same_day`,
    `delete from yuanlu.movement_shares where account_id = ${s.account} and trade_date = ${s.date} and not same_day`,
    `delete from yuanlu.movement_leftovers where ${day}`,
    `delete from yuanlu.movement_days where ${day}`,
  ];
}

/** Compares the day with itself; what is left over goes to `movement_leftovers`. */
export function compareDay(s: FlowLiterals, files: DayFiles): string[] {
  return [
    ...rows(s, files),
    ...pairs(s),
    ...EXPLAIN,
    'analyze f_pair',
    ...write(s, files),
    `insert into yuanlu.movement_days (account_id, bill_date, trade_files, flow_files, compared_at)
       values (${s.account}, ${s.date}, ${ids(files.trade)}, ${ids(files.flow)}, ${s.now})`,
  ];
}
