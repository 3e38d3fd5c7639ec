/**
 * A closed day as a file: the signed record in the first line, and each leaf of its tree in a line of its own, in order. Checked
 * in one pass with the public keys alone, however long it is.
 */
import type { VerificationKey } from '../receipts/receipt-keys.ts';
import { MerkleTree } from './merkle.ts';
import type { RecordVerdict } from './record.ts';
import { RECORD_BYTES_MAX, verifyRecordText } from './record.ts';

/** Longer than any leaf can be: a statement's longest line is far shorter. */
const LEAF_BYTES_MAX = 64 * 1024;

/** A first line may say where it is in a file that is not a closed day at all. */
const LINE_BYTES_MAX = Math.max(RECORD_BYTES_MAX, LEAF_BYTES_MAX);

const LF = 0x0a;

/** @param bytes unpacked; a file that ends without a line feed has its last line, too */
export async function verifyDayFile(
  bytes: AsyncIterable<Buffer>,
  keys: readonly VerificationKey[],
): Promise<RecordVerdict> {
  const tree = new MerkleTree();
  let verdict: RecordVerdict | null = null;
  for await (const line of linesOf(bytes)) {
    if (line === null)
      return { verdict: 'unreadable', why: 'it has a line that is longer than any of a closed day' };
    if (verdict !== null) {
      tree.add(line);
      continue;
    }
    verdict = verifyRecordText(line, keys);
    if (verdict.verdict !== 'genuine') return verdict;
  }
  if (verdict?.verdict !== 'genuine') return { verdict: 'unreadable', why: 'it is empty' };
  const { root, size } = tree.finish();
  const { tree: signed } = verdict.record;
  if (size !== signed.size)
    return {
      verdict: 'changed',
      why: `it has ${String(size)} lines, matches and breaks; ${String(signed.size)} were closed`,
    };
  if (root.toString('hex') !== signed.root)
    return { verdict: 'changed', why: 'a line, match or break is not as it was closed' };
  return verdict;
}

/** The lines of a file of any length, one at a time; null in place of one that is too long, and then no more. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string | null> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = text.indexOf(LF); to >= 0; to = text.indexOf(LF, from)) {
      yield text.toString('utf8', from, to);
      from = to + 1;
    }
    rest = text.subarray(from);
    if (rest.length > LINE_BYTES_MAX) {
      yield null;
      return;
    }
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
