/**
 * Money as whole minor units (fen for CNY) plus a currency. Amounts are `bigint` everywhere inside, strings of
 * minor units in JSON, Temporal payloads and rows. Yuan text is split at the dot, never passed through a float.
 */
import { AppError } from './errors.ts';

/** ISO 4217 code. Every channel of this system settles in CNY today; the exponent table is the one place to extend. */
export type Currency = 'CNY';

export interface Money {
  readonly minor: bigint;
  readonly currency: Currency;
}

/** The same amount as it crosses JSON, Temporal and rows: minor units in decimal digits. */
export interface MoneyWire {
  readonly minor: string;
  readonly currency: Currency;
}

/** Digits after the decimal point of each currency we carry. */
const EXPONENT: Readonly<Record<Currency, number>> = { CNY: 2 };

/** The largest amount a JSON number can carry exactly; channels that take JSON integers cannot be sent more. */
export const MINOR_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(EXPONENT, text);
}

/**
 * Reads an amount that a caller asks to move: decimal digits of minor units, more than zero, at most 2^53 - 1.
 * @throws AppError `amount_invalid` for anything else (sign, fraction, exponent, full-width digits, blanks).
 */
export function parseMinor(text: string): bigint {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) throw new AppError('amount_invalid', { amount: text.slice(0, 40) });
  const minor = BigInt(text);
  if (minor > MINOR_MAX) throw new AppError('amount_invalid', { amount: text });
  return minor;
}

/**
 * Reads yuan text such as `123.45`, `-0.14` or `45` into minor units, exactly.
 * At most `EXPONENT` decimals unless the surplus digits are zeros (`0.10000` is 10 fen; `0.10001` is refused).
 * @throws AppError `amount_invalid`
 */
export function parseYuan(text: string, currency: Currency = 'CNY'): bigint {
  const parts = /^(-?)([0-9]{1,15})(?:\.([0-9]{1,10}))?$/.exec(text);
  if (parts === null) throw new AppError('amount_invalid', { amount: text.slice(0, 40) });
  const [, sign, whole = '0', fraction = ''] = parts;
  const exponent = EXPONENT[currency];
  if (/[1-9]/.test(fraction.slice(exponent))) throw new AppError('amount_invalid', { amount: text });
  const minor = BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  return sign === '-' ? -minor : minor;
}

/** Prints minor units as yuan text with all decimals, e.g. `-0.14`. The inverse of {@link parseYuan}. */
export function formatYuan(minor: bigint, currency: Currency = 'CNY'): string {
  const exponent = EXPONENT[currency];
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  return `${minor < 0n ? '-' : ''}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

export function toWire(money: Money): MoneyWire {
  return { minor: money.minor.toString(), currency: money.currency };
}

/** @throws AppError `amount_invalid` when the text is not an integer of minor units. */
export function fromWire(wire: MoneyWire): Money {
  if (!/^-?[0-9]{1,18}$/.test(wire.minor))
    throw new AppError('amount_invalid', { amount: wire.minor.slice(0, 40) });
  return { minor: BigInt(wire.minor), currency: wire.currency };
}
