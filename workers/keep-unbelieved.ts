/** Keeps what channels' answers cannot be believed; whoever stands in between and answers in floods fills no table. */
import type { Logger } from 'pino';
import { refusedBudget } from '../api/refused-callbacks.ts';
import type { KeepUnbelieved } from '../channels/unbelieved.ts';
import type { Clock } from '../domain/clock.ts';
import type { Pool } from '../store/pool.ts';
import { storeUnbelievedAnswer } from '../store/unbelieved-answers.ts';

/** Kept per account and minute (wall time). */
const KEPT_PER_MINUTE = 20;

/** For each account, the function that its channel is opened with. */
export function unbelievedKeeper(o: {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}): (accountId: string) => KeepUnbelieved {
  const { pool, clock, log } = o;
  const budget = refusedBudget(clock, KEPT_PER_MINUTE, (account, dropped) => {
    log.warn({ account, dropped }, 'answers that cannot be believed were counted and not kept');
  });
  return (accountId) => async (answer) => {
    const { call, code, why } = answer;
    log.warn({ account: accountId, call, code, why }, "a channel's answer cannot be believed");
    if (!budget.take(accountId)) return;
    try {
      await storeUnbelievedAnswer(pool, { ...answer, accountId, receivedAt: clock.now() });
    } catch (error) {
      log.warn(
        { account: accountId, call, err: error },
        'an answer that cannot be believed could not be kept',
      );
    }
  };
}
