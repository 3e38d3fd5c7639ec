/** Four eyes, kept: requests for acts that need two people, and what was decided. The acts themselves are elsewhere. */
import type { Act, Approval, ApprovalContent, ApprovalSubject, Verdict } from '../domain/approval.ts';
import { APPROVAL_LIFETIME_MS, decisionRefused } from '../domain/approval.ts';
import { AppError, invariant } from '../domain/errors.ts';
import { fingerprint } from './fingerprint.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';

export interface NewApproval {
  readonly merchantId: string;
  readonly act: Act;
  readonly subject: ApprovalSubject;
  readonly content: ApprovalContent;
  readonly askedBy: string;
  readonly reason: string;
  readonly now: Date;
}

interface Row {
  readonly id: bigint;
  readonly merchant_id: string;
  readonly act: Act;
  readonly refund_no: string | null;
  readonly refund_nos: readonly string[] | null;
  readonly break_ids: readonly bigint[] | null;
  readonly account_id: string | null;
  readonly bill_date: string | null;
  readonly content: ApprovalContent;
  readonly fingerprint: string;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly reason: string;
  readonly expires_at: Date;
  readonly verdict: Verdict | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly decision_reason: string | null;
  readonly used_at: Date | null;
}

/** Asks for an act. The same person's same request again, while it is open, is that request. */
export function askForApproval(pool: Pool, asked: NewApproval): Promise<Approval> {
  const { merchantId, act, subject, content } = asked;
  const print = fingerprint({ ...content, act, merchant_id: merchantId, ...namesOf(subject) });
  return inTransaction(pool, async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`yuanlu/approval/${print}`]);
    const open = await tx.query<Row>(
      'select * from approvals where fingerprint = $1 and asked_by = $2 and verdict is null and expires_at > $3',
      [print, asked.askedBy, asked.now],
    );
    if (open.rows[0] !== undefined) return toApproval(open.rows[0]);
    const made = await tx.query<Row>(
      `insert into approvals (merchant_id, act, refund_no, refund_nos, break_ids, account_id, bill_date, content,
         fingerprint, asked_by, asked_at, reason, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning *`,
      [
        ...[merchantId, act, ...columnsOf(subject), JSON.stringify(content), print],
        ...[asked.askedBy, asked.now, asked.reason, new Date(asked.now.getTime() + APPROVAL_LIFETIME_MS)],
      ],
    );
    return only(made.rows);
  });
}

/** What a subject adds to the fingerprint. */
function namesOf(subject: ApprovalSubject): Readonly<Record<string, string>> {
  switch (subject.of) {
    case 'refunds':
      return { refund_no: subject.refundNos.join(' ') };
    case 'breaks':
      return { break_no: subject.breakIds.join(' ') };
    case 'day':
      return { account_id: subject.accountId, bill_date: subject.billDate };
  }
}

/** refund_no, refund_nos, break_ids, account_id, bill_date. */
function columnsOf(subject: ApprovalSubject): readonly unknown[] {
  switch (subject.of) {
    case 'refunds': {
      const [one = null, ...others] = subject.refundNos;
      return others.length === 0
        ? [one, null, null, null, null]
        : [null, subject.refundNos, null, null, null];
    }
    case 'breaks':
      return [null, null, subject.breakIds, null, null];
    case 'day':
      return [null, null, null, subject.accountId, subject.billDate];
  }
}

function subjectOf(row: Row): ApprovalSubject {
  const { break_ids: breaks, account_id: accountId, bill_date: billDate } = row;
  if (breaks !== null) return { of: 'breaks', breakIds: breaks.map(String) };
  if (accountId !== null && billDate !== null) return { of: 'day', accountId, billDate };
  return { of: 'refunds', refundNos: row.refund_nos ?? (row.refund_no === null ? [] : [row.refund_no]) };
}

export interface NewDecision {
  readonly id: string;
  readonly merchantId: string;
  readonly verdict: Verdict;
  readonly by: string;
  /** Of what the person saw. */
  readonly fingerprint: string;
  readonly reason: string;
  readonly now: Date;
}

/**
 * Decides a request; what is approved is done by `carryOut` in the same transaction, so that it is done once or, where it
 * cannot be done any more, stays undecided.
 * @throws AppError `approval_unknown`, `approval_expired`, `approval_decided`, `approval_own`, `approval_differs`, and
 *   what `carryOut` throws
 */
export function decideApproval(
  pool: Pool,
  decision: NewDecision,
  carryOut: (tx: Tx, approval: Approval) => Promise<void>,
): Promise<Approval> {
  const { id, verdict, by, reason, now } = decision;
  return inTransaction(pool, async (tx) => {
    const known = await readApproval(tx, decision.merchantId, id, 'for update');
    const refused = decisionRefused(known, decision);
    if (refused !== null) throw new AppError(refused, { approval: id });
    if (verdict === 'approved') await carryOut(tx, { ...known, decision: { verdict, by, at: now, reason } });
    const { rows } = await tx.query<Row>(
      `update approvals set verdict = $2, decided_by = $3, decided_at = $4, decision_reason = $5, used_at = $6
        where id = $1 returning *`,
      [id, verdict, by, now, reason, verdict === 'approved' ? now : null],
    );
    return only(rows);
  });
}

/** @throws AppError `approval_unknown` */
export function getApproval(db: Db, merchantId: string, id: string): Promise<Approval> {
  return readApproval(db, merchantId, id, '');
}

async function readApproval(
  db: Db,
  merchantId: string,
  id: string,
  lock: '' | 'for update',
): Promise<Approval> {
  const { rows } = await db.query<Row>(`select * from approvals where id = $1 and merchant_id = $2 ${lock}`, [
    id,
    merchantId,
  ]);
  if (rows[0] === undefined) throw new AppError('approval_unknown', { approval: id });
  return toApproval(rows[0]);
}

/** Requests of a merchant, newest first; only those that wait for a decision where `waitingAt` is given. */
export async function listApprovals(
  db: Db,
  merchantId: string,
  o: { readonly limit: number; readonly after?: string; readonly waitingAt?: Date },
): Promise<{ readonly approvals: Approval[]; readonly next: string | null }> {
  const { rows } = await db.query<Row>(
    `select * from approvals
      where merchant_id = $1 and ($3::bigint is null or id < $3)
        and ($4::timestamptz is null or verdict is null and expires_at > $4)
      order by id desc limit $2`,
    [merchantId, o.limit + 1, o.after ?? null, o.waitingAt ?? null],
  );
  const page = rows.slice(0, o.limit);
  return {
    approvals: page.map(toApproval),
    next: rows.length > o.limit ? String(page.at(-1)?.id) : null,
  };
}

function only(rows: readonly Row[]): Approval {
  const [row] = rows;
  invariant(row !== undefined, 'an approval that was written comes back');
  return toApproval(row);
}

function toApproval(row: Row): Approval {
  const { verdict, decided_by: by, decided_at: at, decision_reason: reason } = row;
  return {
    id: String(row.id),
    merchantId: row.merchant_id,
    act: row.act,
    subject: subjectOf(row),
    content: row.content,
    fingerprint: row.fingerprint,
    askedBy: row.asked_by,
    askedAt: row.asked_at,
    reason: row.reason,
    expiresAt: row.expires_at,
    decision:
      verdict === null || by === null || at === null || reason === null ? null : { verdict, by, at, reason },
    usedAt: row.used_at,
  };
}
