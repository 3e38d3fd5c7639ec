/** Key pairs and numbers made at start. Nothing here is ever part of the repository. */
import type { KeyObject } from 'node:crypto';
import { createPublicKey, generateKeyPair, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const RSA = { modulusLength: 2048 } as const;

/** Pairs that were made ahead of time; each is given out once. */
const ready: KeyPair[] = [];

/** Makes pairs in the threads of the pool, while the caller waits for something else: each takes a tenth of a second or more. */
export async function prepareKeyPairs(count: number): Promise<void> {
  const make = promisify(generateKeyPair);
  await Promise.all(Array.from({ length: count }, async () => ready.push(await make('rsa', RSA))));
}

export function newKeyPair(): KeyPair {
  return ready.pop() ?? generateKeyPairSync('rsa', RSA);
}

export function pemOf(key: KeyObject): string {
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
}

/** 40 upper-case hex digits whose first is not zero, so that every reader prints it the same way. */
export function newSerial(): string {
  return `5${randomBytes(20).toString('hex').slice(1)}`.toUpperCase();
}

export function randomDigits(count: number): string {
  return Array.from({ length: count }, () => String(randomInt(10))).join('');
}

/** A key that nobody knows. Making one takes a moment: only the first forgery pays for it. */
export function strangerMaker(): () => KeyObject {
  let key: KeyObject | undefined;
  return () => {
    key ??= newKeyPair().privateKey;
    return key;
  };
}

/** Whether a merchant's key is one that the channels take. */
export function isRsaPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
