/**
 * Corrections of earlier lines: a refund that the payer's bank sent back, a chargeback. They name what they correct by part of
 * the channel's number and claim nothing, so they are looked at beside matching and never take part in it.
 */
import { lockFile } from './match-lock.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/**
 * One break for each correction that fits a refund: `returned` where the merchant gets the amount again, `state_conflict`
 * where it pays, `ambiguous` where several refunds fit. One that was opened before stays as it is, also when it was closed.
 * No state follows from it here; what is beyond doubt becomes evidence of the refund (sent-back.ts), the break stays.
 */
const OPEN = `
  insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no,
    channel_refund_no, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
  with fits as (
    select l.line_no, l.bill_date, l.channel_refund_no, l.amount_minor, l.currency, l.occurred_at, l.status,
           count(r.id) as refunds, min(r.id) as refund_id, jsonb_agg(r.refund_no order by r.refund_no) as candidates
      from yuanlu.statement_lines l
      join yuanlu.refund_book r on r.account_id = l.account_id and r.channel_refund_no like l.channel_refund_no
     where l.account_id = $2 and l.bill_date = $3 and l.file_id = $1 and l.line_type = 'adjustment'
     group by l.line_no, l.bill_date, l.channel_refund_no, l.amount_minor, l.currency, l.occurred_at, l.status),
  judged as (
    select f.*, case when refunds > 1 then 'ambiguous' when status = 'out' then 'state_conflict' else 'returned' end as kind
      from fits f)
  select j.kind, format('adjustment/f%s/%s', $1, j.line_no), $2, $1, j.line_no, j.bill_date, r.id, r.refund_no,
         r.channel_refund_no, j.amount_minor, r.amount_minor, j.currency, j.occurred_at,
         jsonb_build_object('adjustment', j.status, 'number_like', j.channel_refund_no)
           || case when j.refunds > 1 then jsonb_build_object('candidates', j.candidates)
                   else jsonb_build_object('state', r.state) end, $4
    from judged j
    left join yuanlu.refund_book r on r.id = j.refund_id and j.refunds = 1
   where not exists (select from yuanlu.breaks b where b.dedupe_key = format('adjustment/f%s/%s', $1, j.line_no))
   order by j.line_no`;

/**
 * Puts the corrections in a loaded statement before a person. Running it again changes nothing.
 * @returns how many breaks that opened
 * @throws AppError `statement_unknown`
 */
export async function noteAdjustments(
  ingest: Pool,
  options: { readonly fileId: string; readonly now: Date },
): Promise<number> {
  return inTransaction(ingest, async (tx) => {
    const file = await lockFile(tx, options.fileId);
    if (file.status !== 'loaded' || file.kind !== 'trade') return 0;
    const opened = await tx.query(OPEN, [file.id, file.accountId, file.billDate, options.now]);
    return opened.rowCount ?? 0;
  });
}
