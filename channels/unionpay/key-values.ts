/**
 * UnionPay's answers: `name=value&name=value`, the values not encoded. A value may hold `=`, `+`, `/`, whole groups in
 * braces, and a certificate of several lines, so the text is cut only where a new name follows.
 */
import type { Parameters } from '../sorted-pairs.ts';

const FIELDS_MAX = 200;

/** Where a name begins: after `&`, letters and digits up to a `=`. */
const NAME = /[A-Za-z][A-Za-z0-9]*=/y;

/** The fields of an answer, or null when it is none: no names, a name twice, too many. */
export function readKeyValues(text: string): Parameters | null {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  let at = 0;
  while (at < text.length) {
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0].slice(0, -1);
    if (name === undefined || name in fields || count === FIELDS_MAX) return null;
    const from = at + name.length + 1;
    const to = endOfValue(text, from);
    fields[name] = text.slice(from, to);
    count += 1;
    at = to + 1;
  }
  return count === 0 ? null : fields;
}

/** What UnionPay has nothing to say of is there and empty, or not there; signed is what is not empty, so both are the same. */
export function withoutEmpty(fields: Parameters): Parameters {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

/** The place of the `&` that a new name follows, outside braces; the end of the text where there is none. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === '&' && depth <= 0) {
      NAME.lastIndex = at + 1;
      if (NAME.test(text)) return at;
    }
  }
  return text.length;
}
