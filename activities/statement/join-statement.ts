import { joinStatement as join } from '../../store/statements-join.ts';
import { isDone } from '../../store/statements-known.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { Tell } from '../heartbeats.ts';
import { withHeartbeats } from '../heartbeats.ts';
import type { LoadedStatement } from './load-statement.ts';
import { rangesOf } from './ranges-of.ts';
import type { FetchedStatement, StatementDay } from './statement-day.ts';

/** Makes a statement of its ranges, judged as if one worker had loaded it. All or nothing. */
export function joinStatement(deps: ActivityDeps) {
  return (day: StatementDay, file: FetchedStatement, fileId: string): Promise<LoadedStatement> =>
    atBoundary(() => withHeartbeats((tell) => joinRanges(deps, day, file, fileId, tell)));
}

async function joinRanges(
  deps: ActivityDeps,
  day: StatementDay,
  file: FetchedStatement,
  fileId: string,
  tell: Tell,
): Promise<LoadedStatement> {
  tell({ phase: 'join' });
  const joined = await join(deps.ingest, {
    fileId,
    ranges: rangesOf(deps, day.accountId),
    expectHash: file.hash,
    expectMerchantNo: deps.channels.externalId(day.accountId),
    proves: deps.channels.get(day.accountId).lineProves,
    now: deps.clock.now(),
  });
  const outcome = (await isDone(deps.pool, joined.fileId)) ? joined.outcome : 'loaded';
  return { outcome, fileId: joined.fileId, lines: joined.summary.lines };
}
