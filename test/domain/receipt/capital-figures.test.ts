import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MINOR_MAX } from '../../../domain/money.ts';
import { capitalFigures } from '../../../domain/receipt/capital-figures.ts';

describe('an amount in capital figures', () => {
  test.each<[bigint, string]>([
    [0n, '零元整'],
    [1n, '壹分'],
    [10n, '壹角整'],
    [11n, '壹角壹分'],
    [100n, '壹元整'],
    [1_000n, '壹拾元整'],
    [101n, '壹元零壹分'],
    [12_800n, '壹佰贰拾捌元整'],
    [140_950n, '壹仟肆佰零玖元伍角整'],
    [600_714n, '陆仟零柒元壹角肆分'],
    [10_700_053n, '壹拾万柒仟元伍角叁分'],
    [1_640_902n, '壹万陆仟肆佰零玖元零贰分'],
    [32_504n, '叁佰贰拾伍元零肆分'],
    [1_000_000_100n, '壹仟万零壹元整'],
    [10_000_000_000n, '壹亿元整'],
    [10_000_100_000n, '壹亿零壹仟元整'],
    [1_000_100_000_000n, '壹佰亿零壹佰万元整'],
    [MINOR_MAX, '玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分'],
  ])('%s fen is %s', (minor, words) => {
    expect(capitalFigures(minor)).toBe(words);
  });

  test('read back is the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MINOR_MAX), (minor) => {
        expect(readBack(capitalFigures(minor))).toBe(minor);
      }),
    );
  });

  test('read back is the same amount also where most places are empty', () => {
    const sparse = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 1, max: 9 })), { maxLength: 4 })
      .map((places) => new Map(places))
      .map((places) =>
        [...places].reduce((sum, [place, digit]) => sum + BigInt(digit) * 10n ** BigInt(place), 0n),
      );
    fc.assert(
      fc.property(sparse, (minor) => {
        const words = capitalFigures(minor);

        expect(readBack(words)).toBe(minor);
        expect(words).not.toMatch(/零零|零[拾佰仟万亿角分]|^零(?!元整)/);
      }),
    );
  });

  test('ends in 整 or in 分, so that nothing can be written behind it', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MINOR_MAX), (minor) => {
        expect(capitalFigures(minor)).toMatch(minor % 10n === 0n ? /整$/ : /分$/);
      }),
    );
  });

  test.each([-1n, MINOR_MAX + 1n])('%s is refused', (minor) => {
    expect(() => capitalFigures(minor)).toThrow('amount_invalid');
  });
});

const FIGURES = '零壹贰叁肆伍陆柒捌玖';
const UNITS = new Map([
  ['拾', 10n],
  ['佰', 100n],
  ['仟', 1_000n],
]);

/** Reads such words without the rules by which they were made: sums of figure times place. */
function readBack(words: string): bigint {
  const [yuan, rest] = words.includes('元') ? words.split('元') : ['', words];
  const jiao = /(.)角/.exec(rest ?? '')?.[1];
  const fen = /(.)分/.exec(rest ?? '')?.[1];
  const digit = (text: string | undefined): bigint => BigInt(Math.max(0, FIGURES.indexOf(text ?? '零')));
  return readYuan(yuan ?? '') * 100n + digit(jiao) * 10n + digit(fen);
}

function readYuan(words: string): bigint {
  for (const [unit, worth] of [
    ['亿', 100_000_000n],
    ['万', 10_000n],
  ] as const) {
    const at = words.lastIndexOf(unit);
    if (at >= 0) return readYuan(words.slice(0, at)) * worth + readYuan(words.slice(at + 1));
  }
  let sum = 0n;
  let figure = 0n;
  for (const letter of words) {
    const unit = UNITS.get(letter);
    if (unit === undefined) figure = BigInt(FIGURES.indexOf(letter));
    else {
      sum += figure * unit;
      figure = 0n;
    }
  }
  return sum + figure;
}
