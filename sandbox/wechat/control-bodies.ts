/** What may be sent to /sandbox: JSON schemas, the types that they promise, and what is made of them. */
import { AppError } from '../../domain/errors.ts';
import { parseMinor } from '../../domain/money.ts';
import type { NewOrder } from './model.ts';
import type { HandRefund } from './server.ts';

const MCHID = { type: 'string', maxLength: 32 } as const;
const NUMBER = { type: 'string', minLength: 1, maxLength: 64 } as const;
/** Fen as digits: from 1 to what a JSON number of the channel's answers can hold. */
const MINOR = { type: 'string', pattern: '^[1-9][0-9]{0,15}$' } as const;
const INSTANT = { type: 'string', format: 'date-time' } as const;

export const BODIES = {
  order: object(['out_trade_no', 'total_minor'], {
    mchid: MCHID,
    out_trade_no: NUMBER,
    total_minor: MINOR,
    coupon_minor: MINOR,
    source: { enum: ['wallet', 'debit_card', 'credit_card'] },
    paid_at: INSTANT,
    goods_name: { type: 'string', maxLength: 256 },
    attach: { type: 'string', maxLength: 128 },
    trade_state: { enum: ['SUCCESS', 'NOTPAY', 'CLOSED', 'REVOKED'] },
  }),
  trouble: object(['trouble'], {
    trouble: { type: 'object' },
    out_refund_no: NUMBER,
    next: { type: 'integer', minimum: 1, maximum: 10_000 },
    mchid: MCHID,
    bill_date: { type: 'string' },
  }),
  byHand: object(['out_trade_no', 'amount_minor'], {
    mchid: MCHID,
    out_trade_no: NUMBER,
    amount_minor: MINOR,
    reason: { type: 'string', maxLength: 80 },
  }),
  topUp: object(['amount_minor'], { mchid: MCHID, amount_minor: MINOR }),
  resend: object(['out_refund_no'], { mchid: MCHID, out_refund_no: NUMBER }),
  keys: object(['sign_callbacks_with'], { sign_callbacks_with: { enum: ['public_key', 'certificate'] } }),
  clock: object([], { to: INSTANT, advance_seconds: { type: 'integer', minimum: 1 } }),
} as const;

export const QUERIES = {
  none: object([], {}),
  orders: object([], { out_trade_no: NUMBER }),
  refunds: object([], { out_refund_no: NUMBER }),
  postings: object([], { merchant_no: MCHID, voucher: NUMBER }),
} as const;

export interface OrderBody {
  readonly mchid?: string;
  readonly out_trade_no: string;
  readonly total_minor: string;
  readonly coupon_minor?: string;
  readonly source?: NonNullable<NewOrder['source']>;
  readonly paid_at?: string;
  readonly goods_name?: string;
  readonly attach?: string;
  readonly trade_state?: NonNullable<NewOrder['tradeState']>;
}

export interface TroubleBody {
  readonly trouble: unknown;
  readonly out_refund_no?: string;
  readonly next?: number;
  readonly mchid?: string;
  readonly bill_date?: string;
}

export interface ByHandBody {
  readonly mchid?: string;
  readonly out_trade_no: string;
  readonly amount_minor: string;
  readonly reason?: string;
}

export interface ClockBody {
  readonly to?: string;
  readonly advance_seconds?: number;
}

export function newOrderOf(body: OrderBody): NewOrder {
  return {
    ...mchidOf(body),
    outTradeNo: body.out_trade_no,
    totalMinor: parseMinor(body.total_minor),
    ...(body.coupon_minor === undefined ? {} : { couponMinor: parseMinor(body.coupon_minor) }),
    ...(body.source === undefined ? {} : { source: body.source }),
    ...(body.paid_at === undefined ? {} : { paidAt: new Date(body.paid_at) }),
    ...(body.goods_name === undefined ? {} : { goodsName: body.goods_name }),
    ...(body.attach === undefined ? {} : { attach: body.attach }),
    ...(body.trade_state === undefined ? {} : { tradeState: body.trade_state }),
  };
}

export function handRefundOf(body: ByHandBody): HandRefund {
  return {
    ...mchidOf(body),
    outTradeNo: body.out_trade_no,
    amountMinor: parseMinor(body.amount_minor),
    ...(body.reason === undefined ? {} : { reason: body.reason }),
  };
}

/** The instant to which the clock is to be turned. @throws AppError `request_invalid` unless one of the two is given */
export function instantOf({ to, advance_seconds: seconds }: ClockBody, now: Date): Date {
  if ((to === undefined) === (seconds === undefined)) {
    throw new AppError('request_invalid', { clock: 'needs either to or advance_seconds' });
  }
  return to === undefined ? new Date(now.getTime() + (seconds ?? 0) * 1000) : new Date(to);
}

function mchidOf({ mchid }: { readonly mchid?: string }): { mchid?: string } {
  return mchid === undefined ? {} : { mchid };
}

function object(required: readonly string[], properties: Record<string, object>): object {
  return { type: 'object', required, properties, additionalProperties: false };
}
