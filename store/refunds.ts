/** Refunds: read by number, listed, and found when nobody carries them. */
import { AppError } from '../domain/errors.ts';
import type { ChannelName, Refund } from '../domain/refund/refund.ts';
import type { RefundState } from '../domain/refund/state.ts';
import type { Db, Pool } from './pool.ts';
import type { RefundRow } from './refund-rows.ts';
import { REFUND_SELECT, STORED_REFUND_SELECT, toRefund } from './refund-rows.ts';
import { inEffect } from './settled.ts';

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

/** Where only the statements say which refunds are of the state asked for: how many are looked at in one go, and how often for a page. */
const LOOKED_AT_ONCE = 500;
const LOOKS_MAX = 20;

export interface RefundPage {
  /** As many as asked for, or fewer, also none, where the next page has to look further. */
  readonly refunds: readonly Refund[];
  /** For the page after; null on the last one. */
  readonly next: string | null;
}

interface ListOptions {
  readonly state?: RefundState;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** Newest first, of all states or of one as people see it. @throws AppError `request_invalid` for a cursor that no page gave out */
export async function listRefunds(db: Db, merchantId: string, o: ListOptions): Promise<RefundPage> {
  const isLookedUp = o.state === 'settled' || o.state === 'succeeded';
  const batch = isLookedUp ? Math.max(LOOKED_AT_ONCE, o.limit + 1) : o.limit + 1;
  const found: Place[] = [];
  let [last, isEnd] = [o.after === undefined ? null : readCursor(o.after), false];
  for (let looks = 0; looks < LOOKS_MAX && !isEnd && found.length <= o.limit; looks += 1) {
    const places = await inEffect(
      db,
      await placesAfter(db, merchantId, { state: o.state, after: last, limit: batch }),
    );
    found.push(...places.filter((one) => o.state === undefined || one.effective_state === o.state));
    last = places.at(-1) ?? last;
    isEnd = places.length < batch;
  }
  const page = found.slice(0, o.limit);
  if (found.length > o.limit) [last, isEnd] = [page.at(-1) ?? last, false];
  return { refunds: await refundsAt(db, page), next: isEnd || last === null ? null : cursor(last) };
}

/** Where a refund stands in the list. */
interface Place {
  readonly id: bigint;
  readonly requested_at: Date;
  readonly effective_state: RefundState;
}

type Position = Pick<Place, 'id' | 'requested_at'>;

/** In the states that are stored. */
async function placesAfter(
  db: Db,
  merchantId: string,
  o: { readonly state: RefundState | undefined; readonly after: Position | null; readonly limit: number },
): Promise<readonly Place[]> {
  const { rows } = await db.query<Place>(
    `select r.id, r.requested_at, r.state as effective_state from refunds r
      where r.merchant_id = $1 and ($2::text is null or r.state = $2)
        and ($3::timestamptz is null or (r.requested_at, r.id) < ($3, $4::bigint))
      order by r.requested_at desc, r.id desc limit $5`,
    [
      merchantId,
      o.state === 'settled' ? 'succeeded' : (o.state ?? null),
      o.after?.requested_at ?? null,
      o.after?.id ?? null,
      o.limit,
    ],
  );
  return rows;
}

/** The refunds of these places, in their order. */
async function refundsAt(db: Db, places: readonly Place[]): Promise<Refund[]> {
  const { rows } = await db.query<RefundRow>(`${STORED_REFUND_SELECT} where r.id = any ($1::bigint[])`, [
    places.map((one) => String(one.id)),
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return places.flatMap(({ id, effective_state }) => {
    const row = byId.get(id);
    // Read a moment later than its place: but for what the statements say, the row speaks for itself.
    return row === undefined
      ? []
      : [toRefund(effective_state === 'settled' ? { ...row, effective_state } : row)];
  });
}

function cursor({ requested_at: at, id }: Position): string {
  return Buffer.from(`${at.toISOString()} ${String(id)}`).toString('base64url');
}

/** @throws AppError `request_invalid` for text that no page gave out. */
function readCursor(text: string): Position {
  const [at = '', id = ''] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  if (Number.isNaN(Date.parse(at)) || !/^[0-9]{1,18}$/.test(id))
    throw new AppError('request_invalid', { cursor: text.slice(0, 80) });
  return { requested_at: new Date(at), id: BigInt(id) };
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
 * workflow may be gone. The same holds with `bankStaleSince` for those that only the payer's bank has not posted. Oldest first.
 */
export async function refundsWithoutWorkflow(
  db: Db,
  o: {
    readonly olderThan: Date;
    readonly limit: number;
    readonly staleSince?: Date;
    readonly bankStaleSince?: Date;
  },
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
         or state = 'succeeded' and bank_leg = 'pending'
        and coalesce(last_asked_at, workflow_started_at, requested_at) < $4
      order by requested_at, id limit $2`,
    [o.olderThan, o.limit, o.staleSince ?? null, o.bankStaleSince ?? null],
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
