/** Prints what the sandbox shows of itself: names in snake_case, amounts as strings of fen, instants in RFC 3339. */
export function snakeJson(value: unknown): string {
  return JSON.stringify(convert(value));
}

function convert(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), convert(inner)]));
}

/** Only names of fields change: account names such as `merchant:1900000109` and `payer:oX` stay as they are. */
function snake(name: string): string {
  return /^[a-z][A-Za-z]*$/.test(name)
    ? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;
}
