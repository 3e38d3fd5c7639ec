import type { Channel, QueryAnswer } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import { orderOf } from '../../domain/refund/refund-order.ts';
import { observe } from '../../store/observations.ts';
import type { ActivityDeps } from '../deps.ts';
import { comeBack } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';

/**
 * Asks the channel how a refund stands and records what it says; returns the refund as it stands after that.
 * No answer, or one that cannot be trusted, changes nothing and is thrown as "come back later".
 */
export async function askAboutRefund(deps: ActivityDeps, channel: Channel, refund: Refund): Promise<Refund> {
  const answer = await channel.queryRefund(orderOf(refund));
  const observation = toObservation(answer, deps, channel);
  const after = await observe(deps.pool, refund.id, [observation]);
  await planArrivalOf(deps, after);
  return after;
}

/**
 * The same word of the channel is the same evidence however often it is asked: the reference is what was said, so a
 * month of "still processing" is one row, and a bank day that the channel puts off is another. So is the same word of a
 * refund that goes to another place by now: what two people knew when they sent it there does not answer it.
 */
function toObservation(answer: QueryAnswer, deps: ActivityDeps, channel: Channel): Observation {
  const at = deps.clock.now().toISOString();
  switch (answer.outcome) {
    case 'reported': {
      const { status, amountMinor, bankLeg, flaw, clearingDate, landsIn } = answer.report;
      const said = [status, amountMinor?.toString() ?? 'no amount'];
      const place = channel.redirect === null ? null : landsIn;
      const more = [bankLeg?.status, bankLeg?.estimateAt?.toISOString(), flaw, clearingDate, place];
      const ref = [...said, ...more.filter((part) => part !== undefined && part !== null)].join('/');
      return { ...reportFacts(answer.report), source: 'query', ref, at };
    }
    case 'absent': {
      const { absenceGraceMs: graceMs, silentAttemptsMax } = channel.limits;
      const limit = silentAttemptsMax === null ? {} : { silentAttemptsMax };
      const said = answer.notDone === undefined ? {} : { notDone: answer.notDone };
      return { kind: 'channel_absent', source: 'query', ref: `absent/${at}`, at, graceMs, ...limit, ...said };
    }
    case 'held':
      if (answer.reason !== 'rate_limited')
        throw new AppError('channel_config', { code: answer.channelCode });
      throw comeBack('channel_busy', {
        afterMs: answer.retryAfterMs ?? channel.limits.absenceGraceMs,
        clock: deps.clock,
        floorMs: deps.pollFloorMs,
        why: `the channel asks to be called less often (${answer.channelCode})`,
      });
    case 'unknown':
      throw new AppError('channel_unreachable', { why: answer.why });
  }
}
