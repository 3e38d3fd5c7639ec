/** Breaks: read by people and programs, opened by matching and by the sweep, closed by evidence; people work on them in break-work.ts. */
import { AppError } from '../domain/errors.ts';
import type { Currency } from '../domain/money.ts';
import type { BreakKind } from '../domain/statement/break.ts';
import { LOOSE_KINDS } from '../domain/statement/break-work.ts';
import type { PlainDate } from '../domain/time/plain-date.ts';
import type { Db } from './pool.ts';

export interface Break {
  readonly id: string;
  readonly kind: BreakKind;
  readonly accountId: string;
  readonly merchantId: string;
  /** The line it is about; null for a refund that no statement shows. */
  readonly line: { readonly fileId: string; readonly lineNo: number; readonly billDate: string } | null;
  readonly refundId: string | null;
  readonly refundNo: string | null;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  /** What the line says, and what our books say; null where one of them is missing. */
  readonly amountMinor: bigint | null;
  readonly expectedMinor: bigint | null;
  readonly currency: Currency;
  readonly occurredAt: Date | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly status: 'open' | 'closed';
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly closedReason: string | null;
  readonly closingEvidence: Readonly<Record<string, unknown>> | null;
  /** Who works on it. */
  readonly assignedTo: string | null;
  /** Nobody needs to look at it before this Beijing day. */
  readonly parkedUntil: PlainDate | null;
  /** Counts what changed of it. */
  readonly revision: number;
}

/** Whether it is about a line of a trade statement that has no refund: only such a line can be given to one. */
export function isAboutLooseLine(one: Break): one is Break & { readonly line: NonNullable<Break['line']> } {
  const { line, kind, detail } = one;
  if (line === null || !LOOSE_KINDS.includes(kind)) return false;
  return detail['adjustment'] === undefined && detail['three_way'] === undefined;
}

export interface BreakFilter {
  readonly accountId?: string;
  readonly merchantId?: string;
  readonly kind?: BreakKind;
  /** The day that it is about: of its line, or on which the line was due. */
  readonly billDate?: PlainDate;
  readonly status?: 'open' | 'closed';
  readonly fileId?: string;
  readonly refundNo?: string;
  readonly assignedTo?: string;
  /** Put off to a day after `today`, or not. */
  readonly parked?: { readonly is: boolean; readonly today: PlainDate };
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
}

const SELECT = `
  select b.*, a.merchant_id from yuanlu.breaks b join yuanlu.channel_accounts a on a.id = b.account_id`;

/** Breaks in the order in which they were opened. */
export async function listBreaks(
  db: Db,
  filter: BreakFilter,
): Promise<{ breaks: Break[]; next: string | null }> {
  const { rows } = await db.query<Row>(
    `${SELECT}
      where ($1::text is null or b.account_id = $1) and ($2::text is null or a.merchant_id = $2)
        and ($3::text is null or b.kind = $3) and ($4::text is null or b.status = $4)
        and ($5::bigint is null or b.file_id = $5) and ($6::text is null or b.refund_no = $6)
        and ($7::text is null or b.assigned_to = $7)
        and ($8::boolean is null or $8 = coalesce(b.parked_until > $9::date, false))
        and b.id > $10
        and ($12::date is null or yuanlu.day_of_break(b.bill_date, b.detail) = $12)
      order by b.id limit $11`,
    [
      filter.accountId ?? null,
      filter.merchantId ?? null,
      filter.kind ?? null,
      filter.status ?? null,
      filter.fileId ?? null,
      filter.refundNo ?? null,
      filter.assignedTo ?? null,
      filter.parked?.is ?? null,
      filter.parked?.today ?? null,
      filter.after ?? 0,
      filter.limit + 1,
      filter.billDate ?? null,
    ],
  );
  const breaks = rows.slice(0, filter.limit).map(toBreak);
  return { breaks, next: rows.length > filter.limit ? (breaks.at(-1)?.id ?? null) : null };
}

/** @param merchantId finds it among this merchant's accounts only */
export async function getBreak(db: Db, id: string, merchantId?: string): Promise<Break | null> {
  if (!/^[0-9]{1,18}$/.test(id)) return null;
  const { rows } = await db.query<Row>(
    `${SELECT} where b.id = $1 and ($2::text is null or a.merchant_id = $2)`,
    [id, merchantId ?? null],
  );
  return rows[0] === undefined ? null : toBreak(rows[0]);
}

/**
 * A merchant's breaks in the order of their ids, and until the end of the transaction nobody else changes them.
 * @throws AppError `break_unknown` naming the first that is not there
 */
export async function lockBreaks(
  tx: Db,
  merchantId: string,
  ids: readonly string[],
): Promise<readonly Break[]> {
  await tx.query('select 1 from yuanlu.breaks where id = any ($1::bigint[]) order by id for no key update', [
    ids,
  ]);
  return readBreaks(tx, merchantId, ids);
}

/** As {@link lockBreaks}, without the lock. */
export async function readBreaks(
  db: Db,
  merchantId: string,
  ids: readonly string[],
): Promise<readonly Break[]> {
  const { rows } = await db.query<Row>(
    `${SELECT} where b.id = any ($1::bigint[]) and a.merchant_id = $2 order by b.id`,
    [ids, merchantId],
  );
  const known = new Set(rows.map((row) => String(row.id)));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw new AppError('break_unknown', { number: unknown });
  return rows.map(toBreak);
}

/** Of one refund, or of all refunds of an account. */
type MissingOf = { readonly refundId: string } | { readonly accountId: string };

/**
 * Closes what the evidence has answered: a refund that was missing is in a live statement after all, or the channel said in
 * plain words that it did not happen. Returns how many breaks that ended. What people had ended for want of a line is told
 * that it came.
 */
export async function answerMissing(db: Db, of: MissingOf, at: Date): Promise<number> {
  const [where, id] =
    'refundId' in of ? ['b.refund_id = $1', of.refundId] : ['b.account_id = $1', of.accountId];
  // Looking for the answers reads the matches of every statement; there is seldom anything that waits for one.
  const { rows } = await db.query<{ open: boolean; ended: boolean }>(waiting(where), [id]);
  const closed = rows[0]?.open === true ? await db.query(closeMissing(where), [id, at]) : null;
  if (rows[0]?.ended === true) await db.query(noteAnswered(where), [id, at]);
  return closed?.rowCount ?? 0;
}

/** How people and their rules have ended it for good: it is not opened again while nothing new is known. As SQL. */
export const ENDED_FOR_GOOD = `('resolved', 'written_off', 'resolved_by_rule')`;

const OPEN_MISSING = `b.kind = 'missing_at_channel' and b.status = 'open'`;

const ENDED_UNANSWERED = `b.kind = 'missing_at_channel' and b.closed_reason in ${ENDED_FOR_GOOD}
       and not b.closing_evidence ? 'answered_by'`;

/** Whether any waits for its answer: open, or ended by people before the line came. */
function waiting(where: string): string {
  return `
    select exists (select from yuanlu.breaks b where ${OPEN_MISSING} and ${where}) as open,
           exists (select from yuanlu.breaks b where ${ENDED_UNANSWERED} and ${where}) as ended`;
}

/** Ends those that have their answer; `$2` is the time. */
function closeMissing(where: string): string {
  return `
    update yuanlu.breaks b
       set status = 'closed', closed_at = $2,
           closed_reason = case when answer.file_id is null then 'refund_failed' else 'line_found' end,
           closing_evidence = case when answer.file_id is null then jsonb_build_object('state', answer.state)
             else jsonb_build_object('file_id', answer.file_id::text, 'line_no', answer.line_no) end
      from (select r.id, r.state, m.file_id, m.line_no
              from yuanlu.refund_book r
              left join yuanlu.live_matches m on m.account_id = r.account_id and m.refund_id = r.id
             where r.state = 'failed' or m.file_id is not null) answer
     where b.refund_id = answer.id and ${OPEN_MISSING} and ${where}`;
}

/** Says of breaks that people had ended for want of a line that the line came after all; `$2` is the time. Once for each. */
function noteAnswered(where: string): string {
  return `
    update yuanlu.breaks b
       set closing_evidence = b.closing_evidence || jsonb_build_object('answered_at', $2::timestamptz, 'answered_by',
             jsonb_build_object('file_id', m.file_id::text, 'line_no', m.line_no))
      from yuanlu.live_matches m
     where ${ENDED_UNANSWERED}
       and m.account_id = b.account_id and m.refund_id = b.refund_id and ${where}`;
}

interface Row {
  readonly id: bigint;
  readonly kind: BreakKind;
  readonly account_id: string;
  readonly merchant_id: string;
  readonly file_id: bigint | null;
  readonly line_no: number | null;
  readonly bill_date: string | null;
  readonly refund_id: bigint | null;
  readonly refund_no: string | null;
  readonly channel_refund_no: string | null;
  readonly transaction_id: string | null;
  readonly amount_minor: bigint | null;
  readonly expected_minor: bigint | null;
  readonly currency: Currency;
  readonly occurred_at: Date | null;
  readonly detail: Record<string, unknown>;
  readonly status: 'open' | 'closed';
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly closed_reason: string | null;
  readonly closing_evidence: Record<string, unknown> | null;
  readonly assigned_to: string | null;
  readonly parked_until: PlainDate | null;
  readonly revision: number;
}

function toBreak(r: Row): Break {
  const { file_id: fileId, line_no: lineNo, bill_date: billDate } = r;
  return {
    id: String(r.id),
    kind: r.kind,
    accountId: r.account_id,
    merchantId: r.merchant_id,
    line:
      fileId === null || lineNo === null || billDate === null
        ? null
        : { fileId: String(fileId), lineNo, billDate },
    refundId: r.refund_id === null ? null : String(r.refund_id),
    refundNo: r.refund_no,
    channelRefundNo: r.channel_refund_no,
    transactionId: r.transaction_id,
    amountMinor: r.amount_minor,
    expectedMinor: r.expected_minor,
    currency: r.currency,
    occurredAt: r.occurred_at,
    detail: r.detail,
    status: r.status,
    openedAt: r.opened_at,
    closedAt: r.closed_at,
    closedReason: r.closed_reason,
    closingEvidence: r.closing_evidence,
    assignedTo: r.assigned_to,
    parkedUntil: r.parked_until,
    revision: r.revision,
  };
}
