/** What may be sent to a channel as a new place for an abnormal refund. The fault names the field and never what is in it. */
import { passesLuhn } from '../domain/card-number.ts';
import { AppError } from '../domain/errors.ts';
import type { RedirectTarget } from './channel.ts';

/** Lengths of card numbers in China: those of UnionPay have 16 to 19 digits, the shortest that are met have 13. */
const CARD_NO = /^[0-9]{13,19}$/;
const HOLDER_CHARACTERS_MAX = 60;

/**
 * Refuses a card that cannot be right before anything leaves.
 * @throws AppError `redirect_invalid` with `field`: `bank`, `card_no` or `holder`
 */
export function assertRedirectable(target: RedirectTarget, banks: readonly string[]): void {
  if (target.to === 'merchant_account') return;
  const { bank, cardNo, holder } = target;
  if (!banks.includes(bank)) throw new AppError('redirect_invalid', { field: 'bank' });
  if (!CARD_NO.test(cardNo) || !passesLuhn(cardNo))
    throw new AppError('redirect_invalid', { field: 'card_no' });
  if (holder.trim() === '' || [...holder].length > HOLDER_CHARACTERS_MAX)
    throw new AppError('redirect_invalid', { field: 'holder' });
}
