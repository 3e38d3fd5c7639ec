/** The rows of a statement that could not be read: kept with their place and their text, and counted. */
import type { LineFaultCode } from '../domain/errors.ts';
import type { QuarantinedLine } from '../domain/statement/statement.ts';

/** Rows kept with their text; beyond it they are only counted. */
const KEPT_MAX = 1_000;
/** Rows set aside beyond which, and of which share of all, the file as a whole is taken to be something else. */
const ALLOWED_ROWS = 10;
const ALLOWED_SHARE = 0.1;

/** As much of a row as is worth keeping. */
export const RAW_CHARACTERS_MAX = 2_000;

/** Why a row is set aside: the catalogue's code, and in words what was found. */
export interface LineFault {
  readonly code: LineFaultCode;
  readonly reason: string;
}

/** Faults that rows of several channels have. */
export const LINE_FAULTS = {
  amount: { code: 'line_amount_invalid', reason: 'an amount that cannot be read' },
  negative: { code: 'line_amount_invalid', reason: 'a negative amount' },
  time: { code: 'line_time_invalid', reason: 'no time as documented' },
  sums: { code: 'line_sums_differ', reason: 'amount, fee and settlement do not add up' },
} as const satisfies Record<string, LineFault>;

/** The columns of a row are not those of its header. */
export function columnsDiffer(found: number, expected: number): LineFault {
  return { code: 'line_columns_differ', reason: `${String(found)} fields instead of ${String(expected)}` };
}

/** A record of fixed width has another. */
export function lengthWrong(found: number, expected: number): LineFault {
  return { code: 'line_length_wrong', reason: `${String(found)} bytes instead of ${String(expected)}` };
}

/** A kind that is not documented, or that has no place in this statement. */
export function kindUnknown(reason: string): LineFault {
  return { code: 'line_kind_unknown', reason };
}

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

  /** Adds rows that were set aside elsewhere: `count` of them, of which these were kept. */
  addAll(kept: readonly QuarantinedLine[], count: number): void {
    this.#count += count;
    this.#kept.push(...kept.slice(0, KEPT_MAX - this.#kept.length));
  }

  /** A few bad rows of `lines` are bad rows; many are a format that we do not know. */
  isTooMuchOf(lines: number): boolean {
    return this.#count > Math.max(ALLOWED_ROWS, lines * ALLOWED_SHARE);
  }
}
