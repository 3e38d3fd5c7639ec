/**
 * The seal of a paper: a signature over all of its bytes in a line of its own behind them, where PDF readers do not look. The
 * signed receipt inside says what was issued; the seal says that nobody has painted over it.
 */
import { createHash, sign, verify } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import type { SigningKey, VerificationKey } from './receipt-keys.ts';
import type { Verdict } from './signed-receipt.ts';
import { RECEIPT_BYTES_MAX, verifyReceipt } from './signed-receipt.ts';

export const RECEIPT_FILE_NAME = 'receipt.json';

/** More than any receipt has, two fonts and all. */
export const PDF_BYTES_MAX = 4 * 1024 * 1024;

const PURPOSE = 'yuanlu receipt pdf 1\n';
const SEAL = /^%yuanlu-seal ([A-Za-z0-9_-]{43}) ([A-Za-z0-9_-]{86})\n$/;
const SEAL_BYTES = '%yuanlu-seal '.length + 43 + 1 + 86 + 1;

export function sealed(paper: Buffer, key: SigningKey): Buffer {
  const signature = sign(null, messageOf(paper), key.privateKey).toString('base64url');
  return Buffer.concat([paper, Buffer.from(`%yuanlu-seal ${key.id} ${signature}\n`, 'latin1')]);
}

function messageOf(paper: Buffer): Buffer {
  return Buffer.concat([Buffer.from(PURPOSE, 'latin1'), createHash('sha256').update(paper).digest()]);
}

export function isPdf(bytes: Buffer): boolean {
  return bytes.subarray(0, 5).toString('latin1') === '%PDF-';
}

/** Checks a paper: the receipt inside it, and that nothing of the paper was changed. */
export function verifyPdf(bytes: Buffer, keys: readonly VerificationKey[]): Verdict {
  if (bytes.length > PDF_BYTES_MAX) return { verdict: 'unreadable', why: 'it is larger than any receipt' };
  const text = receiptInside(bytes);
  if (text === null) return { verdict: 'unreadable', why: 'there is no signed receipt in this PDF' };
  const inside = verifyReceipt(text, keys);
  if (inside.verdict !== 'genuine') return inside;
  const [, keyId = '', signature = ''] = SEAL.exec(bytes.subarray(-SEAL_BYTES).toString('latin1')) ?? [];
  const key = keys.find(({ id }) => id === keyId);
  const paper = bytes.subarray(0, -SEAL_BYTES);
  const intact =
    key !== undefined && verify(null, messageOf(paper), key.key, Buffer.from(signature, 'base64url'));
  if (!intact || key.id !== inside.keyId)
    return {
      verdict: 'changed',
      why: 'the PDF was changed after it was issued; the receipt inside it was not',
    };
  return inside;
}

const EMBEDDED = Buffer.from('/Type /EmbeddedFile', 'latin1');
const STREAM = Buffer.from('stream\n', 'latin1');
/** Embedded files that are looked at: ours has one. */
const EMBEDDED_MAX = 4;

/** The first embedded file that can be unpacked, as text. Reads the shape in which papers are written here. */
function receiptInside(bytes: Buffer): string | null {
  let from = 0;
  for (let turn = 0; turn < EMBEDDED_MAX; turn += 1) {
    const at = bytes.indexOf(EMBEDDED, from);
    if (at < 0) return null;
    const begin = bytes.indexOf(STREAM, at);
    if (begin < 0) return null;
    const unpacked = unpack(bytes.subarray(begin + STREAM.length));
    if (unpacked !== null) return unpacked;
    from = at + EMBEDDED.length;
  }
  return null;
}

/** A deflated stream ends by itself; what stands behind it is none of its business. */
function unpack(packed: Buffer): string | null {
  try {
    return inflateSync(packed, { maxOutputLength: RECEIPT_BYTES_MAX }).toString('utf8');
  } catch {
    return null;
  }
}
