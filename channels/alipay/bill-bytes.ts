/** What kind of bytes a file is made of that does not begin as Alipay's do. */
import { AppError } from '../../domain/errors.ts';
import { glimpseOf } from '../glimpse.ts';
import { isHeader } from './bill-layout.ts';

/** First bytes that are kept until the header was found: more than its comments and the header take. */
export const HEAD_BYTES_MAX = 8_192;

/** With what the first comment of every file begins. */
const TITLE = '#支付宝';

/** How other programs write one of the files that was opened in them and saved. */
const OTHER_ENCODINGS = [
  ['utf-8', 'UTF-8'],
  ['utf-16le', 'UTF-16'],
] as const;

/**
 * Says which it is: cut off, in another encoding, or none of Alipay's.
 * @param head the first bytes of the file
 * @param lines how many lines were looked at
 */
export function notABill(head: Buffer, lines: number): AppError {
  for (const [label, name] of OTHER_ENCODINGS) {
    if (!linesOf(head, label).some(isOurs)) continue;
    return new AppError('statement_encoding_invalid', {
      from_line: 1,
      reason: `${name} instead of GB 18030`,
    });
  }
  if (linesOf(head, 'gb18030').some(isOurs))
    return new AppError('statement_truncated', { line: lines, reason: 'it ends before its header' });
  const [first = ''] = linesOf(head, 'utf-8');
  return new AppError('statement_unrecognised', {
    reason: 'no header of a business or ledger file',
    starts_with: glimpseOf(first),
  });
}

function isOurs(line: string): boolean {
  return line.startsWith(TITLE) || isHeader(line);
}

function linesOf(head: Buffer, encoding: string): readonly string[] {
  return new TextDecoder(encoding).decode(head).split(/[\r\n]+/);
}
