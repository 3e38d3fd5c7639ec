/** UnionPay's kinds of card (payCardType) as a statement line has them. */

const CARDS: ReadonlyMap<string, Buffer> = new Map(
  [
    ['01', 'DEBIT'],
    ['02', 'CREDIT'],
    ['03', 'QUASI_CREDIT'],
    ['05', 'PREPAID'],
  ].map(([code = '', name = '']) => [code, Buffer.from(name, 'utf8')]),
);

/** Undefined for a kind that is not told or not known. */
export function cardWord(code: string): Buffer | undefined {
  return CARDS.get(code);
}
