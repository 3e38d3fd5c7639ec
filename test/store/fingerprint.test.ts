/** What makes two contents the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../store/fingerprint.ts';

describe('I5 a fingerprint', () => {
  test('is the same for the same content, whatever the order of its fields and however absence is written', () => {
    const fields = fc.dictionary(fc.string({ maxLength: 5 }), fc.option(fc.string({ maxLength: 5 })), {
      maxKeys: 6,
    });
    fc.assert(
      fc.property(fields, (content) => {
        const turned = Object.fromEntries(Object.entries(content).toReversed());
        const bare = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));
        expect(fingerprint(turned)).toBe(fingerprint(content));
        expect(fingerprint(bare)).toBe(fingerprint(content));
        expect(fingerprint({ ...content, ['never there']: undefined })).toBe(fingerprint(content));
      }),
    );
  });

  test('is another for any other content: no text passes from one field into the next', () => {
    const contents = [
      {},
      { a: '' },
      { a: 'b' },
      { a: 'bc' },
      { a: 'b', b: '' },
      { a: 'b', c: 'd' },
      { ab: 'cd' },
      { a: 'b","c":"d' },
      { a: 'B' },
      { a: 'b ' },
    ];
    expect(new Set(contents.map(fingerprint)).size).toBe(contents.length);
    expect(fingerprint({ a: 'b' })).toMatch(/^[0-9a-f]{64}$/);
  });
});
