/**
 * Telling a channel where an abnormal refund goes instead. The card is in the two requests that bring it and in the one call
 * that takes it away, encrypted: a workflow would keep it in its history, so this is done here.
 */
import type { PayerCard, Redirect, RedirectTarget, SubmitAnswer } from '../channels/channel.ts';
import { orderOf } from '../domain/refund/refund-order.ts';
import type { Approval } from '../domain/approval.ts';
import { refundNosOf } from '../domain/approval.ts';
import { AppError, invariant } from '../domain/errors.ts';
import type { Observation } from '../domain/refund/observation.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { reportFacts } from '../domain/refund/report.ts';
import { observe } from '../store/observations.ts';
import { getRefund } from '../store/refunds.ts';
import type { Card } from './approval-asked.ts';
import type { ApiDeps } from './deps.ts';

/**
 * The mark of a card that is asked for; null for a way that needs none.
 * @throws AppError `approval_not_applicable` where the channel has no such call, `redirect_invalid`
 */
export function markOfCard(deps: ApiDeps, refund: Refund, card: Card | undefined): string | null {
  const redirect = redirectOf(deps, refund);
  if (card === undefined) return null;
  return redirect.mark(toPayerCard(card));
}

/** What is sent where. */
interface RedirectOrder {
  readonly refund: Refund;
  readonly target: RedirectTarget;
}

/**
 * Where it goes, once the second person has typed the card too.
 * @throws AppError `approval_card_needed`, `approval_card_differs`, `redirect_invalid`, `approval_not_applicable`
 */
export async function redirectOrderOf(
  deps: ApiDeps,
  approval: Approval,
  typed: Omit<Card, 'bank'> | undefined,
): Promise<RedirectOrder> {
  const { to, bank = '', card_mark: mark } = approval.content;
  const refund = await refundOfApproval(deps, approval);
  if (to === 'merchant_account') return { refund, target: { to } };
  if (typed === undefined) throw new AppError('approval_card_needed', { approval: approval.id });
  const target = toPayerCard({ ...typed, bank });
  if (redirectOf(deps, refund).mark(target) !== mark)
    throw new AppError('approval_card_differs', { approval: approval.id });
  return { refund, target };
}

/** Tells the channel, and keeps its answer as evidence. Returns `taken`, or its code or why there is no answer. */
export async function sendRedirect(
  deps: ApiDeps,
  approval: Approval,
  { refund, target }: RedirectOrder,
): Promise<string> {
  const { channelRefundNo } = refund;
  invariant(channelRefundNo !== null, 'a channel that calls a refund abnormal has given it a number');
  const answer = await redirectOf(deps, refund).send({ ...orderOf(refund), channelRefundNo }, target);
  await observe(deps.pool, refund.id, [evidenceOf(answer, approval, deps.clock.now())]);
  return answer.outcome === 'reported' ? 'taken' : whyNot(answer);
}

function evidenceOf(answer: SubmitAnswer, approval: Approval, now: Date): Observation {
  const base = { source: 'submit', ref: `approval/${approval.id}`, at: now.toISOString() } as const;
  if (answer.outcome === 'reported') return { ...reportFacts(answer.report), ...base };
  return { kind: 'redirect_ended', ...base, end: answer.outcome, why: whyNot(answer) };
}

function whyNot(answer: Exclude<SubmitAnswer, { outcome: 'reported' }>): string {
  return answer.outcome === 'unknown' ? answer.why : answer.channelCode;
}

function toPayerCard({ bank, number, holder }: Card): PayerCard {
  return { to: 'payer_card', bank, cardNo: number, holder };
}

function redirectOf(deps: ApiDeps, refund: Refund): Redirect {
  const redirect = deps.channels.get(refund.accountId)?.redirect ?? null;
  if (redirect === null) {
    const why = 'its channel sends nothing elsewhere, or its account is not served here';
    throw new AppError('approval_not_applicable', { refund_no: refund.refundNo, sentence: why });
  }
  return redirect;
}

async function refundOfApproval(deps: ApiDeps, approval: Approval): Promise<Refund> {
  const [refundNo = ''] = refundNosOf(approval.subject);
  const refund = await getRefund(deps.pool, approval.merchantId, refundNo);
  if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
  return refund;
}
