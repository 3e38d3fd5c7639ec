/**
 * Corrections of earlier lines (UnionPay's ZME): they match nothing, and those that name a listed refund are breaks about it.
 * They name it by part of the channel's number, which the list may not have: the line that it was matched with has it.
 */
import { noteAdjustments } from '../../store/match-adjustments.ts';
import type { Books } from './books.ts';
import { ACCOUNT } from './listed-table.ts';
import type { LoadedStatement } from './statements.ts';

const COUNT = `
  select count(*)::int as n from yuanlu.statement_lines
   where account_id = '${ACCOUNT}' and line_type = 'adjustment'`;

const TAKE_NUMBERS = `
  update reconcile.listed r set printed_as = l.channel_refund_no
    from yuanlu.live_matches m
    join yuanlu.statement_lines l on l.account_id = m.account_id and l.file_id = m.file_id and l.line_no = m.line_no
   where m.account_id = '${ACCOUNT}' and m.refund_id = r.list_line and r.channel_refund_no is null`;

/** Wants all statements matched. @returns how many corrections there are, whether they name a listed refund or not */
export async function noteCorrections(
  books: Books,
  statements: readonly LoadedStatement[],
  now: Date,
): Promise<number> {
  const { rows } = await books.owner.query<{ n: number }>(COUNT);
  const count = rows[0]?.n ?? 0;
  if (count === 0) return 0;
  await books.owner.query(TAKE_NUMBERS);
  for (const { fileId } of statements) await noteAdjustments(books.ingest, { fileId, now });
  return count;
}
