import type { MatchResult } from '../../store/match.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';
import { matchAndFollow } from './match-and-follow.ts';

/** Matches a loaded statement against the books, and looks at what follows from its being there. */
export function matchStatement(deps: ActivityDeps) {
  return (fileId: string): Promise<MatchResult> =>
    atBoundary(() =>
      withHeartbeats((tell) =>
        matchAndFollow(deps, fileId, {
          matching: ({ step, lines }) => {
            tell({ phase: 'match', step, lines });
          },
          following: (lines) => {
            tell({ phase: 'follow', lines });
          },
        }),
      ),
    );
}
