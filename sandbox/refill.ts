/** What a sandbox holds, put in the place of what it began with: the containers stay, since others hold them. */

export function refill<K, V>(map: Map<K, V>, kept: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of kept) map.set(key, value);
}

export function refillList<T>(list: T[], kept: readonly T[]): void {
  list.length = 0;
  for (const one of kept) list.push(one);
}
