/** The lines of live statements that were matched to a refund, as they were read. */
import type { Db } from './pool.ts';

export interface MatchedLine {
  readonly fileSha256: string;
  readonly billDate: string;
  readonly lineNo: number;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly refundNo: string | null;
  readonly channelRefundNo: string | null;
  readonly paymentNo: string | null;
  readonly transactionId: string | null;
  readonly status: string | null;
}

/** In the order of bill date and line. A refund is in few of them. */
export async function matchedLinesOf(
  db: Db,
  refund: { readonly id: string; readonly accountId: string },
): Promise<readonly MatchedLine[]> {
  const { rows } = await db.query<MatchedLine>(
    `select f.sha256 as "fileSha256", f.bill_date as "billDate", l.line_no as "lineNo", l.line_type as kind,
            l.occurred_at as "occurredAt", l.amount_minor as "amountMinor", l.currency, l.refund_no as "refundNo",
            l.channel_refund_no as "channelRefundNo", l.payment_no as "paymentNo", l.transaction_id as "transactionId",
            l.status
       from (select m.account_id, m.bill_date, m.file_id, m.line_no
               from refunds r cross join lateral live_matches_of(r.account_id, r.id, r.requested_at) m
              where r.account_id = $1 and r.id = $2
             union
             -- Several lines for one refund: it has its match in the first of them.
             select $1, o.bill_date, o.file_id, o.line_no
               from match_group_refunds x join match_group_lines o on o.group_id = x.group_id
              where x.refund_id = $2 and x.ended_at is null) m
       join statement_files f on f.id = m.file_id and f.status = 'loaded'
       join statement_lines l on l.account_id = m.account_id and l.bill_date = m.bill_date and l.file_id = m.file_id
        and l.line_no = m.line_no
      order by f.bill_date, f.sha256, l.line_no`,
    [refund.accountId, refund.id],
  );
  return rows;
}
