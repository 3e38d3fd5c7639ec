/** The bytes of a refund list, checked before they are split: plain UTF-8, and not some other file. */
import { isUtf8 } from 'node:buffer';
import type { ListProblems } from './problems.ts';

const LF = 0x0a;

/** What people give by mistake, told by its first bytes, and what to do about it. */
const MISTAKES: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('PK\u0003\u0004'), 'this is an Excel workbook or a zip: save it as "CSV UTF-8" first'],
  [Buffer.from([0x1f, 0x8b]), 'this is packed with gzip: unpack it first'],
  [Buffer.from([0xff, 0xfe]), 'this is UTF-16: save it as "CSV UTF-8"'],
  [Buffer.from([0xfe, 0xff]), 'this is UTF-16: save it as "CSV UTF-8"'],
  [Buffer.from('交易时间'), 'this is a statement: give it with --statement, and the list with --refunds'],
  [Buffer.from('记账时间'), 'this is a statement: give it with --statement, and the list with --refunds'],
];

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** Longer than the longest of the signatures above with its BOM. */
const SIGNATURE_BYTES = 16;

/** Refuses the list for its bytes; what is wrong stands in the problems. */
export class ListBytesRefused extends Error {}

/**
 * Passes the bytes on as they come. Stops at the first that no list has, with a problem that names the line.
 * @throws ListBytesRefused
 */
export async function* checkedBytes(
  source: AsyncIterable<Buffer>,
  problems: ListProblems,
): AsyncGenerator<Buffer, void> {
  const refuse = (problem: string): never => {
    problems.add(problem);
    throw new ListBytesRefused(problem);
  };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  let bytesSeen = 0;
  let head = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head.length < SIGNATURE_BYTES) {
      head = Buffer.concat([head, chunk.subarray(0, SIGNATURE_BYTES)]);
      const mistake = mistakeOf(head);
      if (mistake !== null) refuse(mistake);
    }
    const fault = faultOf(chunk, decoder);
    if (fault !== null) refuse(`line ${String(lines + 1 + linesBefore(chunk, fault.at))}: ${fault.what}`);
    lines += countLines(chunk);
    bytesSeen += chunk.length;
    yield chunk;
  }
  if (bytesSeen === 0) refuse('the list is empty: it needs a line with the names of its columns');
  if (!endsWhole(decoder)) refuse(`line ${String(lines + 1)}: the file ends inside a character`);
}

function mistakeOf(head: Buffer): string | null {
  const from = head.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  const found = MISTAKES.find(([signature]) =>
    head.subarray(from, from + signature.length).equals(signature),
  );
  return found?.[1] ?? null;
}

interface Fault {
  /** Place in the chunk. */
  readonly at: number;
  readonly what: string;
}

const NOT_UTF8 = 'not UTF-8: save the list as "CSV UTF-8" (a spreadsheet\'s plain CSV is often GB 18030)';

function faultOf(chunk: Buffer, decoder: InstanceType<typeof TextDecoder>): Fault | null {
  const nul = chunk.indexOf(0);
  if (nul !== -1) return { at: nul, what: 'a NUL byte: this is not a text file' };
  try {
    decoder.decode(chunk, { stream: true });
    return null;
  } catch {
    return { at: firstForeign(chunk), what: NOT_UTF8 };
  }
}

/** The start of the first line of the chunk that is not UTF-8. The chunk may begin inside a character, or end in one. */
function firstForeign(chunk: Buffer): number {
  for (let at = restOfCharacter(chunk); at < chunk.length; ) {
    const end = chunk.indexOf(LF, at) + 1 || chunk.length;
    if (!isUtf8(chunk.subarray(at, end))) return at;
    at = end;
  }
  return 0;
}

function restOfCharacter(chunk: Buffer): number {
  let bytes = 0;
  while (bytes < 3 && ((chunk[bytes] ?? 0) & 0xc0) === 0x80) bytes += 1;
  return bytes;
}

function linesBefore(chunk: Buffer, place: number): number {
  return countLines(chunk.subarray(0, place));
}

function countLines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) count += 1;
  return count;
}

function endsWhole(decoder: InstanceType<typeof TextDecoder>): boolean {
  try {
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}
