import { noteAdjustments } from '../../store/match-adjustments.ts';
import { matchStatement as matchFile } from '../../store/match.ts';
import { recordSentBack } from '../../store/sent-back.ts';
import type { MatchResult } from '../../store/match.ts';
import { getStatementFile } from '../../store/statements.ts';
import { AppError } from '../../domain/errors.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { Tell } from '../heartbeats.ts';
import { withHeartbeats } from '../heartbeats.ts';
import { followStatement } from './follow-statement.ts';

/** Matches a loaded statement against the books, in sets, notes what it corrects and which refunds it sends back, and looks at what follows from its being there. */
export function matchStatement(deps: ActivityDeps) {
  return (fileId: string): Promise<MatchResult> =>
    atBoundary(() => withHeartbeats((tell) => matchAndLook(deps, fileId, tell)));
}

async function matchAndLook(deps: ActivityDeps, fileId: string, tell: Tell): Promise<MatchResult> {
  const file = await getStatementFile(deps.ingest, fileId);
  if (file === null) throw new AppError('statement_unknown', { file_id: fileId });
  const now = deps.clock.now();
  const channel = deps.channels.get(file.accountId);
  const result = await matchFile(deps.ingest, fileId, {
    now,
    numberWithin: channel.limits.refundNo.uniqueWithin,
    onProgress: ({ step, lines }) => {
      tell({ phase: 'match', step, lines });
    },
  });
  tell({ phase: 'follow', lines: file.refundLines });
  await noteAdjustments(deps.ingest, { fileId, now });
  await recordSentBack(deps.pool, { fileId, now });
  await followStatement(deps, { accountId: file.accountId, billDate: file.billDate, now });
  return result;
}
