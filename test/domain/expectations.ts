/** What tests of the domain expect in more than one place. */
import { expect } from 'vitest';
import type { ErrorCode } from '../../domain/errors.ts';

/** Matches an AppError by its code: `expect(act).toThrow(appError('amount_invalid'))`. */
export function appError(code: ErrorCode): unknown {
  return expect.objectContaining({ name: 'AppError', code });
}
