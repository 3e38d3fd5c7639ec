/**
 * UnionPay's signatures, version 5.1.0 with certificates: SHA-256 of the sorted fields as lower-case hex, then RSA-SHA256
 * over that hex text. Version 5.0.0 used SHA-1 and is neither sent nor believed.
 */
import type { KeyObject } from 'node:crypto';
import { createHash, sign, verify } from 'node:crypto';
import type { Parameters } from '../sorted-pairs.ts';
import { sortedPairs } from '../sorted-pairs.ts';

export const VERSION = '5.1.0';
/** An RSA certificate signs. */
export const SIGN_METHOD = '01';

const ALGORITHM = 'RSA-SHA256';

/** The text that is signed in the end: the hex digest of all fields but the signature, empty ones left out. */
function digestText(fields: Parameters): Buffer {
  const digest = createHash('sha256')
    .update(sortedPairs(fields, ['signature']), 'utf8')
    .digest('hex');
  return Buffer.from(digest, 'ascii');
}

export function signFields(fields: Parameters, key: KeyObject): string {
  return sign(ALGORITHM, digestText(fields), key).toString('base64');
}

export function isSignedBy(fields: Parameters, key: KeyObject): boolean {
  const signature = fields['signature'] ?? '';
  return signature !== '' && verify(ALGORITHM, digestText(fields), key, Buffer.from(signature, 'base64'));
}
