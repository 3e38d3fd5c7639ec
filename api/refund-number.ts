/** Numbers for refunds whose caller has none. */
import { beijingDateOf } from '../domain/time/plain-date.ts';

const DIGITS = 12;

/**
 * `R`, the Beijing date, 12 random digits: 21 letters and digits. Fits every channel, also UnionPay, which takes 8 to 32
 * of them with the last 12 as unique digits.
 */
export function makeRefundNo(now: Date, randomBytes: (sizeBytes: number) => Buffer): string {
  const digits = (randomBytes(8).readBigUInt64BE() % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, '0');
  return `R${beijingDateOf(now).replaceAll('-', '')}${digits}`;
}
