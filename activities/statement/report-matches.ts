import { recordMatchedLine } from '../../store/match.ts';
import type { MatchResult } from '../../store/match.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';

/**
 * Tells the refunds for which a matched line is news: those we thought unsent, unknown or failed. The line is recorded
 * as their evidence first; telling their workflow is a courtesy that the scheduler repeats when it fails.
 */
export function reportMatches(deps: ActivityDeps) {
  return (decisive: MatchResult['decisive']): Promise<number> =>
    atBoundary(async () => {
      for (const match of decisive) {
        const lineRef = await recordMatchedLine(deps.pool, match.refundId, deps.clock.now());
        await deps.teller.statementMatched(match, lineRef);
      }
      return decisive.length;
    });
}
