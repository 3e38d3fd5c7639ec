/** Alipay's RSA2: RSA-SHA256 over the sorted parameters of a request, or over the raw text of an answer's node. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { Parameters } from '../sorted-pairs.ts';
import { sortedPairs } from '../sorted-pairs.ts';

const ALGORITHM = 'RSA-SHA256';

/** What is signed of a request: every parameter but the signature itself, the kind of signature included. */
export function requestText(parameters: Parameters): string {
  return sortedPairs(parameters, ['sign']);
}

export function signText(text: string, key: KeyObject): string {
  return sign(ALGORITHM, Buffer.from(text, 'utf8'), key).toString('base64');
}

export function isSignedBy(text: string, signature: string, key: KeyObject): boolean {
  return verify(ALGORITHM, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'));
}

/**
 * Whether a notice is genuine. Most kinds leave `sign_type` out of what they sign; some messages sign it too.
 */
export function isNoticeSignedBy(fields: Parameters, key: KeyObject): boolean {
  const signature = fields['sign'] ?? '';
  if (signature === '') return false;
  return (
    isSignedBy(sortedPairs(fields, ['sign', 'sign_type']), signature, key) ||
    isSignedBy(sortedPairs(fields, ['sign']), signature, key)
  );
}

/** A private key as Alipay's tools write it: PKCS#1 or PKCS#8, as PEM or as its bare base64. */
export function privateKeyOf(text: string): KeyObject {
  return keyOf(text, (key) => createPrivateKey(key));
}

/** A public key as PEM or as the bare base64 that Alipay's console shows. */
export function publicKeyOf(text: string): KeyObject {
  return keyOf(text, (key) => createPublicKey(key));
}

type KeyInput = string | { key: Buffer; format: 'der'; type: 'pkcs1' | 'pkcs8' | 'spki' };

function keyOf(text: string, make: (input: never) => KeyObject): KeyObject {
  const read = make as (input: KeyInput) => KeyObject;
  if (text.includes('-----BEGIN')) return read(text);
  const key = Buffer.from(text, 'base64');
  for (const type of ['pkcs8', 'spki', 'pkcs1'] as const) {
    try {
      return read({ key, format: 'der', type });
    } catch {
      // It may be written in one of the other ways.
    }
  }
  throw new Error('is neither PEM nor the base64 of a key');
}
