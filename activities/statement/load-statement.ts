import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { isDone } from '../../store/statements-known.ts';
import { importStatement } from '../../store/statements.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { FetchedStatement, StatementDay } from './statement-day.ts';

export interface LoadedStatement {
  readonly outcome: 'loaded' | 'same';
  readonly fileId: string;
  readonly lines: number;
}

/** Streams a fetched statement into its own partition. All or nothing: a file that does not add up leaves no line. */
export function loadStatement(deps: ActivityDeps) {
  return (day: StatementDay, file: FetchedStatement): Promise<LoadedStatement> =>
    atBoundary(async () => {
      const channel = deps.channels.get(day.accountId);
      const content = channel.openStatement(day.kind, deps.files.open(file.uri));
      const loaded = await importStatement(deps.ingest, {
        accountId: day.accountId,
        kind: day.kind,
        billDate: day.billDate,
        source: content.bytes,
        reader: content.reader,
        uri: file.uri,
        expectHash: file.hash,
        expectMerchantNo: deps.channels.externalId(day.accountId),
        proves: channel.lineProves,
        now: deps.clock.now(),
        onProgress: (done) => {
          heartbeat({ phase: 'load', ...done });
        },
        signal: cancellationSignal(),
      });
      // What was never matched, followed or told is still to be.
      const done = await isDone(deps.pool, loaded.fileId);
      const outcome = done ? loaded.outcome : 'loaded';
      return { outcome, fileId: loaded.fileId, lines: loaded.summary.lines };
    });
}
