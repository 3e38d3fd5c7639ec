import { resolveByRules } from '../../store/break-rules-applied.ts';
import { noteAdjustments } from '../../store/match-adjustments.ts';
import { matchStatement as matchFile, sweepMissing } from '../../store/match.ts';
import { recordSentBack } from '../../store/sent-back.ts';
import { compareMovements } from './compare-movements.ts';
import type { MatchResult } from '../../store/match.ts';
import { getStatementFile } from '../../store/statements.ts';
import { AppError } from '../../domain/errors.ts';
import { DAY_ENDS_EARLY_MS } from '../../domain/time/arrival-window.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';

/** Matches a loaded statement against the books, in sets, notes what it corrects and which refunds it sends back, looks for refunds that no statement ever showed, compares what is said to be refunded with what left the account, and ends what a rule of breaks ends by itself. */
export function matchStatement(deps: ActivityDeps) {
  return (fileId: string): Promise<MatchResult> =>
    atBoundary(() => withHeartbeats(() => matchAndLook(deps, fileId)));
}

async function matchAndLook(deps: ActivityDeps, fileId: string): Promise<MatchResult> {
  const file = await getStatementFile(deps.ingest, fileId);
  if (file === null) throw new AppError('statement_unknown', { file_id: fileId });
  const now = deps.clock.now();
  const channel = deps.channels.get(file.accountId);
  const result = await matchFile(deps.ingest, fileId, {
    now,
    numberWithin: channel.limits.refundNo.uniqueWithin,
  });
  await noteAdjustments(deps.ingest, { fileId, now });
  await recordSentBack(deps.pool, { fileId, now });
  await sweepMissing(deps.ingest, {
    accountId: file.accountId,
    asOf: now,
    line: { proves: channel.lineProves, dayEndsEarlyMs: DAY_ENDS_EARLY_MS[channel.name] },
  });
  await compareMovements(deps, file);
  await resolveByRules(deps.ingest, { accountId: file.accountId, calendar: deps.calendar, now });
  return result;
}
