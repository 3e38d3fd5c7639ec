/** Problems as RFC 9457 has them, for every error that there is. */
import { describe, expect, test } from 'vitest';
import { toProblem } from '../../api/problem.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { toAppError } from '../../api/faults.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the problem of an error', () => {
  test.each(CODES)('%s carries what a program decides by and what a person reads', (code) => {
    const problem = toProblem(new AppError(code), 'request-1');

    expect(problem).toEqual({
      type: `urn:yuanlu:error:${code}`,
      title: ERRORS[code].title,
      status: ERRORS[code].status,
      detail: expect.stringMatching(/^[A-Z].*\.$/s) as string,
      code,
      remedy: ERRORS[code].remedy,
      retryable: ERRORS[code].retryable,
      instance: 'urn:yuanlu:request:request-1',
    });
  });

  test.each(CODES.filter((code) => ERRORS[code].status === 500))(
    '%s tells no caller what is inside',
    (code) => {
      const error = new AppError(code, {
        table: 'refunds',
        sentence: 'row 7 of refunds',
        errors: ['key.pem'],
      });

      expect(JSON.stringify(toProblem(error, 'r'))).not.toMatch(/refunds|row 7|key\.pem/);
    },
  );

  test('says the facts of this very request in one line', () => {
    const detail = (details: Record<string, unknown>): string =>
      toProblem(new AppError('refund_exceeds_payment', details), 'r').detail;

    expect(detail({ left: '40', asked: '41' })).toBe('left 40, asked 41');
    expect(detail({ sentence: 'There are 0.40 CNY left.', left: '40' })).toBe('There are 0.40 CNY left.');
    expect(detail({})).toBe(ERRORS.refund_exceeds_payment.title);
  });

  test('lists fields only where they are fields', () => {
    const errorsOf = (errors: unknown): unknown =>
      toProblem(new AppError('request_invalid', { errors }), 'r').errors;
    const field = { in: 'body', pointer: '/amount_minor', detail: 'is required' };

    expect(errorsOf([field])).toEqual([field]);
    expect(errorsOf(['a text'])).toBeUndefined();
    expect(errorsOf([])).toBeUndefined();
    expect(errorsOf([field, { in: 'cookie' }])).toBeUndefined();
  });
});

describe('whatever is thrown becomes one error of the catalogue', () => {
  test.each<[string, unknown, ErrorCode]>([
    ['an error of the catalogue', new AppError('refund_conflict'), 'refund_conflict'],
    ['a broken socket', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'database_unavailable'],
    [
      'a pool without a free connection',
      new Error('timeout exceeded when trying to connect'),
      'database_unavailable',
    ],
    ['a bug', new TypeError('x is not a function'), 'invariant_broken'],
    ['something that is no error', 'text', 'invariant_broken'],
    ['nothing', undefined, 'invariant_broken'],
    ['a refusal of the framework', Object.assign(new Error('bad'), { statusCode: 400 }), 'request_invalid'],
    ['a fault of the framework', Object.assign(new Error('bad'), { statusCode: 500 }), 'invariant_broken'],
  ])('%s', (_name, thrown, code) => {
    expect(toAppError(thrown).code).toBe(code);
  });

  test('and a refusal of the framework gives nobody its own kilobytes back', () => {
    const long = Object.assign(new Error('a'.repeat(10_000)), { statusCode: 414 });

    expect(toProblem(toAppError(long), 'r').detail.length).toBeLessThanOrEqual(200);
  });
});
