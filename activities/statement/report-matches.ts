import { recordMatchedLine } from '../../store/matched-lines.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { MatchResult } from '../../store/match.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';

/**
 * Tells the refunds for which a matched line is news: those we thought unsent, unknown or failed, and those whose
 * amount it contradicts. The line is recorded as their evidence first; telling their workflow comes after.
 */
export function reportMatches(deps: ActivityDeps) {
  return (decisive: MatchResult['decisive']): Promise<number> =>
    atBoundary(() => withHeartbeats(() => reportAll(deps, decisive)));
}

async function reportAll(deps: ActivityDeps, decisive: MatchResult['decisive']): Promise<number> {
  for (const match of decisive) {
    const refund = await getRefundById(deps.pool, match.refundId);
    if (refund === null) continue;
    const lineRef = await recordMatchedLine(deps.pool, match.refundId, deps.clock.now());
    if (lineRef !== null) await deps.teller.statementMatched(match, lineRef);
  }
  return decisive.length;
}
