import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../domain/errors.ts';
import { AppError, assertNever, ERRORS, invariant, isErrorCode } from '../../domain/errors.ts';
import { appError } from './expectations.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the catalogue', () => {
  test.each(CODES)('%s has a status, a sentence and something to do', (code) => {
    const entry = ERRORS[code];

    expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect(entry.title).toMatch(/^[A-Z].*\.$/);
    expect(entry.remedy).toMatch(/^[A-Z`].*\.$/);
  });

  test('calls nothing retryable that the caller alone can mend', () => {
    const wrong = CODES.filter((code) => ERRORS[code].status === 409 && ERRORS[code].retryable);

    expect(wrong).toEqual([]);
  });

  test('knows its own codes and no inherited names', () => {
    expect(CODES.every((code) => isErrorCode(code))).toBe(true);
    expect(['toString', '__proto__', 'constructor', ''].filter((text) => isErrorCode(text))).toEqual([]);
  });
});

describe('a fault', () => {
  test('says its code, its meaning and its facts, and keeps its cause', () => {
    const cause = new Error('socket hang up');
    const error = new AppError('refund_conflict', { refund_no: 'R1', field: 'amount' }, { cause });

    expect(error.message).toBe(
      `refund_conflict: ${ERRORS.refund_conflict.title} (refund_no=R1, field=amount)`,
    );
    expect(error.code).toBe('refund_conflict');
    expect(error.details).toEqual({ refund_no: 'R1', field: 'amount' });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
  });

  test('prints big integers in its facts', () => {
    expect(new AppError('amount_invalid', { amount: 10n ** 20n }).message).toContain(
      'amount=100000000000000000000',
    );
  });
});

describe('an invariant', () => {
  test('that holds says nothing, and one that does not hold says its sentence', () => {
    invariant(true, 'never said');

    expect(() => {
      invariant(false, 'lines = matches + breaks');
    }).toThrow(/lines = matches \+ breaks/);
  });

  test('a member that no switch handles is a bug that shows itself', () => {
    expect(() => assertNever('surprise' as never)).toThrow(appError('invariant_broken'));
  });
});
