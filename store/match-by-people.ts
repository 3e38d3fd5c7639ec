/** What two people decided about lines, as matching keeps to it: one line given to a refund, or lines and refunds matched one to many. */
import { CONFLICT, NEWS } from './match-contradictions.ts';
import type { Literals } from './match-scope.ts';
import { LINE_PLACE } from './match-scope.ts';

/** The pass of a match that two people made: of one line with one refund, or of one with many. */
export const FORCED = 9;
export const TOGETHER = 8;

/** A line of a match of several. Its refunds stand in the matches of the first of its lines; the others have none of their own. */
export const IN_GROUP = (line: string): string =>
  `select from yuanlu.match_group_lines g where g.file_id = ${line}.file_id and g.line_no = ${line}.line_no and g.ended_at is null`;

/** What two people decided about a line stands, whatever numbers it prints. */
export function forceClaims(s: Literals): string {
  return `
    update m_claim l
       set refund_id = r.id, pass = ${String(FORCED)}, agrees = r.amount_minor = l.amount_minor and r.currency = l.currency,
           conflict = ${CONFLICT(s)}, news = ${NEWS(s)}, denied = false
      from yuanlu.forced_matches f
      join yuanlu.refund_book r on r.id = f.refund_id
     where f.file_id = l.file_id and f.line_no = l.line_no and f.ended_at is null`;
}

/** So does what they matched one to many: its lines have no other judgement, and its refunds are the first line's. */
export function groupClaims(s: Literals): string {
  return `
    with grouped as (
      delete from m_claim l using yuanlu.match_group_lines g
       where g.file_id = l.file_id and g.line_no = l.line_no and g.ended_at is null
      returning l.file_id, l.bill_date, l.line_no, l.occurred_at, l.place, g.group_id, g.first)
    insert into m_claim (file_id, bill_date, line_no, amount_minor, occurred_at, refund_id, pass, agrees, conflict, news, denied, place)
    select l.file_id, l.bill_date, l.line_no, r.amount_minor, l.occurred_at, r.id, ${String(TOGETHER)}, true, false, ${NEWS(s)}, false, l.place
      from grouped l
      join yuanlu.match_group_refunds x on x.group_id = l.group_id
      join yuanlu.refund_book r on r.id = x.refund_id
     where l.first`;
}

/** The same for lines of other files. */
export function groupOtherClaims(s: Literals): string {
  return `
    insert into m_claim (file_id, bill_date, line_no, amount_minor, occurred_at, refund_id, pass, agrees, conflict, news, denied)
    select l.file_id, l.bill_date, l.line_no, r.amount_minor, l.occurred_at, r.id, ${String(TOGETHER)}, true, false, ${NEWS(s)}, false
      from m_other l
      join yuanlu.match_group_lines g on g.file_id = l.file_id and g.line_no = l.line_no and g.first and g.ended_at is null
      join yuanlu.match_group_refunds x on x.group_id = g.group_id
      join yuanlu.refund_book r on r.id = x.refund_id
     where not exists (select from m_claim c where c.file_id = l.file_id and c.line_no = l.line_no)`;
}

/** The same for lines of other files. */
export function forceOtherClaims(s: Literals): string {
  return `
    insert into m_claim
    select ${LINE_PLACE}, r.id, ${String(FORCED)}::smallint, r.amount_minor = l.amount_minor and r.currency = l.currency,
           ${CONFLICT(s)}, ${NEWS(s)}, false, null::tid
      from m_other l
      join yuanlu.forced_matches f on f.file_id = l.file_id and f.line_no = l.line_no and f.ended_at is null
      join yuanlu.refund_book r on r.id = f.refund_id
     where not exists (select from m_claim c where c.file_id = l.file_id and c.line_no = l.line_no)`;
}
