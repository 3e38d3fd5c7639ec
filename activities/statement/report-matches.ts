import { cancellationSignal } from '@temporalio/activity';
import type { FileNews } from '../../store/match-news.ts';
import { markTold, untoldNews } from '../../store/match-news.ts';
import { recordMatchedLine } from '../../store/matched-lines.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { Tell } from '../heartbeats.ts';
import { withHeartbeats } from '../heartbeats.ts';

/** Runs that began before news were rows hand on all refunds by name. */
export type NewsByName = readonly { readonly refundId: string }[];

/** How many are told between two marks: at most so many are told again by the next attempt. */
const PAGE = 100;

/**
 * Tells the refunds for which a matched line is news: those we thought unsent, unknown or failed, and those whose
 * amount it contradicts. The line is recorded as their evidence first; telling their workflow comes after. What was told
 * is marked, so that the next attempt goes on where this one ended. Returns how many there were.
 */
export function reportMatches(deps: ActivityDeps) {
  return (news: FileNews | NewsByName): Promise<number> =>
    atBoundary(() =>
      withHeartbeats((say) => ('fileId' in news ? tellFile(deps, news.fileId, say) : tellNamed(deps, news))),
    );
}

async function tellFile(deps: ActivityDeps, fileId: string, say: Tell): Promise<number> {
  let told = 0;
  let after = '0';
  for (;;) {
    // After a time-out another attempt tells them.
    cancellationSignal().throwIfAborted();
    const page = await untoldNews(deps.pool, fileId, { after, limit: PAGE });
    for (const refundId of page) await tell(deps, refundId);
    await markTold(deps.pool, fileId, page, deps.clock.now());
    told += page.length;
    say({ phase: 'tell', refunds: told });
    after = page.at(-1) ?? after;
    if (page.length < PAGE) return told;
  }
}

async function tellNamed(deps: ActivityDeps, news: NewsByName): Promise<number> {
  for (const { refundId } of news) await tell(deps, refundId);
  return news.length;
}

/** One that is gone from the books, or that no live statement shows any more, is passed over. */
async function tell(deps: ActivityDeps, refundId: string): Promise<void> {
  const refund = await getRefundById(deps.pool, refundId);
  if (refund === null) return;
  const lineRef = await recordMatchedLine(deps.pool, refundId, deps.clock.now());
  if (lineRef !== null) await deps.teller.statementMatched(refund, lineRef);
}
