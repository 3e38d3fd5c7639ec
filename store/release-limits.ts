/** Holds a refund that two people have to release, in the transaction that records it. */
import { parseMinor } from '../domain/money.ts';
import type { RefundLimit } from '../domain/refund/observation.ts';
import type { HourSoFar, ReleaseLimits } from '../domain/refund/limits.ts';
import { HOUR_MS, countsHours, limitsExceeded } from '../domain/refund/limits.ts';
import type { RefundRequest } from '../domain/refund/refund.ts';
import { observeInside } from './observations.ts';
import type { Tx } from './pool.ts';

/** The refund with this id was just recorded in `tx`: over a limit of the merchant's, or the policy wants its quote reviewed. */
export async function holdForRelease(
  tx: Tx,
  id: string,
  request: RefundRequest,
  o: { readonly limits: ReleaseLimits; readonly now: Date; readonly needsReview: boolean },
): Promise<void> {
  const amountMinor = parseMinor(request.amountMinor);
  const hour = countsHours(o.limits) ? await hourOf(tx, request.merchantId, o.now) : NOTHING;
  const limits: RefundLimit[] = limitsExceeded(o.limits, amountMinor, hour);
  if (o.needsReview) limits.push('quote_policy');
  if (limits.length === 0) return;
  const at = o.now.toISOString();
  await observeInside(tx, id, [{ kind: 'over_limit', source: 'rules', ref: 'limits', at, limits }]);
}

const NOTHING: HourSoFar = { refunds: 0, minor: 0n };

/**
 * The hour up to `now`, the refund of this transaction included. Requests of one merchant wait for each other here, so that
 * no number of them at the same time gets past a limit.
 */
async function hourOf(tx: Tx, merchantId: string, now: Date): Promise<HourSoFar> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`yuanlu/hour/${merchantId}`]);
  const { rows } = await tx.query<{ refunds: bigint; minor: bigint }>(
    `select count(*) as refunds, coalesce(sum(amount_minor), 0)::bigint as minor from refunds
      where merchant_id = $1 and requested_at > $2 and state <> 'failed'`,
    [merchantId, new Date(now.getTime() - HOUR_MS)],
  );
  return { refunds: Number(rows[0]?.refunds ?? 0n), minor: rows[0]?.minor ?? 0n };
}
