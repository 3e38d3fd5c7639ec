/**
 * The parts of an Alipay answer as they were sent. What is signed is the text of the response node, character by
 * character, so it must be cut out of the raw answer and never be written anew.
 */

export interface AnswerParts {
  /** The response node's text, from its `{` to the matching `}`. */
  readonly node: string;
  /** Whether it is the gateway's own `error_response` instead of the method's node. */
  readonly isGatewayError: boolean;
  readonly sign: string | null;
  readonly certSn: string | null;
}

/** Null when the answer is not JSON of the documented shape, or names a part twice. */
export function answerParts(raw: string, method: string): AnswerParts | null {
  const members = topLevelMembers(raw);
  if (members === null) return null;
  const own = members.get(`${method.replaceAll('.', '_')}_response`);
  const error = members.get('error_response');
  const node = own ?? error;
  if (node?.startsWith('{') !== true || (own !== undefined && error !== undefined)) return null;
  return {
    node,
    isGatewayError: own === undefined,
    sign: text(members.get('sign')),
    certSn: text(members.get('alipay_cert_sn')),
  };
}

/** The raw text of each member of a JSON object. Null when it is none, or a name stands there twice. */
export function topLevelMembers(raw: string): ReadonlyMap<string, string> | null {
  if (!isJson(raw)) return null;
  const members = new Map<string, string>();
  let at = skipBlanks(raw, 0);
  if (raw[at] !== '{') return null;
  at = skipBlanks(raw, at + 1);
  while (raw[at] === '"') {
    const nameEnd = endOfString(raw, at);
    const name = JSON.parse(raw.slice(at, nameEnd)) as string;
    const from = skipBlanks(raw, skipBlanks(raw, nameEnd) + 1);
    const to = endOfValue(raw, from);
    if (members.has(name)) return null;
    members.set(name, raw.slice(from, to));
    at = skipBlanks(raw, to);
    if (raw[at] === ',') at = skipBlanks(raw, at + 1);
  }
  return members;
}

/** Valid JSON first: the scan below then needs no checks of its own. */
function isJson(raw: string): boolean {
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
}

function text(raw: string | undefined): string | null {
  return raw?.startsWith('"') === true ? (JSON.parse(raw) as string) : null;
}

function skipBlanks(raw: string, from: number): number {
  let at = from;
  while (at < raw.length && ' \t\r\n'.includes(raw[at] ?? '')) at += 1;
  return at;
}

/** The place after the closing quotation mark of the string that starts at `from`. */
function endOfString(raw: string, from: number): number {
  let at = from + 1;
  while (at < raw.length && raw[at] !== '"') at += raw[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The place after the value that starts at `from`. Braces inside strings do not count. */
function endOfValue(raw: string, from: number): number {
  if (raw[from] === '"') return endOfString(raw, from);
  let depth = 0;
  let at = from;
  while (at < raw.length) {
    const character = raw[at] ?? '';
    if (character === '"') {
      at = endOfString(raw, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
      if (depth < 0) return at;
    } else if (depth === 0 && (character === ',' || ' \t\r\n'.includes(character))) return at;
    at += 1;
  }
  return at;
}
