/**
 * JSON of which there is one way only to write it, so that a signature over its bytes is a signature over its content:
 * RFC 8785 for texts, whole numbers, truth values, null, lists and objects. Amounts are texts; a fraction has no place here.
 */
import { AppError, invariant } from '../errors.ts';

export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue };

/** How deep a document may be; what comes from outside must not use up the stack. */
const DEPTH_MAX = 32;

/**
 * @throws AppError `invariant_broken` for what has no canonical form: fractions, numbers over 2^53 - 1, halves of
 *   surrogate pairs, anything that is no JSON, and documents that are deeper than {@link DEPTH_MAX}
 */
export function canonicalJson(value: unknown, depth = 0): string {
  invariant(depth <= DEPTH_MAX, 'a canonical document is not nested without end');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number') {
    invariant(
      Number.isSafeInteger(value) && !Object.is(value, -0),
      'a number of a canonical document is whole',
    );
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one, depth + 1)).join(',')}]`;
  invariant(
    typeof value === 'object' && isPlain(value),
    'a canonical document holds texts, numbers, lists and plain objects only',
  );
  const members = Object.entries(value).map(
    ([name, member]) => [name, `${textOf(name)}:${canonicalJson(member, depth + 1)}`] as const,
  );
  // By UTF-16 code units, which is how JavaScript compares texts.
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([, text]) => text).join(',')}}`;
}

/** The same for what comes from outside: null where it has no canonical form. */
export function canonicalOrNull(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

/** What a text from outside says; undefined, which no schema takes, where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function textOf(text: string): string {
  invariant(!/\p{Surrogate}/u.test(text), 'a text of a canonical document is whole Unicode');
  return JSON.stringify(text);
}
