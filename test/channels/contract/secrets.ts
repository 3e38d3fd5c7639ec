/** What of a key may never be seen outside, in the forms in which it could get there. */
import type { KeyObject } from 'node:crypto';

/** The lines of its PEM, and its numbers as JSON and as hex. */
export function secretsOf(key: KeyObject): readonly string[] {
  const lines = key
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
    .split('\n')
    // The first line of every key is alike, and the last one may be short.
    .filter((line) => line.length === 64)
    .slice(1);
  const { d = '', p = '', q = '' } = key.export({ format: 'jwk' });
  const numbers = [d, p, q];
  return [...lines, ...numbers, ...numbers.map((one) => Buffer.from(one, 'base64url').toString('hex'))];
}
