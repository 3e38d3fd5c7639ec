/**
 * UnionPay's files: records of one length, fields at fixed places counted in bytes, one blank between them. Texts are GBK
 * and are cut out before they are decoded.
 */

/** First byte (from 0) and width of a field. */
export type Place = readonly [first: number, width: number];

/** Fees are kept in 1/100000 yuan; UnionPay prints fen. */
export const FEE_E5_PER_FEN = 1_000;

const ZERO = 0x30;
const BLANK = 0x20;
/** `C` and `D`. */
const GAIN = 0x43;
const LOSS = 0x44;
/** Amounts have twelve digits: far below 2^53, so such a number is exact. */
const UNREADABLE = -1;

/** The places of fields that follow each other with one blank between them. */
export function placesOf<Name extends string>(
  widths: readonly (readonly [name: Name, width: number])[],
): Readonly<Record<Name, Place>> {
  let first = 0;
  const places = widths.map(([name, width]) => {
    const place: Place = [first, width];
    first += width + 1;
    return [name, place] as const;
  });
  return Object.fromEntries(places) as Record<Name, Place>;
}

/** Where the text of a field of the record at `at` begins and ends, blanks at its end left out. */
export function textIn(bytes: Buffer, at: number, place: Place): readonly [from: number, to: number] {
  return [at + place[0], textEnd(bytes, at, place)];
}

/** Where the text of a field ends: the place after its last byte that is no blank. */
export function textEnd(bytes: Buffer, at: number, [first, width]: Place): number {
  const from = at + first;
  let to = from + width;
  while (to > from && bytes[to - 1] === BLANK) to -= 1;
  return to;
}

/** A field of digits only; null for anything else. */
export function digitsIn(bytes: Buffer, at: number, [first, width]: Place): number | null {
  const value = digits(bytes, at + first, at + first + width);
  return value === UNREADABLE ? null : value;
}

/** A letter and digits: `C` is the merchant's gain, `D` what it pays, so `D000000000074` is −74. Null for anything else. */
export function signedIn(bytes: Buffer, at: number, [first, width]: Place): number | null {
  const value = digits(bytes, at + first + 1, at + first + width);
  if (value === UNREADABLE) return null;
  const letter = bytes[at + first];
  if (letter === GAIN) return value;
  // Without a letter there is no direction, and no amount either.
  if (letter === LOSS) return 0 - value;
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
