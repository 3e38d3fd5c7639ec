/** Amounts as people type them behind an option. */
import { AppError } from '../domain/errors.ts';
import { parseYuan } from '../domain/money.ts';

/** Minor units of an amount in yuan. @throws AppError `amount_invalid`, which says what to type */
export function yuanOption(text: string): bigint {
  try {
    return parseYuan(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const remedy = 'Give yuan with at most two decimals, for example 23.45.';
    throw new AppError(error.code, { ...error.details, remedy }, { cause: error });
  }
}
