/**
 * A receipt under a signature: canonical JSON, so that the file as it stands is either the one that was signed or not. Nothing
 * is taken as genuine that could be read in two ways.
 */
import { createHash, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, canonicalOrNull, parseJson } from '../domain/receipt/canonical-json.ts';
import type { Receipt } from '../domain/receipt/receipt.ts';
import { RECEIPT_VERSION } from '../domain/receipt/receipt.ts';
import type { SigningKey, VerificationKey } from './receipt-keys.ts';

/** Keeps these signatures apart from any other use of the key. */
const PURPOSE = 'yuanlu receipt 1\n';

/** Far more than a receipt needs; what is larger is not looked into. */
export const RECEIPT_BYTES_MAX = 256 * 1024;

/** Bytes of the hash that a receipt's number shows. */
const NUMBER_BYTES = 8;

export interface SignedReceipt {
  readonly receipt: Receipt;
  /** Of this very content: `YL-` and the beginning of its SHA-256. */
  readonly receiptNo: string;
  /** The file: canonical JSON of the receipt with its signature. */
  readonly text: string;
}

/** Signed when its file is asked for: the page shows the number and needs no signature over all of it. */
export function signReceipt(receipt: Receipt, key: SigningKey): SignedReceipt {
  const content = canonicalJson(receipt);
  let text: string | undefined;
  return {
    receipt,
    receiptNo: receiptNoOf(content),
    get text() {
      text ??= fileOf(content, key);
      return text;
    },
  };
}

function fileOf(content: string, key: SigningKey): string {
  const value = sign(null, Buffer.from(PURPOSE + content, 'utf8'), key.privateKey).toString('base64url');
  const signature = { algorithm: 'Ed25519', key_id: key.id, value };
  // `receipt` comes before `signature`: this is the canonical form of both together.
  return `{"receipt":${content},"signature":${canonicalJson(signature)}}`;
}

/** `YL-9F3A-07C1-…`: whoever holds two papers sees whether they say the same. */
function receiptNoOf(content: string): string {
  return receiptNoOfHash(hashOf(content));
}

export function receiptNoOfHash(hash: Buffer): string {
  const hex = hash.subarray(0, NUMBER_BYTES).toString('hex').toUpperCase();
  return `YL-${hex.replace(/(.{4})(?=.)/g, '$1-')}`;
}

/** The bytes that a receipt's number shows. */
export function receiptNoBytes(receiptNo: string): Buffer {
  return Buffer.from(receiptNo.replace(/^YL|-/g, ''), 'hex');
}

function hashOf(content: string): Buffer {
  return createHash('sha256').update(content, 'utf8').digest();
}

export type Verdict =
  | {
      readonly verdict: 'genuine';
      readonly receipt: Receipt;
      readonly receiptNo: string;
      readonly keyId: string;
    }
  /** It has the shape of a receipt, and is not what was signed. */
  | { readonly verdict: 'changed'; readonly why: string }
  /** Signed, by its own word, with a key that is not among those given. */
  | { readonly verdict: 'unknown_key'; readonly keyId: string }
  | { readonly verdict: 'unreadable'; readonly why: string };

const envelopeSchema = z.strictObject({
  receipt: z.looseObject({ version: z.string() }),
  signature: z.strictObject({
    algorithm: z.literal('Ed25519'),
    key_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    value: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
  }),
});

/** Checks the text of a receipt file against the keys whose receipts are good. Needs nothing else: no network, no clock. */
export function verifyReceipt(text: string, keys: readonly VerificationKey[]): Verdict {
  if (Buffer.byteLength(text, 'utf8') > RECEIPT_BYTES_MAX)
    return { verdict: 'unreadable', why: 'it is larger than any receipt' };
  const parsed = envelopeSchema.safeParse(parseJson(text));
  if (!parsed.success) return { verdict: 'unreadable', why: 'it is no receipt file' };
  const { receipt, signature } = parsed.data;
  const key = keys.find(({ id }) => id === signature.key_id);
  if (key === undefined) return { verdict: 'unknown_key', keyId: signature.key_id };
  const content = canonicalOrNull(receipt);
  const bytes = Buffer.from(signature.value, 'base64url');
  if (content === null || !verify(null, Buffer.from(PURPOSE + content, 'utf8'), key.key, bytes))
    return { verdict: 'changed', why: 'the signature does not fit the content' };
  // A member that stands in it twice, or anything else that one reader takes for this and another for that.
  if (`{"receipt":${content},"signature":${canonicalJson(signature)}}` !== text.trim())
    return { verdict: 'changed', why: 'the file is not written as it was issued' };
  if (receipt.version !== RECEIPT_VERSION)
    return { verdict: 'unreadable', why: `its version, ${receipt.version}, is not known here` };
  return {
    verdict: 'genuine',
    // Signed by us in this version: it has the shape of its version.
    receipt: receipt as unknown as Receipt,
    receiptNo: receiptNoOf(content),
    keyId: key.id,
  };
}
