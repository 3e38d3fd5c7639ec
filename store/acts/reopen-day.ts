import { AppError } from '../../domain/errors.ts';
import { ownAccount } from '../accounts.ts';
import { holdDayAlone, insertReopening, newestClosing } from '../close/closed-days.ts';
import type { Tx } from '../pool.ts';
import type { ActOfTwo } from './act.ts';
import { dayOf } from './close-day.ts';

/** Two people reopen a closed day, with a reason. The closing stays as it is; the next one is another. */
export const reopenDay: ActOfTwo = {
  look: async (db, on, { lock }) => {
    const day = dayOf(on.subject);
    await ownAccount(db, on.merchantId, day.accountId);
    if (lock) await holdDayAlone(db as Tx, day);
    const closing = await newestClosing(db, day);
    if (closing === null || closing.reopened !== null)
      throw new AppError('day_not_closed', { account_id: day.accountId, bill_date: day.billDate });
    return {
      evidence: `closing ${String(closing.closing)}, root ${closing.root}`,
      assertApplies: () => undefined,
      carryOut: (tx, by) =>
        insertReopening(tx, {
          ...{ closingId: closing.id, approvalId: by.approvalId, at: by.now },
          ...{ by: by.decidedBy, reason: by.approval.reason },
        }),
    };
  },
};
