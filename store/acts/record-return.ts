import { invariant } from '../../domain/errors.ts';
import { observeInside } from '../observations.ts';
import type { RefundAct } from './act.ts';
import { byApproval, evidenceSeen } from './act.ts';

/** Two people record that the money of a paid refund came back, where no statement line says it. */
export const recordReturn: RefundAct = {
  act: 'record_return',
  bulk: true,
  seen: evidenceSeen,
  applies: ({ refund }) => refund.state === 'succeeded' || refund.state === 'settled',
  carryOut: async (tx, on) => {
    const { proof } = on.content;
    invariant(proof !== undefined, 'a return has its proof');
    await observeInside(tx, on.refund.id, [{ kind: 'bounced', ...byApproval(on), proof }]);
  },
};
