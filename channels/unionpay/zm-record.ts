/** UnionPay's ZM file: one cleared transaction a record. */
import type { Place } from './fixed-fields.ts';
import { digitsIn, signedIn } from './fixed-fields.ts';

/** Bytes of a record without its CR LF. */
export const ZM_BYTES = 607;

/** First byte (from 0) and width of each field that is read. */
export const ZM = {
  traceTime: [35, 10],
  card: [46, 19],
  amount: [66, 12],
  queryId: [87, 21],
  orderId: [112, 32],
  cardType: [145, 2],
  originalTrace: [148, 6],
  fee: [166, 13],
  settlement: [180, 13],
  txnType: [215, 2],
  originalQueryId: [271, 21],
  merId: [293, 15],
  net: [374, 13],
  originalOrderId: [476, 32],
} as const satisfies Readonly<Record<string, Place>>;

export type ZmField = keyof typeof ZM;

/** A field of digits only; null for anything else. */
export function digitsAt(bytes: Buffer, at: number, field: ZmField): number | null {
  return digitsIn(bytes, at, ZM[field]);
}

/** A letter and digits, as {@link signedIn} reads them. */
export function signedAt(bytes: Buffer, at: number, field: ZmField): number | null {
  return signedIn(bytes, at, ZM[field]);
}
