/** An amount that is typed wrong is answered in what is typed: yuan, not the fen of the API. */
import { expect, test } from 'vitest';
import { yuanOption } from '../../cli/yuan-option.ts';

test.each([
  ['23.45', 2_345n],
  ['0.1', 10n],
  ['7', 700n],
])('%s yuan are %s fen', (text, minor) => {
  expect(yuanOption(text)).toBe(minor);
});

test.each(['1.001', 'ten', '1,234.00', '', '1e3', '０.１'])(
  '“%s” is refused, and it says what to type',
  (text) => {
    const refused: unknown = expect.objectContaining({
      code: 'amount_invalid',
      details: { amount: text, remedy: 'Give yuan with at most two decimals, for example 23.45.' },
    });
    expect(() => yuanOption(text)).toThrow(refused);
  },
);
