/** Numbers of bank cards: known by their check digit, and never a part of a text that is kept. */

/** Of 13 to 19 digits, each perhaps set off by a blank or a dash, with no digit before or after. */
const DIGIT_RUNS = /(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])/g;

/** How card numbers begin: UnionPay 62, Visa 4, Mastercard 51 to 55 and 22 to 27, JCB 35, American Express 34 and 37, others 60 to 65; older cards of China 9. */
const CARD_BEGINS = /^(?:4|5[1-5]|2[2-7]|3[457]|6[0-5]|9)/;

/** The check digit of card numbers (ISO/IEC 7812-1, annex B): from the right, every second digit doubled, the sum in tens. */
export function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/**
 * Whether a text that somebody wrote has a whole card number in it, also in full-width digits. Serial numbers of channels are
 * longer than any card's; one of a card's length is taken for one in about three of a hundred.
 */
export function holdsCardNumber(text: string): boolean {
  return (text.normalize('NFKC').match(DIGIT_RUNS) ?? [])
    .map((run) => run.replace(/[ -]/g, ''))
    .some((digits) => CARD_BEGINS.test(digits) && passesLuhn(digits));
}
