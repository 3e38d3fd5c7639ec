import { AppError } from '../../domain/errors.ts';
import type { StatementRanges } from '../../domain/statement/ranges.ts';
import type { ActivityDeps } from '../deps.ts';

/**
 * How the statements of an account are read in ranges, when one of them is.
 * @throws AppError `invariant_broken` where they are not: an older worker than the one that split it
 */
export function rangesOf(deps: ActivityDeps, accountId: string): StatementRanges {
  const ranges = deps.channels.get(accountId).statementRanges;
  if (ranges === undefined)
    throw new AppError('invariant_broken', { why: `statements of ${accountId} are not read in ranges` });
  return ranges;
}
