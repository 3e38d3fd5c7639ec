/**
 * The list of a proof pack's files with their hashes, and the signature over it: whoever holds the pack sees, file by file, that it
 * is as it was issued. The list is what `sha256sum -c` reads; the signature stands in a file beside it.
 */
import { createHash, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../domain/receipt/canonical-json.ts';
import type { SigningKey, VerificationKey } from './receipt-keys.ts';

export const MANIFEST = 'MANIFEST.sha256';
export const MANIFEST_SIGNATURE = 'MANIFEST.sig';

/** Keeps these signatures apart from any other use of the key. */
const PURPOSE = 'yuanlu manifest 1\n';

export type PackFile = readonly [name: string, bytes: Buffer];

/** The list and its signature, as two more files. */
export function signedManifest(files: readonly PackFile[], key: SigningKey): readonly PackFile[] {
  const manifest = Buffer.from(files.map(([name, bytes]) => `${hashOf(bytes)}  ${name}\n`).join(''), 'utf8');
  const value = sign(null, messageOf(manifest), key.privateKey).toString('base64url');
  const signature = canonicalJson({ algorithm: 'Ed25519', key_id: key.id, value });
  return [
    [MANIFEST, manifest],
    [MANIFEST_SIGNATURE, Buffer.from(`${signature}\n`, 'utf8')],
  ];
}

const signatureSchema = z.strictObject({
  algorithm: z.literal('Ed25519'),
  key_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  value: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

export type ManifestVerdict =
  | { readonly verdict: 'genuine'; readonly keyId: string }
  | { readonly verdict: 'unknown_key'; readonly keyId: string }
  | { readonly verdict: 'changed' };

export function verifyManifest(
  manifest: Buffer,
  signature: Buffer,
  keys: readonly VerificationKey[],
): ManifestVerdict {
  const parsed = signatureSchema.safeParse(parseJson(signature));
  if (!parsed.success) return { verdict: 'changed' };
  const { key_id: keyId, value } = parsed.data;
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return { verdict: 'unknown_key', keyId };
  const intact = verify(null, messageOf(manifest), key.key, Buffer.from(value, 'base64url'));
  return intact ? { verdict: 'genuine', keyId } : { verdict: 'changed' };
}

/** Hash by name; null where a line is none, or a name stands in it twice. */
export function readManifest(manifest: Buffer): ReadonlyMap<string, string> | null {
  const hashes = new Map<string, string>();
  for (const line of manifest.toString('utf8').trimEnd().split('\n')) {
    const [, hash = '', name = ''] = /^([0-9a-f]{64}) {2}([0-9A-Za-z][0-9A-Za-z._-]*)$/.exec(line) ?? [];
    if (name === '' || hashes.has(name)) return null;
    hashes.set(name, hash);
  }
  return hashes;
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function messageOf(manifest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(PURPOSE, 'latin1'), manifest]);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
