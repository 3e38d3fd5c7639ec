/** Puts the judgement down: rows that are there already stay, what no longer holds goes or is closed with its reason. */
import { ENDED_FOR_GOOD } from './breaks.ts';
import type { Literals } from './match-scope.ts';
import { ABOUT_CLAIMS, claims, judgedLines } from './match-sql.ts';
import type { Tx } from './pool.ts';

/** A file with lines in the judgement. */
export interface JudgedFile {
  readonly fileId: string;
  readonly billDate: string;
}

const SAME_MATCH =
  'm.file_id = c.file_id and m.line_no = c.line_no and m.refund_id = c.refund_id and m.pass = c.pass';

/** The first run of a file adds to its table what was judged, and attaches it; later runs and other files go row by row. */
export async function writeMatches(
  tx: Tx,
  s: Literals,
  file: JudgedFile,
  others: readonly JudgedFile[],
): Promise<void> {
  for (const other of others)
    await replaceMatches(tx, s, other, 'select line_no from m_other where file_id = m.file_id');
  if (!s.first) {
    // Nothing tells the planner that all rows of the file's table are the file's: it expects one of them, and would read all claims for each.
    await tx.query('set local enable_nestloop = off');
    await replaceMatches(tx, s, file, null);
    await tx.query('set local enable_nestloop = on');
    return;
  }
  await tx.query(
    `insert into ${s.agreed} (${MATCH_COLUMNS}, account_id)
     select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, agrees, ${s.account}
       from m_claim where file_id = ${s.file}`,
  );
  await tx.query(`select yuanlu.attach_match_table(${s.file}, ${s.account}, ${s.date})`);
}

const MATCH_COLUMNS =
  'file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees';

async function replaceMatches(
  tx: Tx,
  s: Literals,
  file: JudgedFile,
  onlyLines: string | null,
): Promise<void> {
  const leaf = `account_id = ${s.account} and bill_date = ${tx.escapeLiteral(file.billDate)} and m.file_id = ${BigInt(file.fileId).toString()}`;
  await tx.query(
    `delete from yuanlu.matches m where m.${leaf}
        ${onlyLines === null ? '' : `and m.line_no in (${onlyLines})`}
        and not exists (select from ${claims(s)} c where ${SAME_MATCH})`,
  );
  await tx.query(
    `insert into yuanlu.matches (${MATCH_COLUMNS}, account_id)
     select file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, agrees, ${s.account}
       from ${claims(s)} c
      where c.file_id = ${BigInt(file.fileId).toString()}
        and not exists (select from yuanlu.matches m where m.${leaf} and ${SAME_MATCH})`,
  );
}

/** Puts what the new matches settle into the outbox of webhooks, in the same transaction; nothing where nobody listens. */
export async function tellSettled(tx: Tx, s: Literals, files: readonly JudgedFile[]): Promise<void> {
  for (const { fileId, billDate } of files) {
    await tx.query(
      `select yuanlu.tell_settled_file(${BigInt(fileId).toString()}, ${s.account}, ${tx.escapeLiteral(billDate)}, ${s.now})`,
    );
  }
}

/** Closes what no longer holds, with what holds instead; opens what is new. What people have ended is not new. */
export async function writeBreaks(tx: Tx, s: Literals): Promise<void> {
  await tx.query(
    `update yuanlu.breaks b
        set status = 'closed', closed_at = ${s.now}, closed_reason = 'matched_again',
            closing_evidence = coalesce(
              (select jsonb_build_object('refund_id', c.refund_id::text, 'pass', c.pass, 'file_id', c.file_id::text,
                                         'line_no', c.line_no)
                 from m_claim c where c.file_id = b.file_id and c.line_no = b.line_no
                order by c.refund_id limit 1),
              jsonb_build_object('file_id', ${s.file}::text))
      where b.account_id = ${s.account} and b.status = 'open' and ${ABOUT_CLAIMS}
        and (b.file_id = ${s.file} or exists (select from m_other o where o.file_id = b.file_id and o.line_no = b.line_no))
        and not exists (select from m_break n where n.file_id = b.file_id and n.line_no = b.line_no and n.kind = b.kind
                          and n.refund_id is not distinct from b.refund_id)`,
  );
  await tx.query(
    `insert into yuanlu.breaks (kind, dedupe_key, account_id, file_id, line_no, bill_date, refund_id, refund_no,
       channel_refund_no, transaction_id, amount_minor, expected_minor, currency, occurred_at, detail, opened_at)
     select n.kind, format('%s/f%s/%s', n.kind, n.file_id, n.line_no), ${s.account}, n.file_id, n.line_no, n.bill_date,
            n.refund_id, coalesce(r.refund_no, l.refund_no), l.channel_refund_no, l.transaction_id, l.amount_minor,
            r.amount_minor, l.currency, l.occurred_at, n.detail, ${s.now}
       from m_break n
       join ${judgedLines(s, 'select place from m_break')} l
         on l.file_id = n.file_id and l.line_no = n.line_no
       left join yuanlu.refund_book r on r.id = n.refund_id
      where not exists (select from yuanlu.breaks ended
                         where ended.dedupe_key = format('%s/f%s/%s', n.kind, n.file_id, n.line_no)
                           and ended.closed_reason in ${ENDED_FOR_GOOD}
                           and ended.refund_id is not distinct from n.refund_id)
      order by n.file_id, n.line_no
     on conflict (dedupe_key) where status = 'open'
       do update set detail = excluded.detail where breaks.detail is distinct from excluded.detail
         and breaks.kind <> 'state_conflict'`,
  );
}

/**
 * A line ends "missing at the channel", also one that contradicts the refund: then its own break says so. A newer delivery
 * of the day ends what its forerunners left open.
 */
export async function closeAnswered(tx: Tx, s: Literals): Promise<void> {
  await tx.query(
    `update yuanlu.breaks b
        set status = 'closed', closed_at = ${s.now}, closed_reason = 'line_found',
            closing_evidence = jsonb_build_object('file_id', c.file_id::text, 'line_no', c.line_no,
              'sha256', (select f.sha256 from yuanlu.statement_files f where f.id = c.file_id))
       from (select file_id, line_no, refund_id from ${claims(s)} proving
             union all select file_id, line_no, refund_id from m_break
                        where pass is null and kind in ('number_differs', 'amount_differs', 'state_conflict')) c
      where b.account_id = ${s.account} and b.status = 'open' and b.kind = 'missing_at_channel' and b.refund_id = c.refund_id`,
  );
  await tx.query(
    `update yuanlu.breaks b
        set status = 'closed', closed_at = ${s.now}, closed_reason = 'superseded',
            closing_evidence = jsonb_build_object('file_id', ${s.file}::text)
      where b.account_id = ${s.account} and b.status = 'open' and b.file_id = any (${s.superseded})`,
  );
}
