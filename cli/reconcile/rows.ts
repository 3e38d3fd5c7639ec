/** What a run has to show, row by row, in an order that depends on content only and never on the order of the input. */
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import type { BreakKind } from '../../domain/statement/break.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import type { FundingSource } from '../../domain/refund/refund.ts';
import type { Pool } from '../../store/pool.ts';
import { ALL_BREAKS } from './judge-sql.ts';
import { ACCOUNT } from './listed-table.ts';

/** Rows that are held at a time. */
const FETCH_ROWS = 5_000;

/** A refund as the list has it. */
export interface ListedSide {
  readonly listLine: bigint;
  readonly refundNo: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly requestedAt: Date;
  readonly source: FundingSource;
  readonly state: RefundState | null;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly paymentNo: string | null;
}

/** When the payer was told that the money arrives, and when we look into it. */
export interface Window {
  readonly promiseAt: Date;
  readonly alarmAt: Date;
  /** A year without a published calendar was counted. */
  readonly provisional: boolean;
}

/** A line as the statement has it. */
export interface LineSide {
  readonly fileId: bigint;
  readonly lineNo: number;
  readonly refundNo: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly occurredAt: Date;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly paymentNo: string | null;
}

export interface MatchRow {
  /** 1 our number, 2 the channel's, 3 transaction and amount. */
  readonly pass: number;
  readonly listed: ListedSide;
  readonly line: LineSide;
}

export interface BreakRow {
  readonly kind: BreakKind;
  readonly listed: ListedSide | null;
  /** Null where the refund has a line. */
  readonly window: Window | null;
  readonly line: LineSide | null;
  /** The row of the list that the break points to without being about it: who holds the number, or the line. */
  readonly related: { readonly listLine: bigint; readonly refundNo: string } | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface OverdueRow {
  readonly level: 1 | 2;
  readonly listed: ListedSide;
  readonly window: Window;
}

export interface QuarantineRow {
  readonly fileId: bigint;
  readonly lineNo: number;
  readonly byteOffset: bigint;
  readonly code: string | null;
  readonly reason: string;
  readonly raw: string;
}

const LISTED_COLUMNS = {
  listLine: 'list_line',
  refundNo: 'refund_no',
  amountMinor: 'amount_minor',
  currency: 'currency',
  requestedAt: 'requested_at',
  source: 'source',
  state: 'state',
  channelRefundNo: 'channel_refund_no',
  transactionId: 'transaction_id',
  paymentNo: 'payment_no',
} as const satisfies Record<keyof ListedSide, string>;

const LINE_COLUMNS = {
  fileId: 'file_id',
  lineNo: 'line_no',
  refundNo: 'refund_no',
  amountMinor: 'amount_minor',
  currency: 'currency',
  occurredAt: 'occurred_at',
  channelRefundNo: 'channel_refund_no',
  transactionId: 'transaction_id',
  paymentNo: 'payment_no',
} as const satisfies Record<keyof LineSide, string>;

const WINDOW_COLUMNS = {
  promiseAt: 'promise_at',
  alarmAt: 'alarm_at',
  provisional: 'window_provisional',
} as const satisfies Record<keyof Window, string>;

type Alias = 'r' | 'l' | 'w';

function columnsOf(alias: Alias, columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, column]) => `${alias}.${column} as "${alias}.${name}"`)
    .join(', ');
}

/** A field of a side, and what its column is called in a row. */
type FieldKey = readonly [name: string, key: string];

function keysOf(alias: Alias, columns: Readonly<Record<string, string>>): readonly FieldKey[] {
  return Object.keys(columns).map((name) => [name, `${alias}.${name}`]);
}

const LISTED_KEYS = keysOf('r', LISTED_COLUMNS);
const LINE_KEYS = keysOf('l', LINE_COLUMNS);
const WINDOW_KEYS = keysOf('w', WINDOW_COLUMNS);

const LISTED = columnsOf('r', LISTED_COLUMNS);
const LINE = columnsOf('l', LINE_COLUMNS);
const WINDOW = columnsOf('w', WINDOW_COLUMNS);

const BY_CONTENT = `coalesce(r.requested_at, l.occurred_at), coalesce(r.refund_no, l.refund_no), l.occurred_at,
  l.channel_refund_no, l.transaction_id, l.amount_minor, r.amount_minor`;

const matchesWhere = (condition: string): string => `
  select m.pass, ${LISTED}, ${LINE}
    from reconcile.matched m
    join reconcile.listed r on r.list_line = m.list_line
    join yuanlu.statement_lines l on l.account_id = '${ACCOUNT}' and l.file_id = m.file_id and l.line_no = m.line_no
   where ${condition}
   order by ${BY_CONTENT}, l.file_id, l.line_no`;

/** Matched without our number, though the line prints one. */
const BY_ANOTHER_NUMBER = 'm.pass > 1 and l.refund_no <> r.refund_no';

/** The first so many of each kind, or all. */
const breaksOf = (each: number | null): string => `
  select shown.* from (
    select b.kind, b.detail, b.related, k.refund_no as "relatedNo", ${LISTED}, ${LINE}, ${WINDOW},
           row_number() over (partition by b.kind order by ${BY_CONTENT}, l.file_id, l.line_no, r.list_line) as nth
      from ${ALL_BREAKS} b
      left join reconcile.listed r on r.list_line = b.list_line
      left join reconcile.left_over w on w.list_line = b.list_line
      left join reconcile.listed k on k.list_line = b.related
      left join yuanlu.statement_lines l on l.account_id = '${ACCOUNT}' and l.file_id = b.file_id and l.line_no = b.line_no) shown
   where ${each === null ? 'true' : `nth <= ${String(each)}`}
   order by ${KIND_ORDER}, nth`;

const KIND_ORDER = `array_position(array[${BREAK_KINDS.map((kind) => `'${kind}'`).join(', ')}], kind)`;

const OVERDUE = `
  select o.level, ${LISTED}, ${WINDOW}
    from reconcile.overdue o
    join reconcile.listed r on r.list_line = o.list_line
    join reconcile.left_over w on w.list_line = o.list_line
   order by w.promise_at, r.requested_at, r.refund_no`;

const QUARANTINED = `
  select file_id as "fileId", line_no as "lineNo", byte_offset as "byteOffset", code, reason, raw
    from yuanlu.quarantined_lines order by file_id, line_no`;

export async function* matchRows(owner: Pool): AsyncGenerator<MatchRow, void> {
  for await (const row of rowsOf(owner, matchesWhere('true'))) yield matchRow(row);
}

/** Matches although line and list have different numbers of ours: by the channel's number, or by transaction and amount. */
export async function* renumberedRows(owner: Pool): AsyncGenerator<MatchRow, void> {
  for await (const row of rowsOf(owner, matchesWhere(BY_ANOTHER_NUMBER))) yield matchRow(row);
}

/** @param each at most so many of each kind; all without it */
export async function* breakRows(owner: Pool, each: number | null = null): AsyncGenerator<BreakRow, void> {
  for await (const row of rowsOf(owner, breaksOf(each))) {
    const { related, relatedNo } = row;
    yield {
      kind: row['kind'] as BreakKind,
      listed: row['r.listLine'] === null ? null : listedSide(row),
      window: row['w.promiseAt'] === null ? null : windowSide(row),
      line: row['l.lineNo'] === null ? null : lineSide(row),
      related: related === null ? null : { listLine: related as bigint, refundNo: relatedNo as string },
      detail: row['detail'] as Record<string, unknown>,
    };
  }
}

/** The longest overdue first. */
export async function* overdueRows(owner: Pool, limit?: number): AsyncGenerator<OverdueRow, void> {
  for await (const row of rowsOf(owner, OVERDUE, limit)) {
    yield { level: row['level'] === 2 ? 2 : 1, listed: listedSide(row), window: windowSide(row) };
  }
}

export async function* quarantineRows(owner: Pool): AsyncGenerator<QuarantineRow, void> {
  for await (const row of rowsOf(owner, QUARANTINED)) yield row as unknown as QuarantineRow;
}

type Row = Readonly<Record<string, unknown>>;

function matchRow(row: Row): MatchRow {
  return { pass: Number(row['pass']), listed: listedSide(row), line: lineSide(row) };
}

function listedSide(row: Row): ListedSide {
  return sideOf(row, LISTED_KEYS) as unknown as ListedSide;
}

function lineSide(row: Row): LineSide {
  return sideOf(row, LINE_KEYS) as unknown as LineSide;
}

function windowSide(row: Row): Window {
  return sideOf(row, WINDOW_KEYS) as unknown as Window;
}

/** Called for each of a million rows: the names of its fields are put together once. */
function sideOf(row: Row, keys: readonly FieldKey[]): Row {
  const side: Record<string, unknown> = {};
  for (const [name, key] of keys) side[name] = row[key];
  return side;
}

/** Reads through a cursor: however many rows there are, few are in memory. */
async function* rowsOf(owner: Pool, sql: string, limit?: number): AsyncGenerator<Row, void> {
  const connection = await owner.connect();
  try {
    await connection.query('begin');
    await connection.query(
      `declare shown no scroll cursor for ${sql}${limit === undefined ? '' : ` limit ${String(limit)}`}`,
    );
    for (;;) {
      const { rows } = await connection.query<Row>(`fetch ${String(FETCH_ROWS)} from shown`);
      yield* rows;
      if (rows.length < FETCH_ROWS) return;
    }
  } finally {
    await connection.query('rollback').catch(() => undefined);
    connection.release();
  }
}
