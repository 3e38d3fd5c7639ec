/**
 * The part of a receipt's address that is nobody's to guess: which link it is, until when, and a keyed hash over both. A
 * token that was not made here is told from its own bytes, before anything is looked up.
 *
 * 41 bytes as base64url: version 1, key id 4, expiry 4 (seconds since 1970), handle 16, keyed hash 16.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { invariant } from '../domain/errors.ts';

const VERSION = 1;
const KEY_ID_BYTES = 4;
const HANDLE_BYTES = 16;
const MAC_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + 4;
const SIGNED_BYTES = HEAD_BYTES + HANDLE_BYTES;
const TOKEN_BYTES = SIGNED_BYTES + MAC_BYTES;
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{55}$/;

/** Keeps these hashes apart from any other use of the secret. */
const PURPOSE = 'yuanlu receipt link 1\n';

const SECONDS_MAX = 0xffff_ffff;

interface LinkKey {
  readonly id: Buffer;
  readonly secret: Buffer;
}

export interface LinkTokens {
  readonly handleBytes: number;
  make(handle: Buffer, expiresAt: Date): string;
  /** The handle of a token that was made here and has not expired; null for anything else. */
  open(token: string, now: Date): Buffer | null;
}

/** The first secret signs; all are believed. */
export function linkTokens(secrets: readonly Buffer[]): LinkTokens {
  const keys: readonly LinkKey[] = secrets.map((secret) => ({ id: keyIdOf(secret), secret }));
  const [signing] = keys;
  invariant(signing !== undefined, 'links are signed with at least one secret');
  return {
    handleBytes: HANDLE_BYTES,
    make: (handle, expiresAt) => {
      invariant(handle.length === HANDLE_BYTES, 'a handle has 16 bytes');
      const signed = Buffer.alloc(SIGNED_BYTES);
      signed[0] = VERSION;
      signing.id.copy(signed, 1);
      signed.writeUInt32BE(secondsOf(expiresAt), 1 + KEY_ID_BYTES);
      handle.copy(signed, HEAD_BYTES);
      return Buffer.concat([signed, macOf(signing.secret, signed)]).toString('base64url');
    },
    open: (token, now) => {
      if (!TOKEN_SHAPE.test(token)) return null;
      const bytes = Buffer.from(token, 'base64url');
      // The last letter has room for bits that mean nothing: one link has one address.
      if (bytes.length !== TOKEN_BYTES || bytes[0] !== VERSION || bytes.toString('base64url') !== token)
        return null;
      const signed = bytes.subarray(0, SIGNED_BYTES);
      const key = keys.find(({ id }) => id.equals(bytes.subarray(1, 1 + KEY_ID_BYTES)));
      if (key === undefined || !timingSafeEqual(macOf(key.secret, signed), bytes.subarray(SIGNED_BYTES)))
        return null;
      const expiresAt = bytes.readUInt32BE(1 + KEY_ID_BYTES) * 1_000;
      return expiresAt > now.getTime() ? Buffer.from(signed.subarray(HEAD_BYTES)) : null;
    },
  };
}

function macOf(secret: Buffer, signed: Buffer): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(signed).digest().subarray(0, MAC_BYTES);
}

function keyIdOf(secret: Buffer): Buffer {
  return createHash('sha256').update(`${PURPOSE}key id\n`).update(secret).digest().subarray(0, KEY_ID_BYTES);
}

function secondsOf(at: Date): number {
  return Math.min(SECONDS_MAX, Math.max(0, Math.floor(at.getTime() / 1_000)));
}
