/**
 * Matching written down once more from its rules, as plain SQL for DuckDB: all lines of all days at once, every rule a step,
 * nothing kept between runs. What ours makes of the same days, one file after the other, has to be this.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';

export interface DuckRefund {
  readonly id: number;
  readonly refund_no: string;
  readonly channel_refund_no: string | null;
  readonly transaction_id: string | null;
  readonly payment_no: string;
  readonly amount_minor: number;
  readonly state: string;
  readonly state_reason: string | null;
  /** Beijing time, `yyyy-mm-dd hh:mm:ss`, as all times here. */
  readonly requested_at: string;
  readonly accepted_at: string | null;
  readonly succeeded_at: string | null;
}

export interface DuckLine {
  readonly bill_date: string;
  readonly line_no: number;
  readonly occurred_at: string;
  readonly refund_no: string | null;
  readonly channel_refund_no: string | null;
  readonly transaction_id: string | null;
  readonly amount_minor: number;
  readonly status: string | null;
}

/** What became of a line, or of a refund that no line shows: `1@3`, `amount_differs(3)`, or both. */
export interface Fates {
  /** By `bill date/line`. */
  readonly lines: ReadonlyMap<string, string>;
  /** Ids of refunds that should be in a bill and are in none. */
  readonly missing: readonly number[];
}

/** @param covered days of which the bill and that of the day after are there */
export async function duckFates(
  refunds: readonly DuckRefund[],
  lines: readonly DuckLine[],
  covered: readonly string[],
): Promise<Fates> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const duck = await instance.connect();
  try {
    await fill(duck, 'refunds', REFUND_COLUMNS, refunds);
    await fill(duck, 'lines', LINE_COLUMNS, lines);
    for (const step of RULES) await duck.run(step);
    const fates = await duck.runAndReadAll(FATES);
    const days = covered.map((day) => `'${day}'`).join(', ');
    const missing = await duck.runAndReadAll(missingOf(days));
    return {
      lines: new Map(fates.getRowObjects().map((row) => [String(row['place']), String(row['fate'])])),
      missing: missing.getRowObjects().map((row) => Number(row['id'])),
    };
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
}

const REFUND_COLUMNS = {
  id: 'bigint',
  refund_no: 'varchar',
  channel_refund_no: 'varchar',
  transaction_id: 'varchar',
  payment_no: 'varchar',
  amount_minor: 'bigint',
  state: 'varchar',
  state_reason: 'varchar',
  requested_at: 'timestamp',
  accepted_at: 'timestamp',
  succeeded_at: 'timestamp',
} as const satisfies Record<keyof DuckRefund, string>;

const LINE_COLUMNS = {
  bill_date: 'date',
  line_no: 'bigint',
  occurred_at: 'timestamp',
  refund_no: 'varchar',
  channel_refund_no: 'varchar',
  transaction_id: 'varchar',
  amount_minor: 'bigint',
  status: 'varchar',
} as const satisfies Record<keyof DuckLine, string>;

async function fill<Name extends string>(
  duck: DuckDBConnection,
  table: string,
  columns: Readonly<Record<Name, string>>,
  rows: readonly Readonly<Record<Name, string | number | null>>[],
): Promise<void> {
  const named = Object.entries(columns) as [Name, string][];
  await duck.run(`create table ${table} (${named.map((one) => one.join(' ')).join(', ')})`);
  const literal = (value: string | number | null): string => (value === null ? 'null' : `'${String(value)}'`);
  const values = rows.map((row) => `(${named.map(([name]) => literal(row[name])).join(', ')})`);
  if (values.length > 0) await duck.run(`insert into ${table} values ${values.join(', ')}`);
}

/** A number that both say is not the same; lines of these days never say the number of the payment. */
const DIFFER = `(coalesce(r.channel_refund_no <> l.channel_refund_no, false)
              or coalesce(r.transaction_id <> l.transaction_id, false))`;

const SAYS_CLOSED = `coalesce(l.status = 'CLOSED', false)`;

/** The books have it done, and the line says that it never was. */
const DENIES = `(r.state = 'succeeded' and ${SAYS_CLOSED})`;

/**
 * The line cannot be true of a refund as the books have it: never sent; failed, unless the channel took it and closed it, which
 * the line may show, but not as done, or the line says closed as well; abnormal, and the line says done; denied; more than a day
 * before it was asked for.
 */
const CONFLICT = `(r.state = 'requested'
  or r.state = 'failed' and not (coalesce(r.state_reason, '') = 'closed' and coalesce(l.status, '') <> 'SUCCESS')
                        and not (r.state_reason is null and ${SAYS_CLOSED})
  or r.state = 'needs_action' and coalesce(r.state_reason, '') = 'abnormal' and coalesce(l.status = 'SUCCESS', false)
  or ${DENIES}
  or l.occurred_at < r.requested_at - interval 1 day)`;

const JUDGED = `l.*, r.id as refund_id, r.amount_minor = l.amount_minor as agrees, ${CONFLICT} as conflict, ${DIFFER} as differs,
         ${DENIES} as denies`;

const RULES: readonly string[] = [
  // Our number names a refund; only where it names none does the channel's.
  `create table named as
     select ${JUDGED}, 1 as pass from lines l join refunds r on r.refund_no = l.refund_no`,
  `insert into named
     select ${JUDGED}, 2 as pass from lines l join refunds r on r.channel_refund_no = l.channel_refund_no
      where not exists (from refunds own where own.refund_no = l.refund_no)`,

  // One line for a refund: first those that do not contradict it, then by number, amount, day, time and the rest.
  // One that contradicts it prints it again only where both have a number of a refund in common.
  `create table ranked as
     select *, row_number() over best as nth,
            differs and coalesce(refund_no <> first_value(refund_no) over best, true)
                    and coalesce(channel_refund_no <> first_value(channel_refund_no) over best, true) as by_other_numbers
       from named
     window best as (partition by refund_id order by differs or denies, pass, not agrees, bill_date, occurred_at,
              amount_minor, channel_refund_no nulls last, refund_no nulls last, transaction_id nulls last, status nulls last, line_no)`,

  // What names no refund, and of that, what prints one and the same thing again.
  `create table loose as
     select *, row_number() over (partition by channel_refund_no, refund_no, transaction_id, amount_minor
                                  order by bill_date, occurred_at, status nulls last, line_no) > 1
               and (channel_refund_no is not null or refund_no is not null) as again
       from lines l where not exists (from named n where n.bill_date = l.bill_date and n.line_no = l.line_no)`,

  // By payment and amount, three days around its acceptance: what nobody named, and no number speaks against.
  `create table fits as
     select ${JUDGED}, count(*) over (partition by l.bill_date, l.line_no) as refunds, count(*) over (partition by r.id) as lines
       from loose l join refunds r on r.transaction_id = l.transaction_id and r.amount_minor = l.amount_minor
      where not l.again and not ${DIFFER} and not coalesce(r.refund_no <> l.refund_no, false)
        and not exists (from named n where n.refund_id = r.id)
        and l.occurred_at between coalesce(r.accepted_at, r.requested_at) - interval 3 day
                              and coalesce(r.accepted_at, r.requested_at) + interval 3 day`,

  `create table claims as
     select bill_date, line_no, refund_id, pass, agrees, conflict, differs, denies from ranked where nth = 1
     union all
     select bill_date, line_no, refund_id, 3, agrees, conflict, differs, denies from fits where refunds = 1 and lines = 1`,

  `create table breaks as
     select bill_date, line_no, case when by_other_numbers then 'number_differs' else 'duplicate_line' end as kind, refund_id
       from ranked where nth > 1
     union all
     select bill_date, line_no, 'duplicate_line', null from loose where again
     union all
     select distinct bill_date, line_no, 'ambiguous', null from fits where refunds > 1 or lines > 1
     union all
     select bill_date, line_no, 'missing_in_books', null from loose l
      where not again and not exists (from fits f where f.bill_date = l.bill_date and f.line_no = l.line_no)
     union all
     select bill_date, line_no,
            case when differs then 'number_differs' when not agrees then 'amount_differs' else 'state_conflict' end, refund_id
       from claims where differs or denies or conflict or not agrees`,
];

/** A line that contradicts the refund of its number is no match. */
const FATES = `
  select concat(l.bill_date::varchar, '/', l.line_no::varchar) as place,
         concat_ws('+', case when not (c.differs or c.denies) then concat(c.refund_id::varchar, '@', c.pass::varchar) end,
                        case when b.refund_id is null then b.kind else concat(b.kind, '(', b.refund_id::varchar, ')') end) as fate
    from lines l
    left join claims c on c.bill_date = l.bill_date and c.line_no = l.line_no
    left join breaks b on b.bill_date = l.bill_date and b.line_no = l.line_no`;

/** The channel has it since such a day, and no line is it, nor one that speaks of it and contradicts it. */
function missingOf(days: string): string {
  return `
    select r.id from refunds r
     where (r.state in ('processing', 'succeeded') or r.state = 'needs_action' and r.accepted_at is not null)
       and coalesce(r.accepted_at, r.requested_at)::date in (${days})
       and not exists (from claims c where c.refund_id = r.id and not (c.differs or c.denies))
       and not exists (from breaks b where b.refund_id = r.id and b.kind in ('number_differs', 'state_conflict'))
     order by r.id`;
}
