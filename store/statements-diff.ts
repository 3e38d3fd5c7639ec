/** What a new delivery of a day changes against the one before it: counted, and line by line. */
import type { Currency } from '../domain/money.ts';
import type { Db, Tx } from './pool.ts';
import type { StatementFile } from './statements-files.ts';

/** How many lines the new delivery has that the one before had not, the other way round, and how many are there otherwise. */
export interface StatementDiff {
  readonly added: number;
  readonly gone: number;
  readonly changed: number;
}

/** The numbers by which two lines of one type are the same line. */
const KEY = 'line_type, transaction_id, channel_refund_no, refund_no, payment_no';

/** What else a line says. Its place in the file is no part of it. */
const SAID = 'occurred_at, amount_minor, payer_minor, fee_e5, currency, status, funding';

/** As texts of rows, in which null and empty differ; sorted by their bytes. Equal lines are counted, so that each has one partner. */
const LINES_OF = (fileId: string): string => `
  select line_no, key, content, row_number() over (partition by content order by line_no) as nth
    from (select line_no, row(${KEY})::text collate "C" as key, row(${KEY}, ${SAID})::text collate "C" as content
            from yuanlu.statement_lines
           where account_id = $1 and bill_date = $2 and file_id = ${fileId}) lines`;

/** What no equal line of the other file answers is paired by its numbers. */
const CHANGES = `
  with before as (${LINES_OF('$3')}), after as (${LINES_OF('$4')}),
  unanswered as (
    select before.line_no as before_line, after.line_no as after_line, coalesce(before.key, after.key) as key,
           coalesce(before.content, after.content) as content
      from before full join after on after.content = before.content and after.nth = before.nth
     where before.content is null or after.content is null),
  gone as (
    select before_line, key, row_number() over (partition by key order by content, before_line) as nth
      from unanswered where before_line is not null),
  come as (
    select after_line, key, row_number() over (partition by key order by content, after_line) as nth
      from unanswered where after_line is not null)
  insert into yuanlu.line_changes (file_id, change_no, before_line, after_line)
  select $4::bigint, row_number() over (order by coalesce(after_line, before_line), after_line is null), before_line, after_line
    from gone full join come on come.key = gone.key and come.nth = gone.nth`;

/** Writes down what changed. Running it for the same files again is refused by the table. */
export async function diffStatements(
  tx: Tx,
  day: { readonly accountId: string; readonly billDate: string },
  files: { readonly before: string; readonly after: string },
): Promise<StatementDiff> {
  await tx.query(`set local work_mem = '32MB'`);
  await tx.query(CHANGES, [day.accountId, day.billDate, files.before, files.after]);
  const { rows } = await tx.query<StatementDiff>(
    `select count(*) filter (where before_line is null)::int as added,
            count(*) filter (where after_line is null)::int as gone,
            count(*) filter (where before_line is not null and after_line is not null)::int as changed
       from yuanlu.line_changes where file_id = $1`,
    [files.after],
  );
  return rows[0] ?? { added: 0, gone: 0, changed: 0 };
}

/** The counts of a file, or null where it is the first delivery of its day, or took the place of an empty one. */
export function diffOf({ detail }: Pick<StatementFile, 'detail'>): StatementDiff | null {
  const diff = detail['diff'] as Partial<StatementDiff> | undefined;
  if (diff === undefined) return null;
  return { added: diff.added ?? 0, gone: diff.gone ?? 0, changed: diff.changed ?? 0 };
}

/** A line as its file has it. */
export interface LineContent {
  readonly lineNo: number;
  readonly lineType: string;
  readonly transactionId: string | null;
  readonly channelRefundNo: string | null;
  readonly refundNo: string | null;
  readonly paymentNo: string | null;
  readonly occurredAt: Date;
  readonly amountMinor: bigint;
  readonly payerMinor: bigint | null;
  /** In 1/100000 yuan: statements print five places. */
  readonly feeE5: bigint | null;
  readonly currency: Currency;
  readonly status: string | null;
  readonly funding: string | null;
}

export interface LineChange {
  /** From 1 on, in the order of the files. */
  readonly no: number;
  /** Null where the line was added. */
  readonly before: LineContent | null;
  /** Null where the line is gone. */
  readonly after: LineContent | null;
}

/** Changes of a file against the one that it took the place of, page by page; `after` is the number of the last change before. */
export async function listLineChanges(
  db: Db,
  file: Pick<StatementFile, 'id' | 'accountId' | 'billDate' | 'supersedes'>,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly LineChange[]> {
  if (file.supersedes === null) return [];
  const { rows } = await db.query<{
    change_no: number;
    before_line: number | null;
    after_line: number | null;
  }>(
    `select change_no, before_line, after_line from yuanlu.line_changes
      where file_id = $1 and change_no > $2 order by change_no limit $3`,
    [file.id, page.after, page.limit],
  );
  const lines = (fileId: string, numbers: readonly (number | null)[]): Promise<Lines> =>
    linesOf(
      db,
      { ...file, id: fileId },
      numbers.filter((line) => line !== null),
    );
  const before = await lines(
    file.supersedes,
    rows.map((row) => row.before_line),
  );
  const after = await lines(
    file.id,
    rows.map((row) => row.after_line),
  );
  return rows.map((row) => ({
    no: row.change_no,
    before: before.get(row.before_line) ?? null,
    after: after.get(row.after_line) ?? null,
  }));
}

type Lines = ReadonlyMap<number | null, LineContent>;

/** Some lines of a file, by their numbers; its table is read once for all of them. */
async function linesOf(
  db: Db,
  file: Pick<StatementFile, 'id' | 'accountId' | 'billDate'>,
  numbers: readonly number[],
): Promise<Lines> {
  if (numbers.length === 0) return new Map();
  const { rows } = await db.query<LineRow>(
    `select line_no, ${KEY}, ${SAID} from yuanlu.statement_lines
      where account_id = $1 and bill_date = $2 and file_id = $3 and line_no = any ($4::int[])`,
    [file.accountId, file.billDate, file.id, numbers],
  );
  return new Map(rows.map((row) => [row.line_no, contentOf(row)]));
}

interface LineRow {
  readonly line_no: number;
  readonly line_type: string;
  readonly transaction_id: string | null;
  readonly channel_refund_no: string | null;
  readonly refund_no: string | null;
  readonly payment_no: string | null;
  readonly occurred_at: Date;
  readonly amount_minor: bigint;
  readonly payer_minor: bigint | null;
  readonly fee_e5: bigint | null;
  readonly currency: Currency;
  readonly status: string | null;
  readonly funding: string | null;
}

function contentOf(line: LineRow): LineContent {
  return {
    lineNo: line.line_no,
    lineType: line.line_type,
    transactionId: line.transaction_id,
    channelRefundNo: line.channel_refund_no,
    refundNo: line.refund_no,
    paymentNo: line.payment_no,
    occurredAt: line.occurred_at,
    amountMinor: line.amount_minor,
    payerMinor: line.payer_minor,
    feeE5: line.fee_e5,
    currency: line.currency,
    status: line.status,
    funding: line.funding,
  };
}

/** The numbers by which both sides are the same line, by their names; none where the file prints none. */
export function numbersOf({
  before,
  after,
}: LineChange): readonly (readonly [name: string, number: string])[] {
  const line = after ?? before;
  const numbers = [
    ['refund_no', line?.refundNo ?? null],
    ['channel_refund_no', line?.channelRefundNo ?? null],
    ['transaction_id', line?.transactionId ?? null],
    ['payment_no', line?.paymentNo ?? null],
  ] as const;
  return numbers.flatMap(([name, number]) => (number === null ? [] : [[name, number] as const]));
}

const FIELDS = {
  occurred_at: (line: LineContent) => line.occurredAt.toISOString(),
  amount_minor: (line: LineContent) => line.amountMinor.toString(),
  payer_minor: (line: LineContent) => line.payerMinor?.toString() ?? null,
  fee_e5: (line: LineContent) => line.feeE5?.toString() ?? null,
  currency: (line: LineContent) => line.currency,
  status: (line: LineContent) => line.status,
  funding: (line: LineContent) => line.funding,
};

export type LineField = keyof typeof FIELDS;

export interface FieldChange {
  readonly field: LineField;
  readonly before: string | null;
  readonly after: string | null;
}

/** What a changed line says otherwise; nothing for one that was added or is gone. */
export function fieldChanges({ before, after }: LineChange): readonly FieldChange[] {
  if (before === null || after === null) return [];
  return (Object.keys(FIELDS) as LineField[])
    .map((field) => ({ field, before: FIELDS[field](before), after: FIELDS[field](after) }))
    .filter((one) => one.before !== one.after);
}
