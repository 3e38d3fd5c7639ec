import { clearSplit as clear } from '../../store/statement-splits.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';

/** Removes what was only there while a statement was loaded in ranges, whatever became of it. */
export function clearSplit(deps: ActivityDeps) {
  return (fileId: string): Promise<void> =>
    atBoundary(() => withHeartbeats(() => clear(deps.ingest, deps.files, fileId)));
}
