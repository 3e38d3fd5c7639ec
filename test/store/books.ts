/** A merchant with one account, and short ways to pay, refund and say what the channel said. */
import type { ChannelStatus, Observation } from '../../domain/refund/observation.ts';
import type { Payment, PaymentClaim, Refund, RefundRequest } from '../../domain/refund/refund.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { registerPayment } from '../../store/payments.ts';
import type { Pool } from '../../store/pool.ts';
import type { RecordOptions } from '../../store/record-refund.ts';
import { recordRefund } from '../../store/record-refund.ts';
import type { TestDatabase } from '../support/database.ts';

export const MERCHANT = 'shop';
export const ACCOUNT = 'shop-wechat';
const OTHER_ACCOUNT = 'stall-wechat';
export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-24T02:00:00Z');

/** `minutes` after the story begins. */
export function minute(minutes: number): Date {
  return new Date(START_MS + minutes * MINUTE_MS);
}

export async function openAccounts(pool: Pool): Promise<void> {
  await syncAccounts(pool, [
    { id: ACCOUNT, merchantId: MERCHANT, channel: 'wechat', externalId: '1900000109' },
    { id: OTHER_ACCOUNT, merchantId: 'stall', channel: 'wechat', externalId: '1900000209' },
  ]);
}

let names = 0;

/** A name that no other test of this file uses. */
export function fresh(prefix: string): string {
  names += 1;
  return `${prefix}${String(names)}`;
}

export function claimOf(capturedMinor: bigint, o: Partial<PaymentClaim> = {}): PaymentClaim {
  return {
    accountId: ACCOUNT,
    capturedMinor: capturedMinor.toString(),
    currency: 'CNY',
    paidAt: '2026-11-20T02:00:00Z',
    ...o,
  };
}

export async function pay(
  pool: Pool,
  capturedMinor: bigint,
  o: Partial<PaymentClaim> = {},
): Promise<Payment> {
  const claim = claimOf(capturedMinor, o);
  const paymentNo = fresh('P');
  return (await registerPayment(pool, { merchantId: MERCHANT, paymentNo, claim }, minute(0))).payment;
}

export function requestFor(
  payment: Pick<Payment, 'paymentNo'>,
  amountMinor: bigint,
  o: Partial<RefundRequest> = {},
): RefundRequest {
  return {
    merchantId: MERCHANT,
    refundNo: fresh('R'),
    amountMinor: amountMinor.toString(),
    currency: 'CNY',
    paymentNo: payment.paymentNo,
    ...o,
  };
}

export const LIMITS = { refundableForMs: 365 * DAY_MS, partsPerPayment: 50 };

export const RULES: RecordOptions = {
  now: minute(1),
  idempotencyKey: null,
  limitsOf: () => LIMITS,
};

/** A recorded refund of `amountMinor`, of a payment of its own unless one is given. */
export async function refundOf(pool: Pool, amountMinor: bigint, payment?: Payment): Promise<Refund> {
  const paid = payment ?? (await pay(pool, amountMinor));
  return (await recordRefund(pool, requestFor(paid, amountMinor), RULES)).refund;
}

export function said(
  status: ChannelStatus,
  minutes: number,
  o: Partial<Omit<Extract<Observation, { kind: 'channel_report' }>, 'kind'>> = {},
): Observation {
  const ref = `${status}/${String(minutes)}`;
  return {
    kind: 'channel_report',
    source: 'query',
    ref,
    at: minute(minutes).toISOString(),
    status,
    ...o,
  };
}

export function sent(attempt: number, minutes: number): Observation {
  const ref = `attempt-${String(attempt)}`;
  return { kind: 'attempt_started', source: 'submit', ref, at: minute(minutes).toISOString(), attempt };
}

export function turnedDown(attempt: number, minutes: number): Observation {
  const ref = `attempt-${String(attempt)}`;
  const at = minute(minutes).toISOString();
  return { kind: 'attempt_refused', source: 'submit', ref, at, attempt, channelCode: 'NOT_ENOUGH' };
}

/** What the database itself says of a payment's sum and of what its refunds that count add up to. */
export async function sumsOf(
  db: TestDatabase,
  paymentId: string,
): Promise<{ reserved: bigint; counted: bigint; captured: bigint }> {
  const { rows } = await db.owner.query<{ reserved: bigint; counted: bigint; captured: bigint }>(
    `select p.reserved_minor as reserved, p.captured_minor as captured,
            (select coalesce(sum(r.amount_minor), 0)::bigint from refunds r where r.payment_id = p.id and r.counted) as counted
       from payments p where p.id = $1`,
    [paymentId],
  );
  if (rows[0] === undefined) throw new Error(`no payment ${paymentId}`);
  return rows[0];
}

export async function countOf(
  db: TestDatabase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const { rows } = await db.owner.query<{ n: bigint }>(`select count(*) as n from ${sql}`, [...values]);
  return Number(rows[0]?.n ?? -1n);
}
