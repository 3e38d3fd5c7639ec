/** What is wrong with a refund list, line by line: all of it at once, up to a limit. */
import { AppError } from '../../domain/errors.ts';

/** More than this nobody reads; the rest is counted. */
const SHOWN_MAX = 20;
const QUOTED_CHARACTERS_MAX = 40;

export class ListProblems {
  readonly #shown: string[] = [];
  #count = 0;

  get any(): boolean {
    return this.#count > 0;
  }

  add(problem: string): void {
    this.#count += 1;
    if (this.#shown.length < SHOWN_MAX) this.#shown.push(problem);
  }

  /** @returns the refusal of the list, naming it and its problems */
  refusal(file: string, options?: ErrorOptions): AppError {
    const more = this.#count - this.#shown.length;
    const errors = more === 0 ? this.#shown : [...this.#shown, `and ${String(more)} more`];
    return new AppError('refund_list_invalid', { errors, file }, options);
  }
}

/** A value as it is repeated in a message: short, on one line, in quotes. */
export function quoted(value: string): string {
  const plain = value.replace(/[\u0000-\u001f\u007f]/g, '·');
  const short = plain.length > QUOTED_CHARACTERS_MAX ? `${plain.slice(0, QUOTED_CHARACTERS_MAX)}…` : plain;
  return `"${short}"`;
}
