/** Sums of a statement, without a bigint for each line. */
import { UNREADABLE } from './byte-fields.ts';

/** Sums stay exact far beyond 2^53: whatever no longer fits a double is carried over into a bigint. */
export class Sum {
  #small = 0;
  #carried = 0n;
  /** Whether some amount could not be read. */
  isPartial = false;

  /** Adds an amount as {@link readDecimal} gives it. */
  add(value: number): void {
    if (value === UNREADABLE) {
      this.isPartial = true;
      return;
    }
    this.#small += value;
    if (this.#small > 2 ** 51 || this.#small < -(2 ** 51)) {
      this.#carried += BigInt(this.#small);
      this.#small = 0;
    }
  }

  /** Adds what was added up elsewhere. */
  addSum(value: bigint): void {
    this.#carried += value;
  }

  value(): bigint {
    return this.#carried + BigInt(this.#small);
  }
}
