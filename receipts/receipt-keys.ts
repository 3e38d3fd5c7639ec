/**
 * The keys of receipts: secrets that sign links, and Ed25519 keys that sign content. One JSON file, the newest key first: it
 * signs, the others are still believed. That is how keys are exchanged without a link or a receipt going dead.
 */
import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';

const SECRET_BYTES_MIN = 32;
const KEYS_MAX = 20;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');

const fileSchema = z.strictObject({
  /** At least 32 random bytes each. */
  link_secrets: z
    .array(
      base64url.refine(
        (text) => Buffer.from(text, 'base64url').length >= SECRET_BYTES_MIN,
        `must be at least ${String(SECRET_BYTES_MIN)} bytes`,
      ),
    )
    .min(1)
    .max(KEYS_MAX),
  /** Ed25519 private keys as PKCS#8. */
  signing_keys: z.array(base64url).min(1).max(KEYS_MAX),
  /** Public keys (raw) whose private halves are gone: receipts that they signed stay good. */
  retired_public_keys: z.array(base64url).max(KEYS_MAX).default([]),
});

type KeysFile = z.infer<typeof fileSchema>;

/** A public key as it is published: a JSON Web Key (RFC 8037) whose id is its thumbprint (RFC 7638). */
export interface PublishedKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

export interface VerificationKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

export interface ReceiptKeys {
  /** The first one signs. */
  readonly linkSecrets: readonly Buffer[];
  readonly signing: SigningKey;
  /** Every key whose receipts are good, the one that signs first. */
  readonly verification: readonly VerificationKey[];
}

/** @throws AppError `config_invalid` naming what is wrong, never a key */
export function readReceiptKeys(text: string, path: string): ReceiptKeys {
  const file = parseFile(text, path);
  const own = file.signing_keys.map((key, index) =>
    signingKey(key, `${path}: signing_keys.${String(index)}`),
  );
  const [signing] = own;
  if (signing === undefined) throw invalid([`${path}: signing_keys: at least one`]);
  const retired = file.retired_public_keys.map((x, index) =>
    verificationKey(x, `${path}: retired_public_keys.${String(index)}`),
  );
  const linkSecrets = file.link_secrets.map((secret) => Buffer.from(secret, 'base64url'));
  const verification = [...own.map(({ id, key }) => ({ id, key })), ...retired];
  if (new Set(verification.map(({ id }) => id)).size !== verification.length)
    throw invalid([`${path}: the same key stands in it twice`]);
  return { linkSecrets, signing, verification };
}

function parseFile(text: string, path: string): KeysFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid([`${path}: is not JSON`]);
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`));
}

function signingKey(text: string, where: string): SigningKey {
  try {
    const privateKey = createPrivateKey({
      key: Buffer.from(text, 'base64url'),
      format: 'der',
      type: 'pkcs8',
    });
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('another kind of key');
    const key = createPublicKey(privateKey);
    return { id: keyIdOf(key), key, privateKey };
  } catch {
    throw invalid([`${where}: is no Ed25519 private key (PKCS#8, base64url)`]);
  }
}

/** @throws AppError `config_invalid` */
export function verificationKey(x: string, where: string): VerificationKey {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return { id: keyIdOf(key), key };
  } catch {
    throw invalid([`${where}: is no Ed25519 public key`]);
  }
}

function rawOf(key: KeyObject): string {
  return key.export({ format: 'jwk' }).x ?? '';
}

/** The members in the order in which the thumbprint takes them. */
function keyIdOf(key: KeyObject): string {
  const members = `{"crv":"Ed25519","kty":"OKP","x":"${rawOf(key)}"}`;
  return createHash('sha256').update(members).digest('base64url');
}

/** What is served at /.well-known/yuanlu-receipt-keys.json. */
export function publishedKeys(keys: ReceiptKeys): { readonly keys: readonly PublishedKey[] } {
  return {
    keys: keys.verification.map(({ id, key }) => ({
      ...{ kty: 'OKP', crv: 'Ed25519', x: rawOf(key) },
      ...{ kid: id, use: 'sig', alg: 'EdDSA' },
    })),
  };
}

/** A file with new keys in front. The keys of `before`, if any, are still believed. */
export function newReceiptKeys(before: string | null, path: string): string {
  const old: KeysFile =
    before === null
      ? { link_secrets: [], signing_keys: [], retired_public_keys: [] }
      : parseFile(before, path);
  const { privateKey } = generateKeyPairSync('ed25519');
  const signing = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
  const file = {
    link_secrets: [randomBytes(SECRET_BYTES_MIN).toString('base64url'), ...old.link_secrets],
    signing_keys: [signing, ...old.signing_keys],
    retired_public_keys: old.retired_public_keys,
  } satisfies KeysFile;
  return `${JSON.stringify(file, null, 2)}\n`;
}

function invalid(errors: readonly string[]): AppError {
  return new AppError('config_invalid', { errors });
}
