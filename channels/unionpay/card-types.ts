/** UnionPay's kinds of card (payCardType) as a statement line has them. */
import { word } from '../line-words.ts';
import type { Place } from './fixed-fields.ts';
import { digitsIn } from './fixed-fields.ts';

const CARDS: ReadonlyMap<number, Buffer> = new Map([
  [1, word('DEBIT')],
  [2, word('CREDIT')],
  [3, word('QUASI_CREDIT')],
  [5, word('PREPAID')],
]);

/** The word for the code at a place of the record at `at`; undefined for a kind that is not told or not known. */
export function cardWord(bytes: Buffer, at: number, place: Place): Buffer | undefined {
  const code = digitsIn(bytes, at, place);
  return code === null ? undefined : CARDS.get(code);
}
