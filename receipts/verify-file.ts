/** One way in for whatever somebody holds: a receipt file, or a paper with the receipt inside it. */
import { isPdf, verifyPdf } from './pdf-seal.ts';
import type { VerificationKey } from './receipt-keys.ts';
import { verificationKey } from './receipt-keys.ts';
import type { Verdict } from './signed-receipt.ts';
import { verifyReceipt } from './signed-receipt.ts';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';

export function verifyFile(bytes: Buffer, keys: readonly VerificationKey[]): Verdict {
  if (isPdf(bytes)) return verifyPdf(bytes, keys);
  try {
    return verifyReceipt(new TextDecoder('utf-8', { fatal: true }).decode(bytes), keys);
  } catch (error) {
    if (error instanceof TypeError) return { verdict: 'unreadable', why: 'it is no text' };
    throw error;
  }
}

const KEYS_MAX = 50;

const publishedSchema = z.object({
  keys: z
    .array(z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }))
    .min(1)
    .max(KEYS_MAX),
});

/**
 * Keys as they are published. Ids are worked out from the keys: what the file calls them decides nothing.
 * @throws AppError `config_invalid`
 */
export function readPublishedKeys(text: string, path: string): readonly VerificationKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AppError('config_invalid', { errors: [`${path}: is not JSON`] });
  }
  const parsed = publishedSchema.safeParse(json);
  if (!parsed.success)
    throw new AppError('config_invalid', {
      errors: [`${path}: is no list of Ed25519 keys as they are published`],
    });
  return parsed.data.keys.map(({ x }, index) => verificationKey(x, `${path}: keys.${String(index)}`));
}
