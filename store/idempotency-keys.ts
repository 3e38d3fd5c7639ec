/** What an idempotency key stands for. The keys themselves are written with the refund they made (refunds.ts). */
import type { Db } from './pool.ts';

/** The number of the refund that was made under this key; null while the key is new. */
export async function refundNoOfKey(db: Db, merchantId: string, key: string): Promise<string | null> {
  const { rows } = await db.query<{ refund_no: string }>(
    `select r.refund_no from idempotency_keys k join refunds r on r.id = k.refund_id
      where k.merchant_id = $1 and k.key = $2`,
    [merchantId, key],
  );
  return rows[0]?.refund_no ?? null;
}
