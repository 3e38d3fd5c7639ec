/** The bank that issued a card, as far as windows tell banks apart, from what the channel says of where the money lands. */

/** Banks with a window of their own. */
export type IssuingBank = 'icbc';

/** The first six digits of cards of the Industrial and Commercial Bank of China. */
const ICBC_CARDS = ['622200', '622202', '622203', '622208', '621225', '621226', '621558', '955880'] as const;

/**
 * Null where the bank has no window of its own, or where nothing says which it is: a channel names the bank, or gives a masked
 * card number of which the first six digits are left.
 */
export function issuingBankOf(landsIn: string | null): IssuingBank | null {
  if (landsIn === null) return null;
  const isIcbc = /工商银行|\bICBC\b/i.test(landsIn) || ICBC_CARDS.some((first) => landsIn.startsWith(first));
  return isIcbc ? 'icbc' : null;
}
