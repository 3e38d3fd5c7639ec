/** The activity boundary: faults become Temporal failures whose type is the catalogue's code. */
import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Clock } from '../domain/clock.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { AppError, ERRORS } from '../domain/errors.ts';

/**
 * Nothing is wrong with the refund or the statement itself: a person mends the account, the configuration or the code,
 * and the work goes on by itself. A workflow that ended over it could not be started again under its id.
 */
const MENDED_OUTSIDE: ReadonlySet<ErrorCode> = new Set([
  'channel_config',
  'account_unknown',
  'config_invalid',
  'file_missing',
  'webhooks_not_set_up',
  'schema_outdated',
  'invariant_broken',
]);

/** Runs an activity and turns an AppError into an ApplicationFailure of the same code; other errors pass as they are. */
export async function atBoundary<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: !ERRORS[error.code].retryable && !MENDED_OUTSIDE.has(error.code),
      cause: error,
    });
  }
}

/**
 * "Not yet, come back in a while": an expected end of an attempt, kept out of error logs. The wait is given in
 * business time and never shorter than the floor on the wall.
 */
export function comeBack(
  code: ErrorCode,
  o: { afterMs: number; clock: Clock; floorMs: number; why: string },
): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: o.why,
    nextRetryDelay: Math.max(Math.ceil(o.clock.toWallMs(o.afterMs)), o.floorMs),
    category: ApplicationFailureCategory.BENIGN,
  });
}
