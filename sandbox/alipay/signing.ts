/** RSA2 from the channel's side. Written apart from the client's on purpose. */
import type { KeyObject } from 'node:crypto';
import { sign, verify } from 'node:crypto';

const ALGORITHM = 'sha256';

/** What is signed: parameters that are not empty, by name, but for those named. */
export function textOf(parameters: ReadonlyMap<string, string>, without: readonly string[]): string {
  return [...parameters]
    .filter(([name, value]) => value !== '' && !without.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

export function signatureOf(bytes: Buffer, key: KeyObject): string {
  return sign(ALGORITHM, bytes, key).toString('base64');
}

export function isSignatureOf(bytes: Buffer, signature: string, key: KeyObject): boolean {
  return verify(ALGORITHM, bytes, key, Buffer.from(signature, 'base64'));
}
