/**
 * Refunds that the payer's bank sent back, as evidence. A correction proves it where it leaves nothing to guess: it fits
 * exactly one refund, gives the merchant the money again, and is exactly the refund's amount. Whatever else a correction says
 * is for a person and stays the break that `match-adjustments.ts` opened.
 */
import type { Bounced } from '../domain/refund/observation.ts';
import { observe } from './observations.ts';
import type { Pool } from './pool.ts';

/** Corrections that are read at once; a day has a handful of them. */
const BATCH = 500;

/** Kept as breaks when the statement was matched: a line whose evidence is recorded is passed over. */
const SENT_BACK = `
  select b.refund_id, b.amount_minor, b.line_no, b.bill_date, f.sha256
    from breaks b
    join statement_files f on f.id = b.file_id and f.status = 'loaded'
    join refunds r on r.id = b.refund_id
   where b.file_id = $1 and b.kind = 'returned' and b.line_no > $2
     and b.amount_minor = r.amount_minor and b.currency = r.currency
     and not exists (select from observations o
                      where o.refund_id = b.refund_id and o.source = 'statement' and o.kind = 'bounced'
                        and o.ref = f.sha256 || ':' || b.line_no)
   order by b.line_no limit ${String(BATCH)}`;

interface SentBack {
  readonly refund_id: bigint;
  readonly amount_minor: bigint;
  readonly line_no: number;
  readonly bill_date: string;
  readonly sha256: string;
}

/**
 * Records what the corrections in a statement prove: each such refund becomes `returned`. Wants the file's corrections noted
 * (`noteAdjustments`). Running it again changes nothing, and goes on where a run broke off.
 * @returns how many refunds it concerned
 */
export async function recordSentBack(
  pool: Pool,
  { fileId, now }: { readonly fileId: string; readonly now: Date },
): Promise<number> {
  let recorded = 0;
  for (let after = 0; ; ) {
    const { rows } = await pool.query<SentBack>(SENT_BACK, [fileId, after]);
    for (const row of rows) await observe(pool, String(row.refund_id), [toBounced(row, now)]);
    recorded += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return recorded;
    after = last.line_no;
  }
}

function toBounced(row: SentBack, now: Date): Bounced {
  return {
    kind: 'bounced',
    source: 'statement',
    ref: `${row.sha256}:${String(row.line_no)}`,
    at: now.toISOString(),
    amountMinor: row.amount_minor.toString(),
    billDate: row.bill_date,
    fileSha256: row.sha256,
    lineNo: row.line_no,
  };
}
