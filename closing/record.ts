/**
 * The record of a closed day under a signature: canonical JSON (RFC 8785), signed with the installation's Ed25519 keys, so that
 * it stands without the books. Its tree's root stands for every line, match and break of the day.
 */
import { createHash, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, canonicalOrNull, parseJson } from '../domain/receipt/canonical-json.ts';
import type { SigningKey, VerificationKey } from '../receipts/receipt-keys.ts';

/** Keeps these signatures apart from any other use of the key: no receipt can pass for a closed day. */
const PURPOSE = 'yuanlu closed day 1\n';

export const RECORD_VERSION = 'yuanlu closed day 1';

/** Far more than a record with everything accepted that may be. */
export const RECORD_BYTES_MAX = 1024 * 1024;

const sumSchema = z.strictObject({ lines: z.int(), minor: z.string() });
const actSchema = z.strictObject({ by: z.string(), at: z.string(), reason: z.string() });

const recordSchema = z.strictObject({
  version: z.literal(RECORD_VERSION),
  merchant_id: z.string(),
  account_id: z.string(),
  channel: z.string(),
  bill_date: z.string(),
  /** 1, 2, … for the closings of one day. */
  closing: z.int(),
  closed_at: z.string(),
  approval_id: z.string(),
  asked: actSchema,
  approved: actSchema,
  /** In the order in which their lines stand in the tree. */
  statements: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.string(),
      part: z.string(),
      revision: z.int(),
      status: z.string(),
      sha256: z.string().nullable(),
      lines: z.int(),
      set_aside: z.int(),
      refunds: sumSchema,
      refunds_matched: sumSchema,
      refunds_left_over: sumSchema,
    }),
  ),
  /** What did not agree and was closed all the same, each with why. */
  accepted: z.array(
    z.strictObject({ about: z.enum(['break', 'rows_set_aside_of']), id: z.string(), reason: z.string() }),
  ),
  tree: z.strictObject({
    hash: z.literal('RFC 6962 SHA-256'),
    size: z.int().min(0),
    root: z.string().regex(/^[0-9a-f]{64}$/),
    lines: z.int(),
    matches: z.int(),
    breaks: z.int(),
  }),
  /** SHA-256 of the account's record before this one; null for its first. */
  previous: z.string().nullable(),
});

export type DayRecord = z.infer<typeof recordSchema>;

const signatureSchema = z.strictObject({
  algorithm: z.literal('Ed25519'),
  key_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  value: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

/** What the record and its signature are in any file that holds them. */
export const signedRecordSchema = z.strictObject({
  closed_day: z.looseObject({ version: z.string() }),
  signature: signatureSchema,
});

export type SignedRecord = z.infer<typeof signedRecordSchema>;

/** The record as it is kept and exported, to the byte. */
export function signRecord(record: DayRecord, key: SigningKey): string {
  const content = canonicalJson(record);
  const value = sign(null, Buffer.from(PURPOSE + content, 'utf8'), key.privateKey).toString('base64url');
  return textOf(content, { algorithm: 'Ed25519', key_id: key.id, value });
}

function textOf(content: string, signature: z.infer<typeof signatureSchema>): string {
  return `{"closed_day":${content},"signature":${canonicalJson(signature)}}`;
}

/** By which the next record of the account names this one. */
export function recordHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export type RecordVerdict =
  | { readonly verdict: 'genuine'; readonly record: DayRecord; readonly keyId: string }
  | { readonly verdict: 'changed'; readonly why: string }
  /** Signed, by its own word, with a key that is not among those given. */
  | { readonly verdict: 'unknown_key'; readonly keyId: string }
  | { readonly verdict: 'unreadable'; readonly why: string };

/** Checks a record that was read. Nothing of it is believed before its signature is. */
export function verifyRecord(signed: SignedRecord, keys: readonly VerificationKey[]): RecordVerdict {
  const { closed_day: day, signature } = signed;
  const key = keys.find(({ id }) => id === signature.key_id);
  if (key === undefined) return { verdict: 'unknown_key', keyId: signature.key_id };
  const content = canonicalOrNull(day);
  const bytes = Buffer.from(signature.value, 'base64url');
  if (content === null || !verify(null, Buffer.from(PURPOSE + content, 'utf8'), key.key, bytes))
    return { verdict: 'changed', why: 'the signature does not fit the record' };
  const record = recordSchema.safeParse(day);
  if (!record.success)
    return { verdict: 'unreadable', why: `its version, ${day.version.slice(0, 40)}, is not known here` };
  return { verdict: 'genuine', record: record.data, keyId: key.id };
}

/** Also whether the text is written as it was issued: what one reader takes for this and another for that is not taken. */
export function verifyRecordText(text: string, keys: readonly VerificationKey[]): RecordVerdict {
  const parsed = signedRecordSchema.safeParse(parseJson(text));
  if (!parsed.success) return { verdict: 'unreadable', why: 'it is no closed day' };
  const verdict = verifyRecord(parsed.data, keys);
  if (verdict.verdict === 'genuine' && textOf(canonicalJson(verdict.record), parsed.data.signature) !== text)
    return { verdict: 'changed', why: 'the record is not written as it was issued' };
  return verdict;
}

/** The statements of a record of our own, in the order of their lines in the tree. */
export function statementIdsOf(text: string): readonly string[] {
  const { closed_day: day } = signedRecordSchema.parse(JSON.parse(text));
  return recordSchema.parse(day).statements.map(({ id }) => id);
}
