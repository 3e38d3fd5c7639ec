import { giveUp } from '../../store/webhook-outbox.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { NoticeEnd, NoticeRef } from './post-notice.ts';

/** Keeps an event that its endpoint did not take as dead, until somebody has it sent again. */
export function giveUpNotice(deps: ActivityDeps) {
  return (notice: NoticeRef): Promise<NoticeEnd> =>
    atBoundary<NoticeEnd>(async () => {
      await giveUp(deps.pool, notice, 'exhausted', deps.clock.wallNow());
      return 'exhausted';
    });
}
