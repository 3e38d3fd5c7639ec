import { activityInfo } from '@temporalio/activity';
import type { Channel } from '../../channels/channel.ts';
import { hasLastWord } from '../../domain/refund/bank-leg.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { isFinal } from '../../domain/refund/state.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary, comeBack } from '../failures.ts';
import { askAboutRefund } from './ask-about-refund.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund } from './refund-ref.ts';
import { verdictOn } from './record-verdict.ts';

/**
 * Asks the channel until its final word, and draws what follows from it. Each attempt of this activity is one poll; the gaps follow the channel's own
 * ladder (WeChat: every minute for five minutes, then 5, 10, 20, 30 min and so on) and live in the retry delay, so a
 * refund's history has the same length after one poll as after a hundred.
 */
export function awaitVerdict(deps: ActivityDeps) {
  return (ref: RefundRef): Promise<RefundStanding> =>
    atBoundary(async () => {
      const { attempt } = activityInfo();
      const refund = await loadRefund(deps, ref);
      if (isOver(refund)) return verdictOn(deps, refund);

      const channel = deps.channels.get(refund.accountId);
      const gap = (step: number): number => ladderStep(channel, step);
      if (attempt === 1 && !isDue(deps, refund, gap(0)))
        throw notYet(deps, gap(0), 'the first poll is not due yet');

      const after = await askAboutRefund(deps, channel, refund);
      // Read again: asking has planned the arrival anew.
      if (isOver(after)) return verdictOn(deps, await loadRefund(deps, ref));
      const { bankLegPollMs } = channel.limits;
      if (isFinal(after.state) && bankLegPollMs !== null)
        throw notYet(deps, bankLegPollMs, 'the money is on its way to the bank');
      throw notYet(deps, gap(attempt - 1), `the channel says ${after.lastAnswer ?? after.state}`);
    });
}

/**
 * The channel has had its last word; or what it says contradicts what is known: then a person must see it, and asking
 * again would not change it.
 */
function isOver(refund: Refund): boolean {
  if (refund.state === 'needs_action') return refund.stateReason !== 'abnormal';
  return hasLastWord(refund);
}

/** A refund that the channel took a moment ago has nothing to tell yet. */
function isDue(deps: ActivityDeps, refund: Refund, firstGapMs: number): boolean {
  const acceptedMs = (refund.acceptedAt ?? refund.requestedAt).getTime();
  return deps.clock.now().getTime() >= acceptedMs + firstGapMs;
}

function ladderStep(channel: Channel, step: number): number {
  const { pollLadderMs } = channel.limits;
  return pollLadderMs[Math.min(step, pollLadderMs.length - 1)] ?? channel.limits.absenceGraceMs;
}

function notYet(deps: ActivityDeps, afterMs: number, why: string) {
  return comeBack('channel_waiting', { afterMs, clock: deps.clock, floorMs: deps.pollFloorMs, why });
}
