/** Parameters as the text that Alipay and UnionPay sign: sorted by name, `name=value` joined with `&`, values as they are. */

export type Parameters = Readonly<Record<string, string>>;

/** Empty values and the names in `without` are left out. The order is that of code units, whatever the host's language. */
export function sortedPairs(parameters: Parameters, without: readonly string[]): string {
  return Object.keys(parameters)
    .filter((name) => !without.includes(name) && parameters[name] !== '')
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((name) => `${name}=${parameters[name] ?? ''}`)
    .join('&');
}
