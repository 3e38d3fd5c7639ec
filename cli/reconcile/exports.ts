/** The files of --out. Each appears under its name only when it is whole. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatYuan, isCurrency } from '../../domain/money.ts';
import { MATCH_PASSES } from '../../domain/statement/break.ts';
import type { Pool } from '../../store/pool.ts';
import type { ReconcileChannel } from './channels.ts';
import type { Cell } from './csv.ts';
import { BOM, csvLine, figure, serial, text } from './csv.ts';
import type { Findings, ReconcileDocument } from './document.ts';
import { breaksIn, fileOf, placeOf, refundNoOf } from './document.ts';
import { differing } from './differing.ts';
import { explain } from './explain.ts';
import { Lateness } from './lateness.ts';
import type { Progress } from '../pace.ts';
import { during, paceText } from '../pace.ts';
import type { BreakRow, ListedSide, LineSide, MatchRow, OverdueRow, QuarantineRow } from './rows.ts';
import { breakRows, matchRows, overdueRows, quarantineRows } from './rows.ts';

/** Lines that are written together. */
const LINES_PER_PIECE = 1_000;
/** Rows between two words of progress. */
const TOLD_EVERY_ROWS = 5_000;

type Column<Row> = readonly [name: string, cell: (row: Row) => Cell];

export async function writeExports(
  owner: Pool,
  folder: string,
  findings: Findings,
  document: ReconcileDocument,
  progress: Progress,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const place = (name: string): string => join(folder, name);
  const { judgement } = findings;
  const csv = <Row>(
    name: string,
    columns: readonly Column<Row>[],
    rows: AsyncIterable<Row>,
    all: number | null,
  ): Promise<void> => writeCsv(place(name), columns, told(rows, progress, place(name), all));
  await csv('matches.csv', matchColumns(findings), matchRows(owner), judgement.lines.matched);
  await csv('breaks.csv', breakColumns(findings), breakRows(owner), breaksIn(judgement));
  await csv('overdue.csv', overdueColumns(findings), overdueRows(owner), null);
  await csv('quarantine.csv', quarantineColumns(findings), quarantineRows(owner), null);
  await whole(place('summary.json'), (draft) => writeFile(draft, `${JSON.stringify(document, null, 2)}\n`));
}

/** Says how many of the rows have gone by. Before the first of them all are put in order, which takes a while. */
async function* told<Row>(
  rows: AsyncIterable<Row>,
  progress: Progress,
  file: string,
  all: number | null,
): AsyncGenerator<Row, void> {
  const each = rows[Symbol.asyncIterator]();
  try {
    let next = await during(progress, `sorting the rows of ${file}`, () => each.next());
    const beganAt = performance.now();
    for (let count = 1; next.done !== true; count += 1) {
      yield next.value;
      next = await each.next();
      if (count % TOLD_EVERY_ROWS !== 0) continue;
      const part = all === null ? null : ({ of: 'rows', done: count, all } as const);
      progress.update(
        `writing ${file}: ${paceText({ count, noun: 'row', part }, performance.now() - beganAt)}`,
      );
    }
  } finally {
    // A file that cannot be written leaves its rows unread: their cursor is closed all the same.
    await each.return?.();
  }
}

async function writeCsv<Row>(
  path: string,
  columns: readonly Column<Row>[],
  rows: AsyncIterable<Row>,
): Promise<void> {
  await whole(path, (draft) => pipeline(Readable.from(csvPieces(columns, rows)), createWriteStream(draft)));
}

async function whole(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.part`;
  try {
    await write(draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function* csvPieces<Row>(
  columns: readonly Column<Row>[],
  rows: AsyncIterable<Row>,
): AsyncGenerator<string, void> {
  let lines = [BOM + csvLine(columns.map(([name]) => text(name)))];
  for await (const row of rows) {
    lines.push(csvLine(columns.map(([, cell]) => cell(row))));
    if (lines.length < LINES_PER_PIECE) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function matchColumns({ statements }: Findings): readonly Column<MatchRow>[] {
  return [
    ['refund_no', ({ listed }) => serial(listed.refundNo)],
    ['matched_by', ({ pass }) => text(MATCH_PASSES[pass - 1] ?? null)],
    ...amountColumns<MatchRow>('', ({ listed }) => listed),
    ['requested_at', ({ listed }) => instant(listed.requestedAt)],
    ['statement_at', ({ line }) => instant(line.occurredAt)],
    ['statement_refund_no', ({ line }) => serial(line.refundNo)],
    ['channel_refund_no', ({ line }) => serial(line.channelRefundNo)],
    ['transaction_id', ({ line }) => serial(line.transactionId)],
    ['payment_no', ({ line }) => serial(line.paymentNo)],
    ['statement', ({ line }) => text(fileOf(statements, line.fileId))],
    ['statement_line', ({ line }) => figure(line.lineNo)],
    ['list_line', ({ listed }) => figure(listed.listLine)],
  ];
}

function breakColumns({ statements }: Findings): readonly Column<BreakRow>[] {
  return [
    ['kind', ({ kind }) => text(kind)],
    ['refund_no', (row) => serial(refundNoOf(row))],
    ...amountColumns<BreakRow>('', ({ listed }) => listed),
    ...amountColumns<BreakRow>('statement_', ({ line }) => line),
    ['requested_at', ({ listed }) => instant(listed?.requestedAt)],
    ['promise_at', ({ window }) => instant(window?.promiseAt)],
    ['statement_at', ({ line }) => instant(line?.occurredAt)],
    ['state', ({ listed }) => text(listed?.state ?? null)],
    ['statement_refund_no', ({ line }) => serial(line?.refundNo ?? null)],
    ['channel_refund_no', (row) => serialOf(row, 'channelRefundNo')],
    ['transaction_id', (row) => serialOf(row, 'transactionId')],
    ['payment_no', (row) => serialOf(row, 'paymentNo')],
    ['statement', ({ line }) => text(line === null ? null : fileOf(statements, line.fileId))],
    ['statement_line', ({ line }) => figure(line?.lineNo ?? null)],
    ['list_line', ({ listed }) => figure(listed?.listLine ?? null)],
    [
      'differs',
      (row) =>
        text(
          differing(row)
            .map(({ key }) => key)
            .join(' '),
        ),
    ],
    ['explanation', (row) => text(explain(row, placeOf(statements)))],
  ];
}

/** The channel's serials as the line has them, else as the list has them. */
function serialOf({ line, listed }: BreakRow, name: 'channelRefundNo' | 'transactionId' | 'paymentNo'): Cell {
  return serial(line?.[name] ?? listed?.[name] ?? null);
}

function overdueColumns({ asOf, channel }: Findings): readonly Column<OverdueRow>[] {
  const lateness = new Lateness(asOf);
  return [
    ['refund_no', ({ listed }) => serial(listed.refundNo)],
    ['level', ({ level }) => text(level === 2 ? 'alarm' : 'promise_missed')],
    ['days_late', ({ window }) => figure(lateness.days(window))],
    ['calendar', ({ window }) => text(lateness.isProvisional(window) ? 'provisional' : 'published')],
    ...amountColumns<OverdueRow>('', ({ listed }) => listed),
    ['requested_at', ({ listed }) => instant(listed.requestedAt)],
    ['promise_at', ({ window }) => instant(window.promiseAt)],
    ['alarm_at', ({ window }) => instant(window.alarmAt)],
    ['source', ({ listed }) => text(listed.source)],
    ['state', ({ listed }) => text(listed.state)],
    ['channel_refund_no', ({ listed }) => serial(listed.channelRefundNo)],
    ['transaction_id', ({ listed }) => serial(listed.transactionId)],
    ['payment_no', ({ listed }) => serial(listed.paymentNo)],
    ['list_line', ({ listed }) => figure(listed.listLine)],
    ['next_action', ({ listed }) => text(nextAction(listed, channel))],
  ];
}

/** What somebody can do about it today, with the numbers to quote. */
function nextAction(listed: ListedSide, channel: ReconcileChannel): string {
  const ask = `ask ${channel.title} about refund ${listed.refundNo}`;
  const { of, to } = channel.quote;
  const number = listed[of];
  const title = channel.numbers.find((one) => one.of === of)?.title ?? '';
  return number === null ? ask : `${ask}; the payer can quote ${title} ${number} to ${to}`;
}

function quarantineColumns({ statements }: Findings): readonly Column<QuarantineRow>[] {
  return [
    ['statement', ({ fileId }) => text(fileOf(statements, fileId))],
    ['statement_line', ({ lineNo }) => figure(lineNo)],
    ['byte_offset', ({ byteOffset }) => figure(byteOffset)],
    ['reason', ({ reason }) => text(reason)],
    ['code', ({ code }) => text(code)],
    ['raw', ({ raw }) => text(raw)],
  ];
}

type Amount = Pick<ListedSide | LineSide, 'amountMinor' | 'currency'>;

/** An amount in minor units, in yuan, and its currency. Other currencies than yuan have no yuan. */
function amountColumns<Row>(prefix: string, side: (row: Row) => Amount | null): readonly Column<Row>[] {
  return [
    [`${prefix}amount_minor`, (row) => figure(side(row)?.amountMinor ?? null)],
    [`${prefix}amount_yuan`, (row) => figure(yuanOf(side(row)))],
    [`${prefix}currency`, (row) => text(side(row)?.currency ?? null)],
  ];
}

function yuanOf(amount: Amount | null): string | null {
  return amount !== null && isCurrency(amount.currency)
    ? formatYuan(amount.amountMinor, amount.currency)
    : null;
}

/** RFC 3339 in Beijing time. */
function instant(at: Date | undefined): Cell {
  if (at === undefined) return text(null);
  const beijing = new Date(at.getTime() + BEIJING_OFFSET_MS).toISOString();
  return text(`${beijing.slice(0, 19)}+08:00`);
}

const BEIJING_OFFSET_MS = 8 * 3_600_000;
