/**
 * UnionPay's ZM file: one cleared transaction a record, fields at fixed places counted in bytes, one blank between them.
 * Texts are GBK and are cut out before they are decoded.
 */

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
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export type ZmField = keyof typeof ZM;

const ZERO = 0x30;
const BLANK = 0x20;
/** Amounts have twelve digits: far below 2^53, so such a number is exact. */
const UNREADABLE = -1;

/** The places of a field's text in the record at `at`, blanks at its end left out. */
export function fieldAt(bytes: Buffer, at: number, field: ZmField): readonly [from: number, to: number] {
  const [first, width] = ZM[field];
  let to = at + first + width;
  while (to > at + first && bytes[to - 1] === BLANK) to -= 1;
  return [at + first, to];
}

/** A field of digits only; null for anything else. */
export function digitsAt(bytes: Buffer, at: number, field: ZmField): number | null {
  const [first, width] = ZM[field];
  const value = digits(bytes, at + first, at + first + width);
  return value === UNREADABLE ? null : value;
}

/** A letter and digits: `C` is the merchant's gain, `D` what it pays, so `D000000000074` is −74. Null for anything else. */
export function signedAt(bytes: Buffer, at: number, field: ZmField): number | null {
  const [first, width] = ZM[field];
  const value = digits(bytes, at + first + 1, at + first + width);
  if (value === UNREADABLE) return null;
  const letter = String.fromCharCode(bytes[at + first] ?? 0);
  if (letter === 'C') return value;
  // Without a letter there is no direction, and no amount either.
  if (letter === 'D') return 0 - value;
  return value === 0 ? 0 : null;
}

function digits(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let place = from; place < to; place += 1) {
    const digit = (bytes[place] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return UNREADABLE;
    value = value * 10 + digit;
  }
  return value;
}
