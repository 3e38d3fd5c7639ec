import { observeInside } from '../observations.ts';
import type { RefundAct } from './act.ts';
import { byApproval, evidenceSeen } from './act.ts';

/** Two people let a refund go that is over a limit of the merchant's. */
export const releaseRefund: RefundAct = {
  act: 'release_refund',
  bulk: true,
  seen: evidenceSeen,
  applies: ({ refund }) => refund.state === 'needs_action' && refund.stateReason === 'over_limit',
  carryOut: async (tx, on) => {
    await observeInside(tx, on.refund.id, [{ kind: 'released', ...byApproval(on) }]);
  },
};
