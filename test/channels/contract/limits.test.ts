/** The numbers that a channel sets: sane by themselves, and the same as what its calls accept. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../domain/errors.ts';
import { TELLS_OF_BANK } from '../../../domain/refund/bank-leg.ts';
import { assertRefundNoFits } from '../../../domain/ids.ts';
import { READ_ACCOUNT } from '../../../workers/channels.ts';
import { STANDS, atEveryChannel } from './stands.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test('every channel has its stand: its folder, its line in the table of channels, its promises', () => {
  const folders = readdirSync('channels', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  expect(Object.keys(STANDS).sort()).toEqual(folders.sort());
  expect(Object.keys(STANDS).sort()).toEqual(Object.keys(READ_ACCOUNT).sort());
});

describe('the limits', () => {
  atEveryChannel((stand) => {
    const channel = stand.channel();
    const { limits } = channel;

    test('are of the channel that the stand is for', () => {
      expect(channel.name).toBe(stand.name);
      expect(channel.lineProves).toBeOneOf(['acceptance', 'completion', 'clearing']);
      expect(limits.statementKinds).toContain('trade');
    });

    test('take every number that their own rule describes, and the books take it as well', () => {
      fc.assert(
        fc.property(fc.stringMatching(limits.refundNo.pattern), (refundNo) => {
          expect(() => {
            assertRefundNoFits(refundNo, limits.refundNo);
          }).not.toThrow();
        }),
      );
    });

    test('take the number of the stand’s own refund', () => {
      expect(stand.order.refundNo).toMatch(limits.refundNo.pattern);
    });

    test('refuse a number outside of the rule in words, wherever in it the fault stands', () => {
      const ends = ['', ' ', '\n', '退', '/', "'", '%', '.', '\u0000'];
      fc.assert(
        fc.property(fc.constantFrom(...ends), fc.boolean(), (fault, isInFront) => {
          const { refundNo } = stand.order;
          const wrong = fault === '' ? '' : isInFront ? fault + refundNo : refundNo + fault;

          expect(() => {
            assertRefundNoFits(wrong, limits.refundNo);
          }).toThrow(AppError);
        }),
      );
      expect(limits.refundNo.says).toMatch(/./);
    });

    test('have unique last digits that the rule itself asks for', () => {
      const { pattern, uniqueTailDigits } = limits.refundNo;
      if (uniqueTailDigits === null) return;
      const digits = new RegExp(`[0-9]{${String(uniqueTailDigits)}}$`);
      fc.assert(
        fc.property(fc.stringMatching(pattern), (refundNo) => {
          expect(refundNo).toMatch(digits);
        }),
      );
    });

    test('are spans of time that can be lived with', () => {
      expect(limits.refundableForMs).toBeGreaterThanOrEqual(30 * DAY_MS);
      expect(limits.partsPerPayment).toBeGreaterThanOrEqual(1);
      expect(limits.spacingPerPaymentMs).toBeGreaterThanOrEqual(0);
      expect(limits.spacingPerPaymentMs).toBeLessThanOrEqual(HOUR_MS);
      expect(limits.absenceGraceMs).toBeGreaterThan(0);
      expect(limits.absenceGraceMs).toBeLessThanOrEqual(HOUR_MS);
      expect(limits.bankLegPollMs !== null).toBe(TELLS_OF_BANK[stand.name]);
      expect(limits.bankLegPollMs ?? HOUR_MS).toBeGreaterThanOrEqual(HOUR_MS);
      expect(limits.silentAttemptsMax ?? 1).toBeGreaterThanOrEqual(1);
    });

    test('ask at once at first and ever more seldom, but several times a day to the end', () => {
      const ladder = limits.pollLadderMs;

      expect(ladder.length).toBeGreaterThan(0);
      expect([...ladder].sort((one, other) => one - other)).toEqual([...ladder]);
      expect(ladder[0]).toBeGreaterThan(0);
      expect(ladder[0]).toBeLessThanOrEqual(HOUR_MS / 60);
      expect(ladder.at(-1)).toBeLessThanOrEqual(DAY_MS / 4);
    });

    test('expect a statement on the next day, and call a day empty only after it should have been there', () => {
      expect(limits.statementReadyAfterMs).toBeGreaterThan(0);
      expect(limits.emptyAfterMs).toBeGreaterThanOrEqual(limits.statementReadyAfterMs);
      expect(limits.emptyAfterMs).toBeLessThanOrEqual(DAY_MS);
    });
  });
});
