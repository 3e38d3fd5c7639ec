/**
 * Text as Postgres can hold it. Channels and files send what they like, and a NUL or half of a surrogate pair would make
 * the database refuse the whole row: evidence must not be lost to a character.
 */

/** The same value with each such character replaced by one that shows where it was. Walks plain JSON values. */
export function storable<T>(value: T): T {
  return replaced(value) as T;
}

function replaced(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(replaced);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableText(key), replaced(inner)]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** NUL becomes its symbol, half a surrogate pair the replacement character. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\u2400').replace(/\p{Surrogate}/gu, '\ufffd');
}
