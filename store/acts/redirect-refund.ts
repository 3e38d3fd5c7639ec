import { invariant } from '../../domain/errors.ts';
import type { Redirection } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import { observeInside } from '../observations.ts';
import type { RefundAct } from './act.ts';
import { byApproval, evidenceSeen } from './act.ts';

/**
 * Two people tell the channel where an abnormal refund goes instead. Here the intent is recorded; the channel is told after
 * that is committed, by whoever was given the card for that one call.
 */
export const redirectRefund: RefundAct = {
  act: 'redirect_refund',
  bulk: false,
  seen: evidenceSeen,
  applies: ({ refund }) => refund.state === 'needs_action' && refund.stateReason === 'abnormal',
  carryOut: async (tx, on) => {
    const { to } = on.content;
    invariant(isRedirection(to), 'a redirection says where to');
    const knew = on.known.map(observationKey);
    await observeInside(tx, on.refund.id, [{ kind: 'redirect_started', ...byApproval(on), to, knew }]);
  },
};

function isRedirection(text: string | undefined): text is Redirection {
  return text === 'payer_card' || text === 'merchant_account';
}
