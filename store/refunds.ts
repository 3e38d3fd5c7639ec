/** Refunds: recorded once, read by number, listed, and found when nobody carries them. */
import { AppError, invariant } from '../domain/errors.ts';
import type { RefundNoRule } from '../domain/ids.ts';
import { assertRefundNo, assertRefundNoFits } from '../domain/ids.ts';
import { parseMinor } from '../domain/money.ts';
import type { ChannelName, Payment, Refund, RefundRequest } from '../domain/refund/refund.ts';
import type { RefundState } from '../domain/refund/state.ts';
import type { ArrivalPlan } from '../domain/time/arrival-window.ts';
import { fingerprint } from './fingerprint.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { brokenConstraint, inTransaction } from './pool.ts';
import type { RefundRules } from './refund-payment.ts';
import { checkParts, checkPayment, paymentOf } from './refund-payment.ts';
import type { RefundRow } from './refund-rows.ts';
import { REFUND_SELECT, toRefund } from './refund-rows.ts';

export interface RecordOptions extends RefundRules {
  /** Null for callers that have only the refund number as their key. */
  readonly idempotencyKey: string | null;
}

/**
 * Records a refund, or finds the one that the same request made before. The refund number and the idempotency key are
 * both unique in the database, and the payment's guard holds the sum: whatever runs at the same time.
 * @throws AppError `refund_conflict`, `idempotency_conflict`, `payment_unknown`, `payment_conflict`, `currency_mismatch`,
 *   `refund_exceeds_payment`, `refund_too_late`, `refund_parts_exhausted`, `refund_no_invalid`, `amount_invalid`,
 *   `account_unknown`
 */
export async function recordRefund(
  pool: Pool,
  request: RefundRequest,
  o: RecordOptions,
): Promise<{ refund: Refund; created: boolean }> {
  assertRefundNo(request.refundNo);
  parseMinor(request.amountMinor);
  const mark = fingerprint({
    merchant: request.merchantId,
    refund: request.refundNo,
    amount: request.amountMinor,
    currency: request.currency,
    payment: request.paymentNo,
    reason: request.reason,
  });
  return inTransaction(pool, async (tx) => {
    // Repeats of one key or number wait here for the first, and then find what it did.
    await lockNames(tx, request, o.idempotencyKey);
    const known = await findKnown(tx, request, o.idempotencyKey, mark);
    if (known !== null) {
      await rememberKey(tx, request, o, mark, known.id);
      return { refund: known, created: false };
    }
    const rule = o.limits.refundNo;
    if (rule !== undefined) assertRefundNoFits(request.refundNo, rule);
    const { payment, isNew } = await paymentOf(tx, request, o.now);
    checkPayment(payment, request, o);
    // Nobody else can see a payment that was registered just now, let alone have it refunded.
    if (!isNew) await checkParts(tx, payment, o);
    const id = await insertRefund(tx, payment, request, {
      mark,
      now: o.now,
      tail: tailOf(request.refundNo, rule),
      key: o.idempotencyKey,
    });
    const refund = await getRefundById(tx, id);
    invariant(refund !== null, 'a refund that was just recorded can be read');
    return { refund, created: true };
  });
}

async function lockNames(tx: Tx, request: RefundRequest, key: string | null): Promise<void> {
  const names = [
    `refund/${request.merchantId}/${request.refundNo}`,
    ...(key === null ? [] : [`key/${request.merchantId}/${key}`]),
  ];
  // One after the other in the order of the array, so that two that want the same names never wait for each other.
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($1::text[]) as names (name)',
    [names.toSorted()],
  );
}

async function findKnown(
  tx: Tx,
  request: RefundRequest,
  key: string | null,
  mark: string,
): Promise<Refund | null> {
  if (!(await isKnown(tx, request, key))) return null;
  if (key !== null) {
    const { rows } = await tx.query<{ fingerprint: string; refund_id: bigint }>(
      'select fingerprint, refund_id from idempotency_keys where merchant_id = $1 and key = $2',
      [request.merchantId, key],
    );
    const used = rows[0];
    if (used !== undefined && used.fingerprint !== mark)
      throw new AppError('idempotency_conflict', { refund_no: request.refundNo });
    if (used !== undefined) return getRefundById(tx, String(used.refund_id));
  }
  const { rows } = await tx.query<RefundRow>(
    `${REFUND_SELECT} where r.merchant_id = $1 and r.refund_no = $2`,
    [request.merchantId, request.refundNo],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.fingerprint !== mark) throw new AppError('refund_conflict', { refund_no: request.refundNo });
  return toRefund(row);
}

/** Most requests are new: one question tells, and what exactly is known is asked only of the others. */
async function isKnown(
  tx: Tx,
  { merchantId, refundNo }: RefundRequest,
  key: string | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ known: boolean }>(
    `select exists (select from idempotency_keys where merchant_id = $1 and key = $2)
         or exists (select from refunds where merchant_id = $1 and refund_no = $3) as known`,
    [merchantId, key, refundNo],
  );
  return rows[0]?.known === true;
}

/** The refund and, in the same breath, the key under which it was asked for. */
async function insertRefund(
  tx: Tx,
  payment: Payment,
  request: RefundRequest,
  row: {
    readonly mark: string;
    readonly now: Date;
    readonly tail: string | null;
    readonly key: string | null;
  },
): Promise<string> {
  try {
    const { rows } = await tx.query<{ id: bigint }>(
      `with made as (
         insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, reason,
           fingerprint, requested_at, number_tail)
         select $1, $2, a.channel, $3, $4, $5, $6, $7, $8, $9, $10 from channel_accounts a where a.id = $2
         returning id, merchant_id, fingerprint, requested_at
       ), kept as (
         insert into idempotency_keys (merchant_id, key, fingerprint, refund_id, created_at)
         select merchant_id, $11, fingerprint, id, requested_at from made where $11::text is not null
         on conflict on constraint idempotency_key_once do nothing
       )
       select id from made`,
      [
        request.merchantId,
        payment.accountId,
        payment.id,
        request.refundNo,
        request.amountMinor,
        request.currency,
        request.reason ?? null,
        row.mark,
        row.now,
        row.tail,
        row.key,
      ],
    );
    invariant(rows[0] !== undefined, 'the account of a payment has a row');
    return String(rows[0].id);
  } catch (error) {
    const constraint = brokenConstraint(error);
    if (constraint === 'refund_exceeds_payment') {
      const left = payment.capturedMinor - payment.reservedMinor;
      throw new AppError(
        'refund_exceeds_payment',
        { asked_minor: request.amountMinor, left_minor: left.toString() },
        { cause: error },
      );
    }
    // Two merchants behind one channel account share its number space.
    if (constraint === 'refund_no_once_at_channel')
      throw new AppError('refund_conflict', { refund_no: request.refundNo }, { cause: error });
    if (constraint === 'refund_tail_once') {
      const rule = 'its last digits are those of another refund of this account';
      throw new AppError('refund_no_invalid', { refund_no: request.refundNo, rule }, { cause: error });
    }
    throw error;
  }
}

/** The digits that the channel wants unique, or null where it does not care. */
function tailOf(refundNo: string, rule: RefundNoRule | undefined): string | null {
  const digits = rule?.uniqueTailDigits ?? null;
  return digits === null ? null : refundNo.slice(-digits);
}

/** From now on the key stands for this content, also when the refund itself was made under another key. */
async function rememberKey(
  tx: Tx,
  request: RefundRequest,
  o: RecordOptions,
  mark: string,
  id: string,
): Promise<void> {
  if (o.idempotencyKey === null) return;
  await tx.query(
    `insert into idempotency_keys (merchant_id, key, fingerprint, refund_id, created_at) values ($1, $2, $3, $4, $5)
     on conflict on constraint idempotency_key_once do nothing`,
    [request.merchantId, o.idempotencyKey, mark, id, o.now],
  );
}

async function one(db: Db, where: string, values: readonly unknown[]): Promise<Refund | null> {
  const { rows } = await db.query<RefundRow>(`${REFUND_SELECT} where ${where}`, [...values]);
  return rows[0] === undefined ? null : toRefund(rows[0]);
}

export function getRefund(db: Db, merchantId: string, refundNo: string): Promise<Refund | null> {
  return one(db, 'r.merchant_id = $1 and r.refund_no = $2', [merchantId, refundNo]);
}

export function getRefundById(db: Db, id: string): Promise<Refund | null> {
  return one(db, 'r.id = $1', [id]);
}

/** By the number that the channel knows it by. */
export function findRefundByAccount(db: Db, accountId: string, refundNo: string): Promise<Refund | null> {
  return one(db, 'r.account_id = $1 and r.refund_no = $2', [accountId, refundNo]);
}

/** Newest first; `after` is the `next` of the page before. */
export async function listRefunds(
  db: Db,
  merchantId: string,
  o: { readonly state?: RefundState; readonly after?: string; readonly limit: number },
): Promise<{ refunds: Refund[]; next: string | null }> {
  const [afterAt, afterId] = o.after === undefined ? [null, null] : readCursor(o.after);
  const { rows } = await db.query<RefundRow>(
    `${REFUND_SELECT}
      where r.merchant_id = $1 and ($2::text is null or s.effective_state = $2)
        and ($3::timestamptz is null or (r.requested_at, r.id) < ($3, $4::bigint))
      order by r.requested_at desc, r.id desc limit $5`,
    [merchantId, o.state ?? null, afterAt, afterId, o.limit + 1],
  );
  const refunds = rows.slice(0, o.limit).map(toRefund);
  const last = refunds.at(-1);
  return { refunds, next: rows.length > o.limit && last !== undefined ? cursor(last) : null };
}

function cursor(refund: Refund): string {
  return Buffer.from(`${refund.requestedAt.toISOString()} ${refund.id}`).toString('base64url');
}

/** @throws AppError `request_invalid` for text that no page gave out. */
function readCursor(text: string): [string, string] {
  const [at = '', id = ''] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  if (Number.isNaN(Date.parse(at)) || !/^[0-9]{1,18}$/.test(id))
    throw new AppError('request_invalid', { cursor: text.slice(0, 80) });
  return [at, id];
}

/** Notes that the refund's workflow was started, or found running, at `at`. */
export async function markWorkflowStarted(db: Db, refundId: string, at: Date): Promise<void> {
  await db.query(
    `update refunds set workflow_started_at = $2
      where id = $1 and (workflow_started_at is null or workflow_started_at < $2)`,
    [refundId, at],
  );
}

export interface RefundName {
  readonly id: string;
  readonly merchantId: string;
  readonly refundNo: string;
  readonly channel: ChannelName;
}

/**
 * Open refunds that nobody carries: recorded before `olderThan`, but their workflow was never started. With
 * `staleSince` also those whose workflow was started before that instant and about which nobody has asked since: their
 * workflow may be gone. Oldest first.
 */
export async function refundsWithoutWorkflow(
  db: Db,
  o: { readonly olderThan: Date; readonly limit: number; readonly staleSince?: Date },
): Promise<RefundName[]> {
  const { rows } = await db.query<{
    id: bigint;
    merchant_id: string;
    refund_no: string;
    channel: ChannelName;
  }>(
    `select id, merchant_id, refund_no, channel from refunds
      where state in ('requested', 'unknown', 'processing', 'needs_action')
        and (workflow_started_at is null and requested_at < $1
          or workflow_started_at < $3 and coalesce(last_asked_at, workflow_started_at) < $3)
      order by requested_at, id limit $2`,
    [o.olderThan, o.limit, o.staleSince ?? null],
  );
  return rows.map(({ id, merchant_id: merchantId, refund_no: refundNo, channel }) => ({
    ...{ id: String(id), merchantId, refundNo, channel },
  }));
}

/** Takes the right to send one refund of a payment now; the channel wants `spacingMs` between two. */
export async function claimSpacing(
  pool: Pool,
  paymentId: string,
  now: Date,
  spacingMs: number,
): Promise<{ granted: true } | { granted: false; waitMs: number }> {
  const claimed = await pool.query(
    `update payments set last_submitted_at = $2
      where id = $1 and (last_submitted_at is null or last_submitted_at <= $2::timestamptz - make_interval(secs => $3::float8 / 1000))`,
    [paymentId, now, spacingMs],
  );
  if (claimed.rowCount === 1) return { granted: true };
  const { rows } = await pool.query<{ last_submitted_at: Date }>(
    'select last_submitted_at from payments where id = $1',
    [paymentId],
  );
  const freeAt = (rows[0]?.last_submitted_at ?? now).getTime() + spacingMs;
  return { granted: false, waitMs: Math.max(1, freeAt - now.getTime()) };
}

export async function planWindow(db: Db, refundId: string, plan: ArrivalPlan): Promise<void> {
  await db.query(
    `update refunds set promise_at = $2, alarm_at = $3, window_version = $4, calendar_revision = $5, window_provisional = $6
      where id = $1`,
    [refundId, plan.promiseAt, plan.alarmAt, plan.windowVersion, plan.calendarRevision, plan.provisional],
  );
}
