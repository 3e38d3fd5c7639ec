import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { RangeResult } from '../../store/statements-range.ts';
import { loadRange as loadInto } from '../../store/statements-range.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { rangesOf } from './ranges-of.ts';
import type { StatementRange } from './statement-day.ts';

/** Loads one range of a statement, all of it or nothing. A range that is loaded is left as it is. */
export function loadRange(deps: ActivityDeps) {
  return ({ accountId, fileId, rangeNo }: StatementRange): Promise<RangeResult> =>
    atBoundary(() =>
      loadInto(deps.ingest, deps.files, {
        fileId,
        rangeNo,
        ranges: rangesOf(deps, accountId),
        now: deps.clock.now(),
        onProgress: (done) => {
          heartbeat({ phase: 'load', range: rangeNo, ...done });
        },
        signal: cancellationSignal(),
      }),
    );
}
