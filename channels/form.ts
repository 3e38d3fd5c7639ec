/** Form bodies (application/x-www-form-urlencoded), written and read once: a second decode would eat a literal plus sign. */
import { isUtf8 } from 'node:buffer';
import type { Parameters } from './sorted-pairs.ts';

export const FORM_TYPE = 'application/x-www-form-urlencoded;charset=utf-8';

/** Fields of a notice; far more than any channel sends. */
const FIELDS_MAX = 200;

export function encodeForm(parameters: Parameters): Buffer {
  return Buffer.from(new URLSearchParams(parameters).toString(), 'utf8');
}

/** The fields of a form, or null when it is none: not UTF-8, a name twice, too many fields, bad percent signs. */
export function decodeForm(body: Buffer): Parameters | null {
  if (!isUtf8(body)) return null;
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const parts = body.toString('utf8').split('&');
  if (parts.length > FIELDS_MAX) return null;
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = decode(equals === -1 ? '' : part.slice(equals + 1));
    if (name === null || value === null || name === '' || name in fields) return null;
    fields[name] = value;
  }
  return fields;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
