/**
 * Whether a list names one refund twice, told while it is read: by a hash of each number, 16 bytes a refund, where the
 * numbers themselves would take a hundred. It may say yes by chance (once in a million lists of a million); whoever needs
 * to know which ones asks the database then.
 */

const FIRST_SLOTS = 1 << 12;
const EMPTY = 0;
/** Slots are filled up to a half: look-ups stay short. */
const FILL_MAX = 0.5;
const HIGH_BITS = 2 ** 32;
/** Keeps a hash of two 32-bit halves inside the 53 bits of a double. */
const LOW_HALF_MASK = 0x1fffff;

export class NumberSet {
  #slots = new Float64Array(FIRST_SLOTS);
  #size = 0;

  /** @returns whether this number, or by a rare chance another one with its hash, was added before */
  add(number: string): boolean {
    if (this.#size >= this.#slots.length * FILL_MAX) this.#grow();
    if (!insert(this.#slots, hashOf(number))) return true;
    this.#size += 1;
    return false;
  }

  #grow(): void {
    const grown = new Float64Array(this.#slots.length * 2);
    for (const hash of this.#slots) if (hash !== EMPTY) insert(grown, hash);
    this.#slots = grown;
  }
}

/** False when it is there already. */
function insert(slots: Float64Array, hash: number): boolean {
  const mask = slots.length - 1;
  for (let at = hash % slots.length; ; at = (at + 1) & mask) {
    if (slots[at] === EMPTY) {
      slots[at] = hash;
      return true;
    }
    if (slots[at] === hash) return false;
  }
}

/** Two hashes of the FNV family, 53 bits together, never 0. */
function hashOf(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + at), 0x85ebca6b);
    high ^= high >>> 13;
  }
  return (high & LOW_HALF_MASK) * HIGH_BITS + (low >>> 0) || 1;
}
