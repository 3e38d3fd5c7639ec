/** Yuan as Alipay writes it everywhere: digits, a dot, at most two decimals; a minus in files only. */
import { AppError } from '../../domain/errors.ts';
import { parseYuan } from '../../domain/money.ts';

/**
 * The amount in fen. Stricter than {@link parseYuan}: a third decimal is none of Alipay's, not even a zero, so whatever
 * wrote it was not Alipay, or its format has changed.
 * @throws AppError `amount_invalid`
 */
export function readYuan(text: string): bigint {
  if (/\.[0-9]{3}/.test(text)) throw new AppError('amount_invalid', { amount: text.slice(0, 40) });
  return parseYuan(text);
}
