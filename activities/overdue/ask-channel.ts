import { ApplicationFailure, log } from '@temporalio/activity';
import { AppError } from '../../domain/errors.ts';
import { hasLastWord } from '../../domain/refund/bank-leg.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { noteUnanswered } from '../../store/overdue.ts';
import { storableText } from '../../store/storable-text.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';
import { askAboutRefund } from '../refund/ask-about-refund.ts';
import type { RefundRef } from '../refund/refund-ref.ts';
import { loadRefund } from '../refund/refund-ref.ts';

/** Questions of one account without an answer, one after the other, after which it is not asked again on this page. */
const SILENCES_MAX = 3;

interface Silence {
  readonly count: number;
  readonly why: string;
}

/**
 * Asks the channel about each of these refunds before anybody is alarmed, and records what it says. A question that
 * gets no answer is noted as such: the list says when it was put, and that there was none. An account that stays silent
 * is left alone for the rest of the page, so that a channel that is down does not hold up the sweep. Returns how many
 * gave an answer.
 */
export function askChannel(deps: ActivityDeps) {
  return (refunds: readonly RefundRef[]): Promise<number> =>
    atBoundary(() => withHeartbeats(() => askAll(deps, refunds)));
}

async function askAll(deps: ActivityDeps, refunds: readonly RefundRef[]): Promise<number> {
  const silences = new Map<string, Silence>();
  const unanswered: { refundId: string; why: string }[] = [];
  let answered = 0;
  for (const ref of refunds) {
    const refund = await loadRefund(deps, ref);
    if (hasLastWord(refund) || refund.state === 'requested') continue;
    const before = silences.get(refund.accountId);
    const why = isSilent(before) ? before.why : await askOne(deps, refund);
    if (why === null) {
      answered += 1;
      silences.delete(refund.accountId);
      continue;
    }
    silences.set(refund.accountId, { count: (before?.count ?? 0) + 1, why });
    unanswered.push({ refundId: refund.id, why });
  }
  await noteUnanswered(deps.pool, unanswered, deps.clock.now());
  return answered;
}

function isSilent(silence: Silence | undefined): silence is Silence {
  return silence !== undefined && silence.count >= SILENCES_MAX;
}

/** Null when the channel answered; otherwise why there is no answer. */
async function askOne(deps: ActivityDeps, refund: Refund): Promise<string | null> {
  try {
    await askAboutRefund(deps, deps.channels.get(refund.accountId), refund);
    return null;
  } catch (error) {
    log.info('asked about an overdue refund without an answer', {
      refund_no: refund.refundNo,
      error: String(error),
    });
    return reasonOf(error);
  }
}

const WHY_CHARACTERS_MAX = 200;

/** In the catalogue's words. @throws when it was our database that did not answer: then nothing was learned of the channel. */
function reasonOf(error: unknown): string {
  if (error instanceof AppError && error.code === 'database_unavailable') throw error;
  if (error instanceof AppError) return storableText(error.message.slice(0, WHY_CHARACTERS_MAX));
  if (error instanceof ApplicationFailure) {
    return storableText(`${error.type ?? 'channel_busy'}: ${error.message}`.slice(0, WHY_CHARACTERS_MAX));
  }
  return storableText(String(error).slice(0, WHY_CHARACTERS_MAX));
}
