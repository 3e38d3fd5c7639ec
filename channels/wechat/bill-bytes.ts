/** What kind of bytes a file is made of: a bill, a bill in another encoding, or something else altogether. */
import { isUtf8 } from 'node:buffer';
import { AppError } from '../../domain/errors.ts';
import { glimpseOf } from '../glimpse.ts';
import { RAW_CHARACTERS_MAX } from '../set-aside.ts';
import { looksLikeHeader, TIME_NAMES } from './bill-layout.ts';

/** Longer than the names of any bill. */
const HEADER_BYTES_MAX = 8_192;
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** How other programs write a bill that was opened in them and saved. */
const OTHER_ENCODINGS = [
  ['gb18030', 'GB 18030'],
  ['utf-16le', 'UTF-16'],
] as const;

/** Whether the file that starts with these bytes starts as a bill does. */
export function looksLikeBill(bytes: Buffer): boolean {
  return looksLikeHeader(firstLine(bytes, 'utf-8'));
}

/** Says which it is: cut off, in another encoding, or no bill at all (an error page of some gateway, say). */
export function notABill(bytes: Buffer): AppError {
  if (isFirstFewBytes(bytes)) return new AppError('statement_truncated', { size_bytes: bytes.length });
  const text = firstLine(bytes, 'utf-8');
  for (const [label, name] of OTHER_ENCODINGS) {
    if (!looksLikeHeader(firstLine(bytes, label))) continue;
    return new AppError('statement_encoding_invalid', { from_line: 1, reason: `${name} instead of UTF-8` });
  }
  return new AppError('statement_unrecognised', { starts_with: glimpseOf(text) });
}

/**
 * Bills are UTF-8 without NUL. Anything else would be stored as something that the channel did not say.
 * @throws AppError `statement_encoding_invalid`
 */
export function refuseForeignBytes(bytes: Buffer, lineNo: number): void {
  const isText = isUtf8(bytes);
  if (isText && !bytes.includes(0)) return;
  throw new AppError('statement_encoding_invalid', {
    from_line: lineNo,
    reason: isText ? 'a NUL byte' : 'not UTF-8',
  });
}

/** A line that is set aside, as far as it is worth keeping, without its end. */
export function badLineAsText(bytes: Buffer, from: number, to: number): string {
  // Not more bytes than that: a short piece of a long string would keep all of it in memory.
  const enough = Math.min(to, from + UTF8_BYTES_PER_UNIT_MAX * (RAW_CHARACTERS_MAX + 1));
  const text = bytes.toString('utf8', from, enough).replace(/\r$/, '').slice(0, RAW_CHARACTERS_MAX);
  // A character outside the basic plane is two units: half of one is nothing that can be stored.
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

/** Whether a bill could go on from here: it begins with BOM and time, or with the time. */
function isFirstFewBytes(bytes: Buffer): boolean {
  const beginnings = TIME_NAMES.flatMap((name) => [Buffer.from(`\uFEFF${name}`), Buffer.from(name)]);
  return beginnings.some((beginning) => beginning.subarray(0, bytes.length).equals(bytes));
}

function firstLine(bytes: Buffer, encoding: string): string {
  const head = bytes.subarray(0, HEADER_BYTES_MAX);
  const text = new TextDecoder(encoding).decode(head);
  return text.split(/[\r\n]/, 1)[0] ?? '';
}
