/** What may be sent to /sandbox: JSON schemas, the types that they promise, and what is made of them. */
import { AppError } from '../../domain/errors.ts';
import { parseMinor } from '../../domain/money.ts';
import type { PaymentOrder } from './controlled-sandbox.ts';

export const MERCHANT_NO = { type: 'string', maxLength: 32 } as const;
const NUMBER = { type: 'string', minLength: 1, maxLength: 64 } as const;
const INSTANT = { type: 'string', format: 'date-time' } as const;
/** Minor units as digits: from 1 to what a JSON number of a channel's answers can hold. */
export const MINOR = { type: 'string', pattern: '^[1-9][0-9]{0,15}$' } as const;

export const BODIES = {
  trouble: object(['trouble'], {
    trouble: { type: 'object' },
    refund_no: NUMBER,
    next: { type: 'integer', minimum: 1, maximum: 10_000 },
    merchant_no: MERCHANT_NO,
    bill_date: { type: 'string' },
  }),
  byHand: object(['payment_no', 'amount_minor'], {
    merchant_no: MERCHANT_NO,
    payment_no: NUMBER,
    amount_minor: MINOR,
    reason: { type: 'string', maxLength: 80 },
  }),
  balance: object(['amount_minor'], { merchant_no: MERCHANT_NO, amount_minor: MINOR }),
  resend: object(['refund_no'], { merchant_no: MERCHANT_NO, refund_no: NUMBER }),
  clock: object([], { to: INSTANT, advance_seconds: { type: 'integer', minimum: 1 } }),
} as const;

export const QUERIES = {
  none: object([], {}),
  payments: object([], { payment_no: NUMBER }),
  refunds: object([], { refund_no: NUMBER }),
  postings: object([], { merchant_no: MERCHANT_NO, voucher: NUMBER }),
} as const;

/** The body of a payment: what all channels have, and the fields of one of them. */
export function paymentBody(sources: readonly string[], own: Readonly<Record<string, object>>): object {
  return object(['payment_no', 'amount_minor'], {
    merchant_no: MERCHANT_NO,
    payment_no: NUMBER,
    amount_minor: MINOR,
    source: { enum: sources },
    paid_at: INSTANT,
    goods_name: { type: 'string', maxLength: 256 },
    ...own,
  });
}

export interface TroubleBody {
  readonly trouble: unknown;
  readonly refund_no?: string;
  readonly next?: number;
  readonly merchant_no?: string;
  readonly bill_date?: string;
}

export interface ByHandBody {
  readonly merchant_no?: string;
  readonly payment_no: string;
  readonly amount_minor: string;
  readonly reason?: string;
}

export interface BalanceBody {
  readonly merchant_no?: string;
  readonly amount_minor: string;
}

export interface ResendBody {
  readonly merchant_no?: string;
  readonly refund_no: string;
}

export interface ClockBody {
  readonly to?: string;
  readonly advance_seconds?: number;
}

/** The payment, with names as the code has them: amounts are read, and so is the instant; the rest stays as it is. */
export function paymentOrderOf(body: Readonly<Record<string, unknown>>): PaymentOrder {
  const fields = Object.entries(body).map(([name, value]) => [camel(name), fieldOf(name, value)]);
  return Object.fromEntries(fields) as PaymentOrder;
}

/** The instant to which the clock is to be turned. @throws AppError `request_invalid` unless one of the two is given */
export function instantOf({ to, advance_seconds: seconds }: ClockBody, now: Date): Date {
  if ((to === undefined) === (seconds === undefined)) {
    throw new AppError('request_invalid', { clock: 'needs either to or advance_seconds' });
  }
  return to === undefined ? new Date(now.getTime() + (seconds ?? 0) * 1000) : new Date(to);
}

export function object(required: readonly string[], properties: Readonly<Record<string, object>>): object {
  return { type: 'object', required, properties, additionalProperties: false };
}

function fieldOf(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (name.endsWith('_minor')) return parseMinor(value);
  return name.endsWith('_at') ? new Date(value) : value;
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
