/** Days of an account as both its statements print them, written as rows and imported as files. */
import { createHash } from 'node:crypto';
import { contentKindOf } from '../../domain/statement/statement.ts';
import type { FundFlowKind, StatementKind, StatementReader } from '../../domain/statement/statement.ts';
import type { MovementWord } from '../../domain/statement/movement.ts';
import { matchMovements } from '../../store/flow-match.ts';
import { matchStatement } from '../../store/match.ts';
import { importStatement, recordEmptyStatement } from '../../store/statements.ts';
import { ACCOUNT, minute } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { chunksOf } from './plain-statement.ts';

/** How the tests' own fund-flow statement words its movements. */
export const WORDS: readonly MovementWord[] = [
  { word: 'refund', direction: 'out', role: 'refund' },
  { word: 'fee back', direction: 'in', role: 'refund_fee' },
  { word: 'closed', direction: 'in', role: 'back' },
  { word: 'fee again', direction: 'out', role: 'back_fee' },
];

/** A refund's line in the trade statement; `fee` in fen that come back with it. */
export interface TradeRow {
  readonly refundNo?: string;
  readonly channelRefundNo?: string;
  readonly transactionId?: string;
  readonly amount: number;
  readonly payer?: number;
  readonly fee?: number;
  /** In 1/100000 yuan that come back, in place of `fee`. */
  readonly feeE5?: number;
  readonly at?: string;
}

/** A movement in the fund-flow statement. */
export interface FlowRow {
  readonly word: 'refund' | 'fee back' | 'closed' | 'fee again' | 'payment' | 'moved in' | 'moved out';
  readonly refundNo?: string;
  readonly channelRefundNo?: string;
  readonly transactionId?: string;
  readonly amount: number;
  readonly at?: string;
}

const text = (value: string | undefined): string => (value === undefined || value === '' ? '\\N' : value);

function tradeLine(row: TradeRow, lineNo: number, day: string): string {
  const feeE5 = -(row.feeE5 ?? (row.fee ?? 0) * 1000);
  const numbers = [row.transactionId, undefined, row.channelRefundNo, row.refundNo].map(text);
  const sums = [row.amount, row.payer ?? row.amount, feeE5];
  return [
    lineNo,
    'refund',
    `${day} ${row.at ?? '12:00:00'}+08`,
    ...numbers,
    ...sums,
    'CNY',
    '\\N',
    '\\N',
  ].join('\t');
}

function flowLine(row: FlowRow, lineNo: number, day: string): string {
  const others = row.word === 'moved out' ? 'out' : 'in';
  const direction = WORDS.find(({ word }) => word === row.word)?.direction ?? others;
  const numbers = [row.transactionId, undefined, row.channelRefundNo, row.refundNo].map(text);
  const rest = [row.amount, '\\N', '\\N', 'CNY', row.word, '\\N'];
  return [lineNo, direction, `${day} ${row.at ?? '12:00:01'}+08`, ...numbers, ...rest].join('\t');
}

/** A reader whose file is the COPY text itself. */
function copyReader(kind: StatementKind, day: string, lines: number): StatementReader {
  return {
    push: (chunk) => chunk,
    end: () => Buffer.alloc(0),
    summary: () => ({
      ...{
        kind: contentKindOf(kind),
        variant: 'rows',
        lines,
        refundLines: kind === 'trade' ? lines : 0,
        quarantined: [],
      },
      ...{ quarantinedCount: 0, currency: 'CNY' as const, merchantNos: [], firstDate: day, lastDate: day },
      totals: { declared: {}, computed: {}, agree: true },
    }),
  };
}

interface Bring {
  readonly part?: string;
  readonly accountId?: string;
  readonly numberWithin?: 'account' | 'payment';
  /** The statements that the account has each day: trade and one fund account where left out. */
  readonly kinds?: readonly StatementKind[];
  /** Of which fund account the movements are. */
  readonly fundFlow?: FundFlowKind;
  /** Left out, the movements are matched at once. */
  readonly match?: false;
}

async function bringRows(
  db: Pick<TestDatabase, 'ingest'>,
  kind: StatementKind,
  billDate: string,
  lines: readonly string[],
  o: Bring,
): Promise<string> {
  const accountId = o.accountId ?? ACCOUNT;
  const now = minute(60);
  const day = { accountId, kind, billDate, now };
  if (lines.length === 0) {
    const { fileId } = await recordEmptyStatement(db.ingest, day);
    await compare(db, billDate, o);
    return fileId;
  }
  const { fileId } = await importStatement(db.ingest, {
    ...day,
    ...(o.part === undefined ? {} : { part: o.part }),
    source: chunksOf(`${lines.join('\n')}\n`),
    reader: copyReader(kind, billDate, lines.length),
    uri: null,
    expectHash: null,
    expectMerchantNo: null,
  });
  const numberWithin = o.numberWithin === 'payment' ? ('payment' as const) : undefined;
  await matchStatement(db.ingest, fileId, { now, numberWithin });
  await compare(db, billDate, o);
  return fileId;
}

async function compare(db: Pick<TestDatabase, 'ingest'>, billDate: string, o: Bring): Promise<void> {
  if (o.match === false) return;
  await compareDay(db, billDate, o);
}

/** Compares a day of the account, as the workflow does after each file. */
export function compareDay(
  db: Pick<TestDatabase, 'ingest'>,
  billDate: string,
  o: Bring = {},
): Promise<boolean> {
  return matchMovements(db.ingest, {
    accountId: o.accountId ?? ACCOUNT,
    billDate,
    words: WORDS,
    kinds: o.kinds ?? ['trade', 'fund_flow'],
    numberWithin: o.numberWithin ?? 'account',
    now: minute(60),
  });
}

export function bringTrade(
  db: Pick<TestDatabase, 'ingest'>,
  day: string,
  rows: readonly TradeRow[],
  o: Bring = {},
): Promise<string> {
  const lines = rows.map((row, index) => tradeLine(row, index + 2, day));
  return bringRows(db, 'trade', day, lines, o);
}

export function bringFlow(
  db: Pick<TestDatabase, 'ingest'>,
  day: string,
  rows: readonly FlowRow[],
  o: Bring = {},
): Promise<string> {
  const lines = rows.map((row, index) => flowLine(row, index + 2, day));
  return bringRows(db, o.fundFlow ?? 'fund_flow', day, lines, o);
}

interface Span {
  readonly from: string;
  readonly to: string;
}
const ALWAYS: Span = { from: '2000-01-01', to: '2099-12-31' };

/** Every match of a movement, in words that do not depend on the ids of files: `movement ← line pass minor/leg why`. */
export async function movementMatches(
  db: Pick<TestDatabase, 'owner'>,
  { from, to }: Span = ALWAYS,
): Promise<string[]> {
  const { rows } = await db.owner.query<{ said: string }>(
    `select format('%s %s ← %s %s, pass %s, role %s: %s of %s%s', a.bill_date, coalesce(m.refund_no, m.channel_refund_no, m.transaction_id, '-'),
                   a.trade_date, coalesce(l.refund_no, l.channel_refund_no, l.transaction_id, '-'), a.pass, a.role,
                   a.minor, a.leg_minor, ' (' || a.why || ')') as said
       from all_movement_matches a
       join statement_lines m on m.file_id = a.file_id and m.line_no = a.line_no
       join statement_lines l on l.file_id = a.trade_file_id and l.line_no = a.trade_line_no
      where a.bill_date between $1 and $2 and m.bill_date between $1 and $2 and l.bill_date between $1 and $2 order by 1`,
    [from, to],
  );
  return rows.map(({ said }) => said);
}

/** Open differences of the three-way comparison: `kind day number amount/expected`. */
export async function flowBreaks(
  db: Pick<TestDatabase, 'owner'>,
  { from, to }: Span = ALWAYS,
): Promise<string[]> {
  const { rows } = await db.owner.query<{ said: string }>(
    `select concat_ws(' ', b.kind, b.bill_date, coalesce(b.refund_no, b.channel_refund_no, b.transaction_id, '-'),
                      b.amount_minor || '/' || coalesce(b.expected_minor::text, '-')) as said
       from breaks b
      where b.status = 'open' and b.dedupe_key like 'flow/%' and b.bill_date between $1 and $2 order by 1`,
    [from, to],
  );
  return rows.map(({ said }) => said);
}

/** One hash over everything that matching movements has made, ids of files left out. */
export async function outcomeOf(db: Pick<TestDatabase, 'owner'>): Promise<string> {
  const all = [...(await movementMatches(db)), ...(await flowBreaks(db))];
  return createHash('sha256').update(all.join('\n')).digest('hex');
}

export async function emptyStatements(db: Pick<TestDatabase, 'owner'>): Promise<void> {
  await db.owner.query(
    'truncate statement_lines, matches, movement_matches, movement_shares, movement_leftovers, movement_days, breaks, quarantined_lines, statement_files cascade',
  );
}
