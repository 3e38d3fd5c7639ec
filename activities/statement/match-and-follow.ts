import { AppError } from '../../domain/errors.ts';
import { noteAdjustments } from '../../store/match-adjustments.ts';
import type { MatchProgress, MatchResult } from '../../store/match.ts';
import { matchStatement } from '../../store/match.ts';
import { recordSentBack } from '../../store/sent-back.ts';
import { markFollowed } from '../../store/statements-known.ts';
import { getStatementFile } from '../../store/statements.ts';
import type { ActivityDeps } from '../deps.ts';
import { followStatement } from './follow-statement.ts';

/** Hears how far it is. */
interface Hearer {
  readonly matching: (progress: MatchProgress) => void;
  readonly following: (refundLines: number) => void;
}

/**
 * Matches a loaded statement against the books, in sets, notes what it corrects and which refunds it sends back, and looks at what
 * follows from its being there: the same for one that a worker fetched and for a file that a person has.
 * @throws AppError `statement_unknown`
 */
export async function matchAndFollow(
  deps: Pick<ActivityDeps, 'ingest' | 'pool' | 'channels' | 'calendar' | 'clock'>,
  fileId: string,
  hear: Hearer,
): Promise<MatchResult> {
  const file = await getStatementFile(deps.ingest, fileId);
  if (file === null) throw new AppError('statement_unknown', { file_id: fileId });
  const now = deps.clock.now();
  const channel = deps.channels.get(file.accountId);
  const result = await matchStatement(deps.ingest, fileId, {
    now,
    numberWithin: channel.limits.refundNo.uniqueWithin,
    onProgress: hear.matching,
  });
  hear.following(file.refundLines);
  await noteAdjustments(deps.ingest, { fileId, now });
  await recordSentBack(deps.pool, { fileId, now });
  const { accountId, billDate } = file;
  await followStatement(deps, { accountId, billDate, now, showsRefunds: file.kind === 'trade' });
  await markFollowed(deps.ingest, fileId, now);
  return result;
}
