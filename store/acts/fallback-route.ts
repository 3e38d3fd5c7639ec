import { AppError, invariant } from '../../domain/errors.ts';
import type { FallbackMethod } from '../../domain/refund/observation.ts';
import { FALLBACK_METHODS, observationKey } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { observeInside } from '../observations.ts';
import type { Tx } from '../pool.ts';
import type { RefundAct } from './act.ts';
import { byApproval, evidenceSeen } from './act.ts';

/** Two people decide that the payer is paid another way, under the number of this refund and for its whole amount. */
export const fallbackRoute: RefundAct = {
  act: 'fallback_route',
  bulk: false,
  seen: evidenceSeen,
  applies: ({ refund }) => isClosedAtChannel(refund),
  carryOut: async (tx, on) => {
    const { method, payee, bank, account_ending: accountEnding } = on.content;
    invariant(isMethod(method) && payee !== undefined, 'a fallback says how and to whom');
    const after = await observeInside(tx, on.refund.id, [
      {
        kind: 'fallback_approved',
        ...byApproval(on),
        ...{ method, payee, knew: on.known.map(observationKey) },
        ...(bank === undefined ? {} : { bank }),
        ...(accountEnding === undefined ? {} : { accountEnding }),
      },
    ]);
    await assertCounted(tx, after);
  },
};

/** The room that a failed refund gave back may have been used since: then this would be more than was ever paid. */
async function assertCounted(tx: Tx, { id, amountMinor, payment }: Refund): Promise<void> {
  const { rows } = await tx.query('select 1 from refunds where id = $1 and counted', [id]);
  if (rows.length > 0) return;
  throw new AppError('refund_exceeds_payment', {
    asked_minor: amountMinor.toString(),
    left_minor: (payment.capturedMinor - payment.reservedMinor).toString(),
  });
}

/** The money lies with the merchant and nothing is on its way: only then can it go another way without going twice. */
function isClosedAtChannel({ state, stateReason }: Refund): boolean {
  if (state === 'returned') return stateReason === null;
  if (state === 'failed') return stateReason !== 'fallback_approved' && stateReason !== 'paid_otherwise';
  return state === 'needs_action' && stateReason === 'payer_account_closed';
}

function isMethod(text: string | undefined): text is FallbackMethod {
  return FALLBACK_METHODS.some((one) => one === text);
}
