/**
 * Chance that does not depend on order: each number is worked out from the seed and a name. Two runs in which requests
 * arrive in another order, or more of them, still give every refund the same fate.
 */
import { createHash } from 'node:crypto';

export interface Dice {
  /** A whole number from `min` to `max`, both included; the same for the same name. */
  between(name: string, min: number, max: number): number;
  pick<T>(name: string, choices: readonly [T, ...T[]]): T;
  /** `count` decimal digits. */
  digits(name: string, count: number): string;
}

/** 2^48: so many values come out of the first six bytes of a hash, exact in a JavaScript number. */
const RANGE = 2 ** 48;

export function seededDice(seed: number): Dice {
  const share = (name: string): number =>
    createHash('sha256')
      .update(`${String(seed)}/${name}`)
      .digest()
      .readUIntBE(0, 6) / RANGE;
  const between = (name: string, min: number, max: number): number =>
    min + Math.floor(share(name) * (max - min + 1));
  return {
    between,
    pick: (name, choices) => choices[between(name, 0, choices.length - 1)] ?? choices[0],
    digits: (name, count) =>
      Array.from({ length: count }, (_, index) => between(`${name}/${String(index)}`, 0, 9)).join(''),
  };
}
