/** What the entries of all channels in the accounts file have in common: how they are read, and how their faults are told. */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';

const RSA_BITS_MIN = 2048;

/** The ids of accounts and merchants: they stand in addresses and in workflow ids. */
export const accountIdSchema = z
  .string()
  .regex(/^[0-9a-z][0-9a-z-]{0,39}$/, 'lower-case letters, digits and dashes, at most 40');

/** Both channels that call an address of ours take so much of it. */
const NOTICE_ADDRESS_MAX = 256;

/**
 * Where a channel sends its notices. Channels call it without logging in; some cut off or refuse a query.
 * @param query whether the channel calls an address with one
 */
export function noticeAddress(query: 'taken' | 'refused'): z.ZodURL {
  const base = z
    .url({ protocol: /^https?$/ })
    .max(NOTICE_ADDRESS_MAX, `at most ${String(NOTICE_ADDRESS_MAX)} characters`)
    .refine((text) => !/^[^/]*\/\/[^/?#]*@/.test(text), 'without a user or password');
  return query === 'taken'
    ? base.refine((text) => !text.includes('#'), 'without a fragment')
    : base.refine((text) => !/[?#]/.test(text), 'without a query or fragment');
}

/** An entry as its schema has it. @throws AppError `config_invalid` with every error in `errors` */
export function readEntry<S extends z.ZodType>(schema: S, entry: unknown): z.output<S> {
  const parsed = schema.safeParse(entry);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('config_invalid', { errors });
}

/** Loads one thing that the entry names; null, and a line in the errors, when it cannot be had. */
export type Attempt = <T>(name: string, load: () => T) => T | null;

/** Loading that goes on after a fault, so that all of them are told at once. */
export function attemptInto(errors: string[]): Attempt {
  return (name, load) => {
    try {
      return load();
    } catch (error) {
      errors.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
}

/** The key, if it is one that channels sign and verify with. @throws Error saying what it must be */
export function rsaKey(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS_MIN) {
    throw new Error(`must be an RSA key of at least ${String(RSA_BITS_MIN)} bits`);
  }
  return key;
}
