/** The inbox of callbacks: stored as they came before they are acknowledged, applied once, refused ones kept apart. */
import { createHash } from 'node:crypto';
import { AppError } from '../domain/errors.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ChannelReport, Observation } from '../domain/refund/observation.ts';
import type { ChannelName, Refund } from '../domain/refund/refund.ts';
import { observeInside } from './observations.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { brokenConstraint, inTransaction } from './pool.ts';
import { storable } from './storable-text.ts';

/** What a genuine or refused message was read as; the report is the evidence it carries about a refund. */
export type CallbackContent =
  | {
      readonly verdict: 'refund';
      readonly noticeId: string;
      readonly eventType: string;
      readonly refundNo: string;
      readonly report: Omit<ChannelReport, 'source' | 'ref' | 'at'>;
    }
  | { readonly verdict: 'unhandled'; readonly noticeId: string; readonly eventType: string }
  | { readonly verdict: 'refused'; readonly code: ErrorCode };

export interface NewCallback {
  /** Null when the address named no account of ours. */
  readonly accountId: string | null;
  readonly channel: ChannelName;
  readonly receivedAt: Date;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly content: CallbackContent;
}

/**
 * Stores a message. A notice that was stored before is a duplicate and adds nothing.
 * @throws AppError `callback_replayed` when a stored notice's id comes with another body
 */
export async function storeCallback(
  pool: Pool,
  received: NewCallback,
): Promise<{ id: string; duplicate: boolean }> {
  const callback = { ...received, headers: storable(received.headers), content: storable(received.content) };
  const hash = createHash('sha256').update(callback.body).digest('hex');
  try {
    return { id: await insert(pool, callback, hash), duplicate: false };
  } catch (error) {
    if (brokenConstraint(error) !== 'callback_once' || callback.content.verdict === 'refused') throw error;
    return findDuplicate(pool, callback, callback.content.noticeId);
  }
}

async function insert(pool: Pool, callback: NewCallback, hash: string): Promise<string> {
  const { content } = callback;
  const genuine = content.verdict !== 'refused';
  const { rows } = await pool.query<{ id: bigint }>(
    `insert into callbacks (channel, account_id, received_at, headers, body, body_sha256, verdict, refusal_code, notice_id, event_type, refund_no, report)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`,
    [
      callback.channel,
      callback.accountId,
      callback.receivedAt,
      JSON.stringify(callback.headers),
      callback.body,
      hash,
      content.verdict,
      genuine ? null : content.code,
      genuine ? content.noticeId : null,
      genuine ? content.eventType : null,
      content.verdict === 'refund' ? content.refundNo : null,
      content.verdict === 'refund' ? JSON.stringify(content.report) : null,
    ],
  );
  if (rows[0] === undefined)
    throw new AppError('invariant_broken', { sentence: 'an inserted callback has an id' });
  return String(rows[0].id);
}

/**
 * Facts that a repeat of a notice may have where the first delivery had none. None of them is money; the instant of the
 * request is part of the notice's own id, and deliveries kept before it was read have none.
 */
const SAID_LATER = ['flaw', 'clearingDate', 'requestedAt'];

/** Facts that notices kept by an older version have none of: a repeat that names them is the same notice. */
const READ_SINCE = ['paymentNo', 'capturedMinor', 'returnedToMerchant'];

/**
 * The channel encrypts each delivery anew, so bodies of one notice differ; what they say must not. A later delivery may say
 * more of what is neither identity nor money.
 */
async function findDuplicate(
  pool: Pool,
  callback: NewCallback,
  noticeId: string,
): Promise<{ id: string; duplicate: boolean }> {
  const { rows } = await pool.query<{ id: bigint; verdict: string; refund_no: string | null; same: boolean }>(
    `select id, verdict, refund_no,
            report - $4::text[] is not distinct from
              $3::jsonb - $4::text[] - array(select name from unnest($5::text[]) name where not report ? name) as same
       from callbacks where account_id = $1 and notice_id = $2`,
    [
      callback.accountId,
      noticeId,
      callback.content.verdict === 'refund' ? JSON.stringify(callback.content.report) : null,
      SAID_LATER,
      READ_SINCE,
    ],
  );
  const stored = rows[0];
  const refundNo = callback.content.verdict === 'refund' ? callback.content.refundNo : null;
  if (stored === undefined || !stored.same || stored.refund_no !== refundNo) {
    throw new AppError('callback_replayed', { notice_id: noticeId });
  }
  return { id: String(stored.id), duplicate: true };
}

/**
 * Makes a stored notice count: its report becomes evidence of the refund it names, once. Null while the refund is not
 * known; the notice then waits and is tried again by the scheduler. A notice that names another transaction than the
 * payment's is no word about this refund's money, and one that contradicts the books about the payment is none to be
 * believed: the contradiction is recorded in place of the report.
 */
export async function applyCallback(pool: Pool, callbackId: string): Promise<{ refund: Refund | null }> {
  return inTransaction(pool, async (tx) => {
    const notice = await lockNotice(tx, callbackId);
    if (notice === null) return { refund: null };
    const { rows } = await tx.query<NoticedRefund>(
      `select r.id, r.requested_at, p.transaction_id, p.payment_no, p.captured_minor from refunds r join payments p on p.id = r.payment_id
        where r.account_id = $1 and r.refund_no = $2`,
      [notice.account_id, notice.refund_no],
    );
    if (rows[0] === undefined) return { refund: null };
    const refundId = String(rows[0].id);
    const refund = await observeInside(tx, refundId, [toObservation(notice, rows[0])]);
    await tx.query(
      'update callbacks set applied_at = coalesce(applied_at, received_at), refund_id = $2 where id = $1',
      [callbackId, refundId],
    );
    return { refund };
  });
}

interface NoticedRefund {
  readonly id: bigint;
  readonly requested_at: Date;
  readonly transaction_id: string | null;
  readonly payment_no: string;
  readonly captured_minor: bigint;
}

function toObservation(notice: Notice, refund: NoticedRefund): Observation {
  const base = { source: 'callback', ref: notice.notice_id, at: notice.received_at.toISOString() } as const;
  const others = differing(notice.report, refund);
  const fields = contradicting(notice.report, refund);
  if (others.length > 0) return { ...base, kind: 'payment_mismatch', fields: [...others, ...fields] };
  if (fields.length === 0) return { ...notice.report, ...base };
  // Under the payment's own transaction it is about this refund, and wrong; without one it may be about another payment's.
  const isOurs = refund.transaction_id !== null && notice.report.transactionId !== undefined;
  const code =
    isOurs || !fields.includes('payment_no') ? { code: 'callback_contradicts_books' as const } : {};
  return { ...base, kind: 'payment_mismatch', fields, ...code };
}

/** In what the notice speaks against the books about the payment: its number, what was captured, what can be given back. */
function contradicting(
  { paymentNo, capturedMinor, refundedSoFarMinor }: Notice['report'],
  payment: Pick<NoticedRefund, 'payment_no' | 'captured_minor'>,
): string[] {
  const captured = payment.captured_minor;
  return [
    ...(paymentNo !== undefined && paymentNo !== payment.payment_no ? ['payment_no'] : []),
    ...(capturedMinor !== undefined && BigInt(capturedMinor) !== captured ? ['captured_minor'] : []),
    ...(refundedSoFarMinor !== undefined && BigInt(refundedSoFarMinor) > captured
      ? ['refunded_so_far_minor']
      : []),
  ];
}

/** By what the notice names another transaction than this refund of this payment. */
function differing(
  report: Pick<ChannelReport, 'transactionId' | 'requestedAt'>,
  refund: NoticedRefund,
): string[] {
  const { transactionId, requestedAt } = report;
  const second = (at: Date): number => Math.floor(at.getTime() / 1_000);
  return [
    ...(transactionId !== undefined &&
    refund.transaction_id !== null &&
    transactionId !== refund.transaction_id
      ? ['transaction_id']
      : []),
    ...(requestedAt !== undefined && second(new Date(requestedAt)) !== second(refund.requested_at)
      ? ['requested_at']
      : []),
  ];
}

interface Notice {
  readonly account_id: string;
  readonly refund_no: string;
  readonly notice_id: string;
  readonly received_at: Date;
  readonly report: Omit<ChannelReport, 'source' | 'ref' | 'at'>;
}

async function lockNotice(tx: Tx, callbackId: string): Promise<Notice | null> {
  const { rows } = await tx.query<Notice>(
    `select account_id, refund_no, notice_id, received_at, report from callbacks where id = $1 and verdict = 'refund' for update`,
    [callbackId],
  );
  return rows[0] ?? null;
}

/** Genuine notices about refunds that were not known when they came. Oldest first. */
export async function unappliedCallbacks(db: Db, o: { readonly limit: number }): Promise<string[]> {
  const { rows } = await db.query<{ id: bigint }>(
    `select c.id from callbacks c
      where c.verdict = 'refund' and c.applied_at is null
        and exists (select from refunds r where r.account_id = c.account_id and r.refund_no = c.refund_no)
      order by c.id limit $1`,
    [o.limit],
  );
  return rows.map((row) => String(row.id));
}

/** How many messages were refused for an account since an instant; bounds what a stranger can make us store. */
export async function refusedSince(db: Db, accountId: string | null, since: Date): Promise<number> {
  const { rows } = await db.query<{ refused: bigint }>(
    `select count(*) as refused from callbacks where account_id is not distinct from $1 and received_at >= $2 and verdict = 'refused'`,
    [accountId, since],
  );
  return Number(rows[0]?.refused ?? 0n);
}
