/** Dice that fall the same way for the same seed, so that a story that went wrong can be played again. */

export interface Dice {
  /** A whole number from 0 up to, but not including, `count`. */
  below(count: number): number;
  /** True so often: 0 never, 1 always. */
  chance(probability: number): boolean;
  pick<T>(first: T, ...others: readonly T[]): T;
}

/** The generator known as mulberry32: 32 bits of state, more than enough for a story of a few hundred throws. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    below: (count) => Math.floor(next() * count),
    chance: (probability) => next() < probability,
    pick: (first, ...others) => others[Math.floor(next() * (others.length + 1)) - 1] ?? first,
  };
}
