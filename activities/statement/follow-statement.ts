/** What is looked at once a statement of a day is there, loaded and matched or known to be empty. */
import { DAY_ENDS_EARLY_MS } from '../../domain/time/arrival-window.ts';
import { resolveByRules } from '../../store/break-rules-applied.ts';
import { matchMovements } from '../../store/flow-match.ts';
import { sweepMissing } from '../../store/match.ts';
import type { ActivityDeps } from '../deps.ts';

interface FollowedDay {
  readonly accountId: string;
  readonly billDate: string;
  readonly now: Date;
  /** False for a statement that shows no refunds: which of them are missing is as it was before. */
  readonly showsRefunds?: boolean;
}

/**
 * Looks for refunds that no statement shows, compares what is said to be refunded with what left the account, and ends what a
 * rule of breaks ends by itself. In this order: a rule finds what was opened before it. A statement of any kind may be what was
 * waited for, and so may an empty one; running it again changes nothing.
 */
export async function followStatement(
  { ingest, channels, calendar }: Pick<ActivityDeps, 'ingest' | 'channels' | 'calendar'>,
  { accountId, billDate, now, showsRefunds = true }: FollowedDay,
): Promise<void> {
  const { name, lineProves, movementWords: words, limits } = channels.get(accountId);
  const line = { proves: lineProves, dayEndsEarlyMs: DAY_ENDS_EARLY_MS[name] };
  if (showsRefunds) await sweepMissing(ingest, { accountId, asOf: now, line });
  await matchMovements(ingest, {
    ...{ accountId, billDate, words, now },
    kinds: limits.statementKinds,
    numberWithin: limits.refundNo.uniqueWithin ?? 'account',
  });
  await resolveByRules(ingest, { accountId, calendar, now });
}
