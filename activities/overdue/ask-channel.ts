import { heartbeat } from '@temporalio/activity';
import { log } from '@temporalio/activity';
import { hasLastWord } from '../../domain/refund/bank-leg.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { askAboutRefund } from '../refund/ask-about-refund.ts';
import type { RefundRef } from '../refund/refund-ref.ts';
import { loadRefund } from '../refund/refund-ref.ts';

/**
 * Asks the channel about each of these refunds before anybody is alarmed, and records what it says. A question that
 * gets no answer is skipped: the flag will say when the channel was last asked and what it said then.
 * Returns how many gave an answer.
 */
export function askChannel(deps: ActivityDeps) {
  return (refunds: readonly RefundRef[]): Promise<number> =>
    atBoundary(async () => {
      let answered = 0;
      for (const [index, ref] of refunds.entries()) {
        heartbeat({ asked: index, of: refunds.length });
        if (await askOne(deps, ref)) answered += 1;
      }
      return answered;
    });
}

async function askOne(deps: ActivityDeps, ref: RefundRef): Promise<boolean> {
  const refund = await loadRefund(deps, ref);
  if (hasLastWord(refund) || refund.state === 'requested') return false;
  try {
    await askAboutRefund(deps, deps.channels.get(refund.accountId), refund);
    return true;
  } catch (error) {
    log.info('asked about an overdue refund without an answer', {
      refund_no: ref.refundNo,
      error: String(error),
    });
    return false;
  }
}
