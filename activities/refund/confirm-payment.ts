import type { Channel, PaymentReport } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { observe } from '../../store/observations.ts';
import { confirmPayment as confirmRow } from '../../store/payments.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary, comeBack } from '../failures.ts';
import { planArrivalOf } from './arrival.ts';
import type { RefundRef, RefundStanding } from './refund-ref.ts';
import { loadRefund, standing } from './refund-ref.ts';
import { takeUp } from './take-up.ts';

/** How long to wait before the channel is asked about a payment again, in business time. */
const ASK_AGAIN_AFTER_MS = 60_000;

/**
 * Lets the channel's own order query say what was captured, when, and from which kind of account, before the first
 * send. A contradiction makes the refund `needs_action` (payment_mismatch), and nothing is sent.
 */
export function confirmPayment(deps: ActivityDeps) {
  return (ref: RefundRef): Promise<RefundStanding> =>
    atBoundary(async () => {
      const refund = await loadRefund(deps, ref);
      await takeUp(deps, refund);
      const settledBefore = refund.payment.confirmedAt !== null && refund.stateReason !== 'payment_mismatch';
      if (settledBefore) return standing(refund);

      const report = await askForPayment(deps, refund, deps.channels.get(refund.accountId));
      if (typeof report === 'string') await recordMissingPayment(deps, refund, report);
      else await confirmRow(deps.pool, refund.id, report, deps.clock.now());

      const confirmed = await loadRefund(deps, ref);
      await planArrivalOf(deps, confirmed);
      return standing(confirmed);
    });
}

/**
 * The channel's report, or the field that speaks against it: the number when it says in plain words that there is no such
 * paid order, what it would have to be told as well when it cannot be asked.
 */
async function askForPayment(
  deps: ActivityDeps,
  refund: Refund,
  channel: Channel,
): Promise<PaymentReport | 'payment_no' | 'paid_at'> {
  const { paymentNo, transactionId, paidAt } = refund.payment;
  const answer = await channel.queryPayment({ paymentNo, transactionId, paidAt });
  switch (answer.outcome) {
    case 'reported':
      return answer.payment;
    case 'unpaid':
      return 'payment_no';
    case 'absent':
      return answer.lacks ?? 'payment_no';
    case 'held':
      if (answer.reason !== 'rate_limited')
        throw new AppError('channel_config', { code: answer.channelCode });
      throw comeBack('channel_busy', {
        afterMs: answer.retryAfterMs ?? ASK_AGAIN_AFTER_MS,
        clock: deps.clock,
        floorMs: deps.pollFloorMs,
        why: `the channel asks to be called less often (${answer.channelCode})`,
      });
    case 'unknown':
      throw new AppError('channel_unreachable', { why: answer.why });
  }
}

async function recordMissingPayment(deps: ActivityDeps, refund: Refund, field: string): Promise<void> {
  const at = deps.clock.now().toISOString();
  await observe(deps.pool, refund.id, [
    { kind: 'payment_mismatch', source: 'payment', ref: `missing/${at}`, at, fields: [field] },
  ]);
}
