/**
 * What each error code means for money, held against a table written from the channel's documents and not from the code:
 * `U` find out, `R` no for good, `A` not there, anything else why it is held.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREATE_OUTCOMES, QUERY_OUTCOMES, outcomeOf } from '../../../channels/wechat/outcome.ts';

/** code, documented HTTP status, meaning for POST refunds, meaning for GET. Names of v2 come with the 400 they were met with. */
const DOCUMENTED = `
SYSTEM_ERROR            500  U                     U
SYSTEMERROR             400  U                     U
BIZERR_NEED_RETRY       400  U                     -
FREQUENCY_LIMITED       429  rate_limited          rate_limited
FREQUENCY_LIMIT_EXCEED  429  rate_limited          rate_limited
RATELIMIT_EXCEEDED      429  rate_limited          rate_limited
INVALID_REQ_TOO_MUCH    400  rate_limited          -
NOT_ENOUGH              403  short_balance         -
NOTENOUGH               400  short_balance         -
USER_ACCOUNT_ABNORMAL   403  payer_account_closed  -
NO_AUTH                 403  account_config        account_config
REQUEST_BLOCKED         403  blocked               blocked
SIGN_ERROR              401  account_config        account_config
PARAM_ERROR             400  R                     account_config
INVALID_REQUEST         400  R                     account_config
RESOURCE_NOT_EXISTS     404  R                     A
MCH_NOT_EXISTS          404  account_config        account_config
TRADE_OVERDUE           400  R                     -
REFUND_FEE_MISMATCH     400  R                     -
ORDER_NOT_EXIST         404  -                     A
REFUNDNOTEXIST          404  -                     A
`;

const ROWS = DOCUMENTED.trim()
  .split('\n')
  .map((line) => line.split(/\s+/))
  .map(([code = '', status = '', create = '', query = '']) => ({
    code,
    status: Number(status),
    create,
    query,
  }));

const TABLES = [
  ['create', CREATE_OUTCOMES],
  ['query', QUERY_OUTCOMES],
] as const;

/** The word of the table above. */
function wordOf(table: typeof CREATE_OUTCOMES, status: number, code: string): string {
  const outcome = outcomeOf(table, status, code);
  if (outcome.outcome === 'held') return outcome.reason;
  return { unknown: 'U', refused: 'R', absent: 'A' }[outcome.outcome];
}

describe.each(TABLES)('an error of %s', (which, table) => {
  const rows = ROWS.filter((row) => row[which] !== '-');

  test.each(rows.map((row) => [row.code, row] as const))('%s is what the document says', (_code, row) => {
    expect(wordOf(table, row.status, row.code)).toBe(row[which]);
  });

  test('has no row that the documents do not have', () => {
    expect(Object.keys(table).sort()).toEqual(rows.map((row) => row.code).sort());
  });

  test('I7: with a status of 500 and more is unknown, whatever its body says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        fc.oneof(fc.constantFrom(...ROWS.map((row) => row.code)), fc.string()),
        (status, code) => {
          expect(outcomeOf(table, status, code)).toEqual({ outcome: 'unknown' });
        },
      ),
    );
  });

  test('F11: with status 429 asks for patience, whatever its body says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...ROWS.map((row) => row.code)), fc.string()), (code) => {
        expect(outcomeOf(table, 429, code)).toEqual({ outcome: 'held', reason: 'rate_limited' });
      }),
    );
  });

  test('I7: with a status that is no refusal (below 400) is unknown, whatever its body says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 399 }),
        fc.oneof(fc.constantFrom(...ROWS.map((row) => row.code)), fc.string()),
        (status, code) => {
          expect(outcomeOf(table, status, code)).toEqual({ outcome: 'unknown' });
        },
      ),
    );
  });

  test('with a code that nobody knows was not taken, and a person looks', () => {
    const known = new Set(ROWS.map((row) => row.code));
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
  const codes = ROWS.map((row) => row.code);
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.constantFrom(...codes), (status, code) => {
      expect(outcomeOf(QUERY_OUTCOMES, status, code).outcome).not.toBe('refused');
    }),
  );
});

test('a refund that is put is never absent: it is taken, refused, held or unknown', () => {
  const codes = ROWS.map((row) => row.code);
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.constantFrom(...codes), (status, code) => {
      expect(outcomeOf(CREATE_OUTCOMES, status, code).outcome).not.toBe('absent');
    }),
  );
});
