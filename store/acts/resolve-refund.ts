import type { ApprovalContent } from '../../domain/approval.ts';
import { invariant } from '../../domain/errors.ts';
import type { Observation, Resolution } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { statusOf } from '../../domain/refund/state.ts';
import { observeInside } from '../observations.ts';
import type { KnownRefund, RefundAct } from './act.ts';
import { byApproval, evidenceSeen } from './act.ts';

/** Two people decide what became of a refund that its channel leaves open: never over its last word. */
export const resolveRefund: RefundAct = {
  act: 'resolve_refund',
  bulk: true,
  seen: evidenceSeen,
  applies: (to, content) => {
    const { refund, known } = to;
    const decided = { ...decisionOf(to, content), ref: 'asked', at: new Date(0).toISOString() };
    const { state } = statusOf(refund.amountMinor, [...known, decided]);
    const reached = decided.as === 'paid' ? state === 'succeeded' || state === 'settled' : state === 'failed';
    return reached && isOpen(refund);
  },
  carryOut: async (tx, on) => {
    await observeInside(tx, on.refund.id, [{ ...decisionOf(on, on.content), ...byApproval(on) }]);
  },
};

/** Also one that came back by a mistake of people or of a statement, while nobody has paid it another way. */
function isOpen({ state, stateReason }: Refund): boolean {
  if (state === 'returned') return stateReason === null;
  return state === 'needs_action' || state === 'unknown' || state === 'processing';
}

function decisionOf(
  { known }: KnownRefund,
  { as, proof }: ApprovalContent,
): Extract<Observation, { kind: 'resolved' }> {
  invariant(isResolution(as) && proof !== undefined, 'a resolution says what it is');
  const knew = known.map(observationKey);
  return { kind: 'resolved', source: 'operator', ref: '', at: '', as, proof, knew };
}

function isResolution(text: string | undefined): text is Resolution {
  return text === 'paid' || text === 'not_paid';
}
