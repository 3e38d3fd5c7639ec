import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { invariant } from '../../domain/errors.ts';
import type { SplitResult } from '../../store/statements-split.ts';
import { splitStatement as splitDelivery } from '../../store/statements-split.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { FetchedStatement, StatementDay } from './statement-day.ts';

/** Cuts a fetched statement into ranges. What is wrong with the file as a whole is found here, before any line is loaded. */
export function splitStatement(deps: ActivityDeps) {
  return (day: StatementDay, file: FetchedStatement): Promise<SplitResult> =>
    atBoundary(async () => {
      const channel = deps.channels.get(day.accountId);
      const ranges = channel.statementRanges;
      if (ranges === undefined) return { outcome: 'whole' };
      const { workflowExecution } = activityInfo();
      invariant(workflowExecution !== undefined, 'a statement is split by a workflow');
      return splitDelivery(deps.ingest, deps.files, {
        owner: workflowExecution.workflowId,
        run: workflowExecution.runId,
        accountId: day.accountId,
        kind: day.kind,
        billDate: day.billDate,
        uri: file.uri,
        expectHash: file.hash,
        expectMerchantNo: deps.channels.externalId(day.accountId),
        now: deps.clock.now(),
        ranges,
        rangeBytes: deps.splitting.rangeBytes,
        onProgress: (done) => {
          heartbeat({ phase: 'split', ...done });
        },
        signal: cancellationSignal(),
      });
    });
}
