import { waiveFlag } from '../overdue.ts';
import type { RefundAct } from './act.ts';

/** Two people lift an overdue flag that evidence does not answer; a higher one is raised again in its time. */
export const liftOverdue: RefundAct = {
  act: 'lift_overdue',
  bulk: true,
  seen: ({ refund }) => `level ${String(refund.overdueLevel)}`,
  applies: ({ refund }) => refund.overdueLevel > 0,
  carryOut: (tx, on) => waiveFlag(tx, on.refund.id, on),
};
