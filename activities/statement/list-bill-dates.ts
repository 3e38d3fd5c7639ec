import type { StatementKind } from '../../domain/statement/statement.ts';
import { addDays, parsePlainDate } from '../../domain/time/plain-date.ts';
import { AppError } from '../../domain/errors.ts';
import { atBoundary } from '../failures.ts';

/** Days from `from` to `to`, both included (yyyy-mm-dd, Beijing). */
export interface BackfillRange {
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly from: string;
  readonly to: string;
}

export interface BackfillResult {
  readonly loaded: number;
  readonly same: number;
  readonly empty: number;
  readonly alreadyRun: number;
  /** Days whose run failed; each day's own history says why. */
  readonly failed: readonly string[];
}

/** A channel keeps statements for months, not years: longer ranges are a slip of the pen. */
const DAYS_MAX = 400;

/** @throws AppError `request_invalid` for dates that are none, or a range that is empty or too long. */
export function listBillDates() {
  return (range: BackfillRange): Promise<readonly string[]> =>
    atBoundary(async () => {
      const dates: string[] = [];
      const last = parsePlainDate(range.to);
      for (let date = parsePlainDate(range.from); date <= last; date = addDays(date, 1)) {
        if (dates.length === DAYS_MAX)
          throw new AppError('request_invalid', { range: `over ${String(DAYS_MAX)} days` });
        dates.push(date);
      }
      if (dates.length === 0)
        throw new AppError('request_invalid', { range: `${range.from} is after ${range.to}` });
      return Promise.resolve(dates);
    });
}
