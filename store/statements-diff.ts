/** What a new delivery of a day changes against the one before it. */
import type { Tx } from './pool.ts';

export interface StatementDiff {
  readonly added: number;
  readonly gone: number;
  readonly changed: number;
}

const LINES_OF = (fileId: string): string => `
  select l.*, concat_ws('|', line_type, coalesce(transaction_id, ''), coalesce(channel_refund_no, ''),
                        coalesce(refund_no, ''), coalesce(payment_no, '')) as key,
         row_number() over (partition by line_type, transaction_id, channel_refund_no, refund_no, payment_no
                            order by occurred_at, amount_minor, payer_minor, fee_e5, status, funding) as nth
    from yuanlu.statement_lines l
   where account_id = $1 and bill_date = $2 and file_id = ${fileId}`;

/** Lines are the same by their numbers; equal numbers (true duplicates) are paired one by one. */
export async function diffStatements(
  tx: Tx,
  day: { readonly accountId: string; readonly billDate: string },
  files: { readonly before: string; readonly after: string },
): Promise<StatementDiff> {
  const { rows } = await tx.query<StatementDiff>(
    `with before as (${LINES_OF('$3')}), after as (${LINES_OF('$4')})
     select count(*) filter (where before.key is null)::int as added,
            count(*) filter (where after.key is null)::int as gone,
            count(*) filter (where before.key is not null and after.key is not null
              and (before.occurred_at, before.amount_minor, before.payer_minor, before.fee_e5, before.currency,
                   before.status, before.funding)
                  is distinct from
                  (after.occurred_at, after.amount_minor, after.payer_minor, after.fee_e5, after.currency,
                   after.status, after.funding))::int as changed
       from before full join after on after.key = before.key and after.nth = before.nth`,
    [day.accountId, day.billDate, files.before, files.after],
  );
  return rows[0] ?? { added: 0, gone: 0, changed: 0 };
}
