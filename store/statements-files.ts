/** Statement files as rows: what was delivered for which day, and what became of it. */
import type { LineFaultCode } from '../domain/errors.ts';
import type { Currency } from '../domain/money.ts';
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import { contentKindOf } from '../domain/statement/statement.ts';
import type {
  QuarantinedLine,
  StatementKind,
  StatementSummary,
  StatementTotals,
} from '../domain/statement/statement.ts';
import type { Db } from './pool.ts';
import { totalsFromJson } from './statements-check.ts';

export interface StatementFile {
  readonly id: string;
  readonly accountId: string;
  readonly kind: StatementKind;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  readonly part: string;
  /** 1, 2, … for the deliveries of a day; 0 for a refused file. */
  readonly revision: number;
  readonly status: 'loaded' | 'empty' | 'superseded' | 'refused';
  readonly sha256: string | null;
  readonly uri: string | null;
  readonly variant: string | null;
  readonly currency: Currency | null;
  readonly lines: number;
  readonly refundLines: number;
  readonly quarantined: number;
  readonly totals: { readonly declared: StatementTotals; readonly computed: StatementTotals };
  readonly merchantNos: readonly string[];
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  /** What a line of it proves about a refund. */
  readonly proves: StatementLineSeen['proves'];
  readonly refusalCode: string | null;
  readonly refusedCount: number;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly supersedes: string | null;
  readonly receivedAt: Date;
  readonly matchedAt: Date | null;
}

export const STATEMENT_FILE_COLUMNS = `id, account_id, kind, bill_date, part, revision, status, sha256, uri, variant,
  currency, lines, refund_lines, quarantined, totals_declared, totals_computed, merchant_nos, first_date, last_date,
  refusal_code, refused_count, detail, supersedes, received_at, matched_at, proves`;

/** A row of {@link STATEMENT_FILE_COLUMNS}. */
export interface StatementFileRow {
  readonly id: bigint;
  readonly account_id: string;
  readonly kind: StatementKind;
  readonly bill_date: string;
  readonly part: string;
  readonly revision: number;
  readonly status: StatementFile['status'];
  readonly sha256: string | null;
  readonly uri: string | null;
  readonly variant: string | null;
  readonly currency: Currency | null;
  readonly lines: number;
  readonly refund_lines: number;
  readonly quarantined: number;
  readonly totals_declared: Record<string, string> | null;
  readonly totals_computed: Record<string, string> | null;
  readonly merchant_nos: string[];
  readonly first_date: string | null;
  readonly last_date: string | null;
  readonly refusal_code: string | null;
  readonly refused_count: number;
  readonly detail: Record<string, unknown>;
  readonly supersedes: bigint | null;
  readonly received_at: Date;
  readonly matched_at: Date | null;
  readonly proves: StatementFile['proves'];
}

export function toStatementFile(r: StatementFileRow): StatementFile {
  return {
    id: String(r.id),
    accountId: r.account_id,
    kind: r.kind,
    billDate: r.bill_date,
    part: r.part,
    revision: r.revision,
    status: r.status,
    sha256: r.sha256,
    uri: r.uri,
    variant: r.variant,
    currency: r.currency,
    lines: r.lines,
    refundLines: r.refund_lines,
    quarantined: r.quarantined,
    totals: { declared: totalsFromJson(r.totals_declared), computed: totalsFromJson(r.totals_computed) },
    merchantNos: r.merchant_nos,
    firstDate: r.first_date,
    lastDate: r.last_date,
    proves: r.proves,
    refusalCode: r.refusal_code,
    refusedCount: r.refused_count,
    detail: r.detail,
    supersedes: r.supersedes === null ? null : String(r.supersedes),
    receivedAt: r.received_at,
    matchedAt: r.matched_at,
  };
}

/** @param merchantId finds it among this merchant's accounts only */
export async function getStatementFile(
  db: Db,
  fileId: string,
  merchantId?: string,
): Promise<StatementFile | null> {
  if (!/^[0-9]{1,18}$/.test(fileId)) return null;
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where id = $1 and ($2::text is null
        or account_id in (select a.id from yuanlu.channel_accounts a where a.merchant_id = $2))`,
    [fileId, merchantId ?? null],
  );
  return rows[0] === undefined ? null : toStatementFile(rows[0]);
}

/** Files by bill date, newest delivery last; `after` is the id of the last file of the page before. */
export async function listStatementFiles(
  db: Db,
  filter: {
    readonly accountId?: string | null;
    /** Of this merchant's accounts only. */
    readonly merchantId?: string;
    readonly from?: string;
    readonly to?: string;
    readonly after?: string;
    readonly limit: number;
  },
): Promise<StatementFile[]> {
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where ($1::text is null or account_id = $1) and ($2::date is null or bill_date >= $2)
        and ($3::date is null or bill_date <= $3) and id > $4
        and ($6::text is null or account_id in (select a.id from yuanlu.channel_accounts a where a.merchant_id = $6))
      order by id limit $5`,
    [
      ...[filter.accountId ?? null, filter.from ?? null, filter.to ?? null, filter.after ?? 0, filter.limit],
      filter.merchantId ?? null,
    ],
  );
  return rows.map(toStatementFile);
}

/** Every delivery of a month (yyyy-mm) that was taken, also those that another one took the place of, by day. */
export async function statementsOfMonth(
  db: Db,
  { accountId, month }: { readonly accountId: string; readonly month: string },
): Promise<readonly StatementFile[]> {
  const { rows } = await db.query<StatementFileRow>(
    `select ${STATEMENT_FILE_COLUMNS} from yuanlu.statement_files
      where account_id = $1 and bill_date >= $2::date and bill_date < $2::date + interval '1 month'
        and status in ('loaded', 'empty', 'superseded')
      order by bill_date, id`,
    [accountId, `${month}-01`],
  );
  return rows.map(toStatementFile);
}

/** Rows of a file that could not be read, by line number. */
export async function listQuarantined(db: Db, fileId: string): Promise<QuarantinedLine[]> {
  const { rows } = await db.query<{
    line_no: number;
    byte_offset: bigint;
    code: LineFaultCode | null;
    reason: string;
    raw: string;
  }>(
    `select line_no, byte_offset, code, reason, raw from yuanlu.quarantined_lines where file_id = $1 order by line_no`,
    [fileId],
  );
  return rows.map((row) => ({
    lineNo: row.line_no,
    byteOffset: Number(row.byte_offset),
    code: row.code,
    reason: row.reason,
    raw: row.raw,
  }));
}

/** The summary of a file as its reader gave it. */
export async function summaryOf(db: Db, file: StatementFile): Promise<StatementSummary> {
  const remarks = remarksOf(file);
  return {
    kind: contentKindOf(file.kind),
    variant: file.variant ?? '',
    lines: file.lines,
    refundLines: file.refundLines,
    quarantined: await listQuarantined(db, file.id),
    quarantinedCount: file.quarantined,
    currency: file.currency ?? 'CNY',
    totals: { ...file.totals, agree: true },
    merchantNos: file.merchantNos,
    firstDate: file.firstDate,
    lastDate: file.lastDate,
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

/** What its reader found unlike the description, and read all the same. */
export function remarksOf({ detail }: Pick<StatementFile, 'detail'>): readonly string[] {
  const remarks: unknown = detail['remarks'];
  return Array.isArray(remarks) ? remarks.map(String) : [];
}
