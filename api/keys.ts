/**
 * API keys. A key is `yl_` and 32 random bytes; the accounts file and the database hold only its SHA-256, so that whoever
 * reads them cannot call the API. Two keys of one merchant may be live at once: that is how a key is exchanged.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Scope } from '../domain/scopes.ts';
import { SCOPES } from '../domain/scopes.ts';

/** One entry of `api_keys` in the accounts file; `sha256` is the hex digest of the whole key, prefix included. */
export const apiKeySchema = z.strictObject({
  id: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$/, 'letters, digits, dots, dashes, at most 40'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the key as 64 lower-case hex digits'),
  scopes: z.array(z.enum(SCOPES)).min(1, 'at least one scope'),
  /** The person whose key it is; absent for a program's. Only people ask for approvals and decide them. */
  operator: z
    .string()
    .regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$/, 'letters, digits, dots, dashes, at most 40')
    .optional(),
});

export interface ApiKey extends z.infer<typeof apiKeySchema> {
  readonly merchantId: string;
}

export interface ApiKeyring {
  /** The key whose text this is, if it works now. */
  find(text: string): ApiKey | undefined | Promise<ApiKey | undefined>;
}

/** Scopes as the database has them. One that this version does not know opens nothing here. */
export function asScopes(names: readonly string[]): Scope[] {
  return SCOPES.filter((scope) => names.includes(scope));
}

/** A key's text and what is kept of it. The text is shown once and never kept. */
export function makeApiKey(randomBytes: (sizeBytes: number) => Buffer): { text: string; sha256: string } {
  const text = `yl_${randomBytes(32).toString('base64url')}`;
  return { text, sha256: createHash('sha256').update(text, 'utf8').digest('hex') };
}

interface FixedKeyring extends ApiKeyring {
  find(text: string): ApiKey | undefined;
}

/** Of keys that do not change. @throws AppError `config_invalid` when two entries are the same key. */
export function createKeyring(keys: readonly ApiKey[]): FixedKeyring {
  const digests = new Set(keys.map((key) => key.sha256));
  if (digests.size !== keys.length) {
    throw new AppError('config_invalid', { errors: ['api_keys: two entries have the same sha256'] });
  }
  const entries = keys.map((key) => ({ key, digest: Buffer.from(key.sha256, 'hex') }));
  return {
    find: (text) => {
      const digest = createHash('sha256').update(text, 'utf8').digest();
      let found: ApiKey | undefined;
      // No early end: how long a refusal takes says nothing about the keys that there are.
      for (const entry of entries) {
        if (timingSafeEqual(entry.digest, digest)) found = entry.key;
      }
      return found;
    },
  };
}
