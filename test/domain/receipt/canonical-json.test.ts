import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../domain/receipt/canonical-json.ts';

const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger().map((number) => number + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 6 }), tie('document'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

describe('canonical JSON', () => {
  test('is JSON of the same content, and written again is the same text', () => {
    fc.assert(
      fc.property(document, (value) => {
        const text = canonicalJson(value);

        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test('does not depend on the order in which members were written', () => {
    expect(canonicalJson({ b: 1, a: [{ d: 'x', c: null }], 退: true })).toBe(
      '{"a":[{"c":null,"d":"x"}],"b":1,"退":true}',
    );
    expect(canonicalJson({ 退: true, a: [{ c: null, d: 'x' }], b: 1 })).toBe(
      '{"a":[{"c":null,"d":"x"}],"b":1,"退":true}',
    );
  });

  test('orders members by code units and escapes as RFC 8785 asks', () => {
    expect(
      canonicalJson({
        '\u20ac': 'Euro',
        '\r': 'CR',
        '1': 'One',
        '\ud83d\ude00': 'Smiley',
        '\ufb33': 'Dalet',
      }),
    ).toBe('{"\\r":"CR","1":"One","\u20ac":"Euro","\ud83d\ude00":"Smiley","\ufb33":"Dalet"}');
    expect(canonicalJson('\u0007\u001f"\\/\n<')).toBe('"\\u0007\\u001f\\"\\\\/\\n<"');
  });

  test.each<[string, unknown]>([
    ['a fraction', 0.1],
    ['a number that JSON readers may round', 2 ** 53],
    ['minus zero', -0],
    ['not a number', Number.NaN],
    ['nothing', undefined],
    ['a member that is nothing', { a: undefined }],
    ['a big number', 1n],
    ['a date', new Date(0)],
    ['half a character', '\ud800'],
  ])('refuses %s', (_what, value) => {
    expect(() => canonicalJson(value)).toThrow('invariant_broken');
  });

  test('refuses a document without a bottom', () => {
    let value: unknown = null;
    for (let depth = 0; depth < 100; depth += 1) value = [value];

    expect(() => canonicalJson(value)).toThrow('invariant_broken');
  });
});
