import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NumberSet } from '../../cli/reconcile/number-set.ts';

describe('the set that tells whether a number was there before', () => {
  test('never overlooks one that was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 }), { maxLength: 200 }), (numbers) => {
        const set = new NumberSet();
        for (const number of numbers) set.add(number);

        expect(numbers.every((number) => set.add(number))).toBe(true);
      }),
    );
  });

  test('says of the first of each number that it is new', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 64 }), { maxLength: 200 }),
        (numbers) => {
          const set = new NumberSet();

          expect(numbers.filter((number) => set.add(number))).toEqual([]);
        },
      ),
    );
  });

  test.each([
    ['counted up', (index: number) => `R${String(index)}`],
    ['padded', (index: number) => `RF2026${String(index).padStart(20, '0')}`],
    ['counted from the front', (index: number) => `${String(index)}-2026-11-20-REFUND`],
    ['with the counter in front and behind', (index: number) => `${String(index)}x${String(index)}`],
  ])('tells two hundred thousand numbers apart that are %s', (_, numberOf) => {
    const set = new NumberSet();
    let mistaken = 0;

    for (let index = 0; index < 200_000; index += 1) if (set.add(numberOf(index))) mistaken += 1;

    expect(mistaken).toBe(0);
    expect(set.add(numberOf(123_456))).toBe(true);
  });
});
