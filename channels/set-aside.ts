/** The rows of a statement that could not be read: kept with their place and their text, and counted. */
import type { QuarantinedLine } from '../domain/statement/statement.ts';

/** Rows kept with their text; beyond it they are only counted. */
const KEPT_MAX = 1_000;
/** Rows set aside beyond which, and of which share of all, the file as a whole is taken to be something else. */
const ALLOWED_ROWS = 10;
const ALLOWED_SHARE = 0.1;

/** As much of a row as is worth keeping. */
export const RAW_CHARACTERS_MAX = 2_000;

export class SetAside {
  readonly #kept: QuarantinedLine[] = [];
  #count = 0;

  get kept(): readonly QuarantinedLine[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }

  /** @param raw makes the row's text, which is wanted only for rows that are kept */
  add(row: Omit<QuarantinedLine, 'raw'>, raw: () => string): void {
    this.#count += 1;
    if (this.#kept.length < KEPT_MAX) this.#kept.push({ ...row, raw: raw() });
  }

  /** A few bad rows of `lines` are bad rows; many are a format that we do not know. */
  isTooMuchOf(lines: number): boolean {
    return this.#count > Math.max(ALLOWED_ROWS, lines * ALLOWED_SHARE);
  }
}
