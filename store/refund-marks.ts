/** Whether refunds have changed since somebody looked: one question for any number of them. */
import type { Refund } from '../domain/refund/refund.ts';
import type { Db } from './pool.ts';
import type { RefundRow } from './refund-rows.ts';
import { REFUND_SELECT, toRefund } from './refund-rows.ts';

const markOf = (state: string): string => `concat_ws('/', r.xmin, p.xmin, ${state}) as mark`;

/** A refund with its mark of the same instant; null when there is none. */
export async function getMarkedRefund(
  db: Db,
  merchantId: string,
  refundNo: string,
): Promise<{ readonly refund: Refund; readonly mark: string } | null> {
  const { rows } = await db.query<RefundRow & { mark: string }>(
    `${REFUND_SELECT.replace('select ', `select ${markOf('s.effective_state')}, `)} where r.merchant_id = $1 and r.refund_no = $2`,
    [merchantId, refundNo],
  );
  const row = rows[0];
  return row === undefined ? null : { refund: toRefund(row), mark: row.mark };
}

/**
 * The mark of each refund. It differs after every write to the refund's row or its payment's, and when a statement settles
 * it or is taken back; equal marks mean that nothing has changed. What there is no refund of has no mark.
 */
export async function refundMarks(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: bigint; mark: string }>(
    `select r.id, ${markOf("case when s.id is null then r.state else 'settled' end")}
       from refunds r join payments p on p.id = r.payment_id left join settled_among($1::bigint[]) s (id) on s.id = r.id
      where r.id = any($1::bigint[])`,
    [ids],
  );
  return new Map(rows.map((row) => [String(row.id), row.mark]));
}
