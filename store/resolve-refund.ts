/** The act `resolve_refund`: two people decide what became of a refund that the channel leaves open. */
import { createHash } from 'node:crypto';
import type { Approval, ApprovalContent } from '../domain/approval.ts';
import { AppError, invariant } from '../domain/errors.ts';
import type { Observation, Resolution } from '../domain/refund/observation.ts';
import { observationKey } from '../domain/refund/observation.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { statusOf } from '../domain/refund/state.ts';
import { observationsOf, observeInside } from './observations.ts';
import type { Db, Tx } from './pool.ts';
import { getRefund } from './refunds.ts';

/**
 * What is to be approved: the decision, its proof, and a hash of all the evidence that there is now.
 * @throws AppError `refund_unknown`; `approval_not_applicable` when the evidence leaves nothing to decide, or speaks
 *   against it
 */
export async function resolutionContent(
  db: Db,
  refund: Pick<Refund, 'id' | 'refundNo' | 'amountMinor' | 'state'>,
  o: { readonly as: Resolution; readonly proof: string },
): Promise<ApprovalContent> {
  const known = await observationsOf(db, refund.id);
  const decided: Observation = { ...toResolved(o, known), ref: 'asked', at: new Date(0).toISOString() };
  const { state } = statusOf(refund.amountMinor, [...known, decided]);
  const reached = o.as === 'paid' ? state === 'succeeded' || state === 'settled' : state === 'failed';
  if (!isOpen(refund) || !reached) {
    throw new AppError('approval_not_applicable', {
      refund_no: refund.refundNo,
      state: refund.state,
      as: o.as,
    });
  }
  return { as: o.as, proof: o.proof, evidence: evidenceHash(known) };
}

/** People decide where the channel has not: never over its last word. */
function isOpen({ state }: Pick<Refund, 'state'>): boolean {
  return state === 'needs_action' || state === 'unknown' || state === 'processing';
}

/**
 * Records the decision as evidence. Whoever approved it saw the evidence of when it was asked for: with other evidence it
 * must be asked for again.
 * @throws AppError `refund_unknown`, `approval_outdated`
 */
export async function resolveRefund(tx: Tx, approval: Approval, now: Date): Promise<Refund> {
  const refund = await getRefund(tx, approval.merchantId, approval.refundNo);
  if (refund === null) throw new AppError('refund_unknown', { refund_no: approval.refundNo });
  await tx.query('select 1 from refunds where id = $1 for no key update', [refund.id]);
  const known = await observationsOf(tx, refund.id);
  const { as, proof, evidence } = approval.content;
  invariant((as === 'paid' || as === 'not_paid') && proof !== undefined, 'a resolution says what it is');
  if (evidence !== evidenceHash(known)) throw new AppError('approval_outdated', { approval: approval.id });
  const ref = `approval/${approval.id}`;
  return observeInside(tx, refund.id, [{ ...toResolved({ as, proof }, known), ref, at: now.toISOString() }]);
}

function toResolved(
  o: { readonly as: Resolution; readonly proof: string },
  known: readonly Observation[],
): { kind: 'resolved'; source: 'operator'; as: Resolution; proof: string; knew: readonly string[] } {
  return { kind: 'resolved', source: 'operator', as: o.as, proof: o.proof, knew: known.map(observationKey) };
}

function evidenceHash(known: readonly Observation[]): string {
  const keys = known.map(observationKey).toSorted();
  return createHash('sha256').update(JSON.stringify(keys)).digest('hex');
}
