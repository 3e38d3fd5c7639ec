/** What an error means by its status, whatever its code; what each code means is in the contract of all channels. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CREATE_OUTCOMES,
  QUERY_OUTCOMES,
  REDIRECT_OUTCOMES,
  outcomeOf,
} from '../../../channels/wechat/outcome.ts';
import { CREATE_CODES, QUERY_CODES } from './documented-codes.ts';

const CODES = [...new Set([...Object.keys(CREATE_CODES), ...Object.keys(QUERY_CODES)])];

const TABLES = [
  ['create', CREATE_OUTCOMES],
  ['query', QUERY_OUTCOMES],
  ['redirect', REDIRECT_OUTCOMES],
] as const;

describe.each(TABLES)('an error of %s', (_which, table) => {
  test('I7: with a status of 500 and more is unknown, whatever its body says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        fc.oneof(fc.constantFrom(...CODES), fc.string()),
        (status, code) => {
          expect(outcomeOf(table, status, code)).toEqual({ outcome: 'unknown' });
        },
      ),
    );
  });

  test('F11: with status 429 asks for patience, whatever its body says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...CODES), fc.string()), (code) => {
        expect(outcomeOf(table, 429, code)).toEqual({ outcome: 'held', reason: 'rate_limited' });
      }),
    );
  });

  test('I7: with a status that is no refusal (below 400) is unknown, whatever its body says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 399 }),
        fc.oneof(fc.constantFrom(...CODES), fc.string()),
        (status, code) => {
          expect(outcomeOf(table, status, code)).toEqual({ outcome: 'unknown' });
        },
      ),
    );
  });

  test('with a code that nobody knows was not taken, and a person looks', () => {
    const known = new Set(CODES);
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 499 }).filter((status) => status !== 429),
        fc.string().filter((code) => !known.has(code)),
        (status, code) => {
          expect(outcomeOf(table, status, code)).toEqual({ outcome: 'held', reason: 'blocked' });
        },
      ),
    );
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'not_enough', ' NOT_ENOUGH'])(
    'named "%s" is a code that nobody knows',
    (code) => {
      expect(outcomeOf(table, 400, code)).toEqual({ outcome: 'held', reason: 'blocked' });
    },
  );
});

test('I7: no question is ever answered with a refusal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.constantFrom(...CODES), (status, code) => {
      expect(outcomeOf(QUERY_OUTCOMES, status, code).outcome).not.toBe('refused');
    }),
  );
});

test('a refund that is put is never absent: it is taken, refused, held or unknown', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.constantFrom(...CODES), (status, code) => {
      expect(outcomeOf(CREATE_OUTCOMES, status, code).outcome).not.toBe('absent');
    }),
  );
});
