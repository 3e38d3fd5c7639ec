import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertRefundNo,
  backfillWorkflowId,
  refundWorkflowId,
  statementWorkflowId,
  sweepWorkflowId,
} from '../../domain/ids.ts';
import { appError } from './expectations.ts';

const REFUND_NO_CHARACTERS = [...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-|*@'];

describe('a refund number', () => {
  const refundNo = fc
    .array(fc.constantFrom(...REFUND_NO_CHARACTERS), { minLength: 1, maxLength: 64 })
    .map((characters) => characters.join(''));

  test('of 1 to 64 allowed characters is taken', () => {
    fc.assert(
      fc.property(refundNo, (text) => {
        assertRefundNo(text);
      }),
    );
  });

  test('with any other character in it is refused', () => {
    const other = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 1 })
      .filter((character) => !REFUND_NO_CHARACTERS.includes(character));
    fc.assert(
      fc.property(refundNo, other, fc.nat({ max: 63 }), (text, character, at) => {
        const spoilt = text.slice(0, at) + character + text.slice(at);

        expect(() => {
          assertRefundNo(spoilt);
        }).toThrow(appError('refund_no_invalid'));
      }),
    );
  });

  test.each(['', 'a'.repeat(65), 'a b', 'a/b', 'a.b', 'a#b', '退款1', 'R１', 'R1\n', "R1'--"])(
    '%j is refused',
    (text) => {
      expect(() => {
        assertRefundNo(text);
      }).toThrow(appError('refund_no_invalid'));
    },
  );
});

describe('workflow ids', () => {
  // Merchant ids come from the accounts file and refund numbers from callers; neither can hold a slash.
  const part = fc
    .array(fc.constantFrom(...REFUND_NO_CHARACTERS), { minLength: 1, maxLength: 10 })
    .map((characters) => characters.join(''));

  test('are the same for the same key and different for different keys', () => {
    fc.assert(
      fc.property(fc.tuple(part, part), fc.tuple(part, part), (one, other) => {
        const same = one[0] === other[0] && one[1] === other[1];

        expect(refundWorkflowId(...one) === refundWorkflowId(...other)).toBe(same);
      }),
    );
  });

  test('of different things never meet', () => {
    const ids = [
      refundWorkflowId('a', 'b'),
      statementWorkflowId('a', 'trade', '2026-11-24'),
      statementWorkflowId('a', 'fund_flow', '2026-11-24'),
      sweepWorkflowId('overdue', '2026-11-24T00:00:00.000Z'),
      backfillWorkflowId('a', 'trade', '2026-11-01', '2026-11-24'),
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });
});
