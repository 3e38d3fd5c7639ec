/**
 * Lines of UnionPay's files: fields at fixed places counted in bytes of GBK, a blank between them, CR LF at the end.
 * Texts are filled with blanks, amounts with zeros.
 */
import { toGb18030 } from '../gb18030.ts';

export type Field = readonly [width: number, text: string];

/** Of the acquirer and of the front that sent it: the sandbox has one of each. */
export const ACQUIRER = '48260000';
export const SENDER = '00049992';
/** What the merchant sells. */
export const MERCHANT_CATEGORY = '5999';
/** An amount that there is not: a blank where the letter would be. */
export const NOTHING = ' 000000000000';

export function record(fields: readonly Field[]): Buffer {
  const cells = fields.map(([width, text]) => {
    const bytes = toGb18030(text);
    if (bytes.length > width) throw new Error(`${text} has no room in ${String(width)} bytes`);
    return Buffer.concat([bytes, Buffer.alloc(width - bytes.length, ' ')]).toString('latin1');
  });
  return Buffer.from(`${cells.join(' ')}\r\n`, 'latin1');
}

export function digits(minor: bigint, width: number): string {
  return String(minor).padStart(width, '0');
}

/** `C` is the merchant's gain, `D` what it pays. */
export function withLetter(minor: bigint, width: number): string {
  return minor < 0n ? `D${digits(-minor, width)}` : `C${digits(minor, width)}`;
}
