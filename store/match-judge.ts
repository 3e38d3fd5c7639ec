/**
 * The judgement, once every line that belongs together is at hand: who wins a refund that several lines claim, which
 * lines are printed twice, and what fits by transaction and amount. Orders are by content; places in files only decide
 * between lines that are equal in all of it, so the outcome does not depend on the order of lines, files or runs.
 */
import { CONFLICT, DIFFERING_NUMBERS, NEWS, NUMBERS_DIFFER } from './match-contradictions.ts';
import { FORCED, TOGETHER } from './match-by-people.ts';
import type { Literals } from './match-scope.ts';
import { ABOUT_CLAIMS, judgedLines } from './match-sql.ts';

/** The claims of refunds that more than one line claims. */
export const CONTESTED = `
  create temp table m_contested on commit drop as
    select c.*, c.ctid as claim from m_claim c
     where refund_id in (select refund_id from m_claim group by refund_id having count(*) > 1)`;

/** What people decided beats all else, a line that contradicts the refund comes last; our number beats the channel's, an agreeing amount beats another one, the earlier day beats the later one. */
export function losers(s: Literals): string[] {
  return [
    'analyze m_contested',
    `create temp table m_loser on commit drop as
       select file_id, bill_date, line_no, refund_id, of_file, of_line, place, claim, denied,
              ${OTHER_PAYMENT(s)} as other_payment, denied and ${SHARES_NONE} as other_numbers from (
         select c.file_id, c.bill_date, c.line_no, c.refund_id, c.place, c.claim, c.denied, row_number() over best as nth,
                first_value(c.file_id) over best as of_file, first_value(c.line_no) over best as of_line,
                l.refund_no, first_value(l.refund_no) over best as of_refund_no,
                l.channel_refund_no, first_value(l.channel_refund_no) over best as of_channel_refund_no,
                l.transaction_id, first_value(l.transaction_id) over best as of_transaction${BY_NUMBER_ALONE(s)}
           from m_contested c
           join ${judgedLines(s, 'select place from m_contested')} l
             on l.file_id = c.file_id and l.line_no = c.line_no
         window best as (partition by c.refund_id
           order by c.pass not in (${String(TOGETHER)}, ${String(FORCED)}), c.denied, c.pass, c.agrees desc, c.bill_date, c.occurred_at, c.amount_minor, l.channel_refund_no, l.refund_no,
                    l.transaction_id, l.payment_no, l.currency, l.status, l.payer_minor, l.fee_e5, l.funding, c.file_id, c.line_no)) ranked
        where nth > 1`,
    'analyze m_loser',
    'delete from m_claim where ctid = any (array(select claim from m_loser))',
    ...(s.withinPayment ? freeOtherPayments(s) : []),
  ];
}

/** The line and the winner print no number of a refund in common: the one is not the other again. */
const SHARES_NONE = '(refund_no = of_refund_no or channel_refund_no = of_channel_refund_no) is not true';

/**
 * Where our number names a refund within its payment, a line of another payment prints another refund. Where the refund's payment
 * is known, no line of another one has claimed it by our number; else it is the winner's.
 */
const OTHER_PAYMENT = (s: Literals): string =>
  s.withinPayment ? '(by_number_alone and transaction_id is distinct from of_transaction)' : 'false';

const BY_NUMBER_ALONE = (s: Literals): string =>
  s.withinPayment
    ? `,
                c.pass = 1 and exists (select from yuanlu.refund_book r where r.id = c.refund_id and r.transaction_id is null
                                         and (r.payment_no = l.payment_no) is not true) as by_number_alone`
    : '';

/** Lines that only had their number in common with the winner are as good as any that no refund has the number of. */
function freeOtherPayments(s: Literals): string[] {
  return [
    `insert into m_loose
       select l.*, m.place from m_loser m
         join ${judgedLines(s, 'select place from m_loser where other_payment')} l
           on l.file_id = m.file_id and l.line_no = m.line_no
        where m.other_payment`,
    'delete from m_loser where other_payment',
  ];
}

export const NO_LOSERS = `
  create temp table m_loser (file_id bigint, bill_date date, line_no integer, refund_id bigint, of_file bigint,
                             of_line integer, place tid, denied boolean, other_numbers boolean) on commit drop`;

/** Loose lines that print one and the same refund again. */
const TWINS = `
  create temp table m_twin on commit drop as
    select file_id, bill_date, line_no, of_file, of_line, place from (
      select file_id, bill_date, line_no, place, row_number() over first as nth,
             first_value(file_id) over first as of_file, first_value(line_no) over first as of_line
        from m_loose
       where channel_refund_no is not null or refund_no is not null
      window first as (partition by channel_refund_no, refund_no, transaction_id, amount_minor
                       order by bill_date, occurred_at, payment_no, currency, status, payer_minor, fee_e5, funding, file_id,
                                line_no)) ranked
     where nth > 1`;

/**
 * Pass (c): which refunds that nothing else claims a loose line could be. One with another number of the channel's, or of ours as
 * the channel was sent it, is another refund of the payment, however equal the amounts: made at the channel's console, say.
 */
function candidates(s: Literals): string {
  return `
    create temp table m_candidate on commit drop as
      select l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at, l.place, r.id as refund_id, r.refund_no,
             ${CONFLICT(s)} as conflict, ${NEWS(s)} as news, yuanlu.line_denies(r.state, l.status) as denied
        from m_loose l
        join yuanlu.refund_book r on r.account_id = ${s.account} and r.transaction_id = l.transaction_id
         and r.amount_minor = l.amount_minor and r.currency = l.currency
         and l.occurred_at between coalesce(r.accepted_at, r.requested_at) - ${s.window}
                               and coalesce(r.accepted_at, r.requested_at) + ${s.window}
       where not ${NUMBERS_DIFFER} and not ${s.otherNumber}
         and not exists (select from m_twin t where t.file_id = l.file_id and t.line_no = l.line_no)
         and not exists (select from m_claim c where c.refund_id = r.id)
         and not exists (select from ${s.agreed} c where c.refund_id = r.id)
         and not exists (select from yuanlu.live_matches m
                          where m.account_id = ${s.account} and m.refund_id = r.id and m.pass <> 3)`;
}

/** One line that fits one refund that fits no other line; anything else is not guessed. */
const SINGLES = `
  insert into m_claim (file_id, bill_date, line_no, amount_minor, occurred_at, place, refund_id, pass, agrees, conflict, news, denied)
    select file_id, bill_date, line_no, amount_minor, occurred_at, place, refund_id, 3, true, conflict, news, denied
      from (select c.*, count(*) over (partition by file_id, line_no) as refunds,
                   count(*) over (partition by refund_id) as lines from m_candidate c) fits
     where refunds = 1 and lines = 1`;

/** What contradicts the refund that it names, and in which numbers. */
function denied(s: Literals): string {
  return `
    create temp table m_denied on commit drop as
      select c.file_id, c.line_no, l.status, ${DIFFERING_NUMBERS} as numbers
        from (select file_id, line_no, refund_id from m_claim where denied
              union all select file_id, line_no, refund_id from m_loser where denied) c
        join yuanlu.refund_book r on r.id = c.refund_id
        join ${judgedLines(s, 'select place from m_claim where denied union all select place from m_loser where denied')} l
          on l.file_id = c.file_id and l.line_no = c.line_no`;
}

/** What is left over, one row per line: what it is, by which pass it has a refund, and what a person needs to see of it. */
function leftOver(s: Literals): string {
  return `
    create temp table m_break on commit drop as
      select file_id, bill_date, line_no, place, null::smallint as pass, 'duplicate_line' as kind, refund_id,
             jsonb_build_object('of_file', of_file::text, 'of_line', of_line)
               || case when numbers is null or numbers = '{}' then '{}' else jsonb_build_object('numbers', numbers) end as detail
        from m_loser left join m_denied using (file_id, line_no)
       where not (other_numbers and coalesce(numbers <> '{}', false))
      union all
      select m.file_id, m.bill_date, m.line_no, m.place, null, 'number_differs', m.refund_id,
             jsonb_build_object('state', r.state, 'requested_at', r.requested_at, 'numbers', d.numbers,
                                'of_file', of_file::text, 'of_line', of_line)
        from m_loser m join m_denied d using (file_id, line_no) join yuanlu.refund_book r on r.id = m.refund_id
       where m.other_numbers and d.numbers <> '{}'
      union all
      select file_id, bill_date, line_no, place, null, 'duplicate_line', null::bigint,
             jsonb_build_object('of_file', of_file::text, 'of_line', of_line)
        from m_twin
      union all
      select file_id, bill_date, line_no, place, null, 'ambiguous', null,
             jsonb_build_object('candidates', jsonb_agg(refund_no order by refund_no))
        from m_candidate c
       where not exists (select from m_claim m where m.file_id = c.file_id and m.line_no = c.line_no)
       group by file_id, bill_date, line_no, place
      union all
      select file_id, bill_date, line_no, place, null, 'missing_in_books', null, '{}'
        from m_loose l
       where not exists (select from m_twin t where t.file_id = l.file_id and t.line_no = l.line_no)
         and not exists (select from m_candidate c where c.file_id = l.file_id and c.line_no = l.line_no)
      union all
      select c.file_id, c.bill_date, c.line_no, c.place, case when not c.denied then c.pass end,
             case when d.numbers <> '{}' then 'number_differs' when not c.agrees then 'amount_differs' else 'state_conflict' end,
             c.refund_id,
             jsonb_build_object('state', r.state, 'requested_at', r.requested_at)
               || case when d.numbers <> '{}' then jsonb_build_object('numbers', d.numbers) else '{}' end
               || case when c.conflict and l.status is not null then jsonb_build_object('line_status', l.status) else '{}' end
        from m_claim c
        join yuanlu.refund_book r on r.id = c.refund_id
        join ${judgedLines(s, 'select place from m_claim where not agrees or conflict or denied')} l
          on l.file_id = c.file_id and l.line_no = c.line_no
        left join m_denied d on d.file_id = c.file_id and d.line_no = c.line_no
       where not c.agrees or c.conflict or c.denied
      union all
      -- A conflict stays for review once it was seen, also when the evidence has moved the refund on since.
      select c.file_id, c.bill_date, c.line_no, c.place, c.pass, b.kind, b.refund_id, b.detail
        from yuanlu.breaks b
        join m_claim c on c.file_id = b.file_id and c.line_no = b.line_no and c.refund_id = b.refund_id
       where b.account_id = ${s.account} and b.status = 'open' and b.kind = 'state_conflict'
         and (b.file_id = ${s.file} or exists (select from m_other o where o.file_id = b.file_id))
         and ${ABOUT_CLAIMS} and c.agrees and not c.conflict and not c.denied`;
}

/**
 * A line that contradicts its refund has kept others from it so far, since nobody guesses between them. It is no match: whose
 * line it is, people say (force_match). Counted as one, it would settle a refund of whose payment it does not speak.
 */
const LET_GO = 'delete from m_claim where denied';

export function judge(s: Literals): string[] {
  return [TWINS, candidates(s), SINGLES, denied(s), leftOver(s), LET_GO, 'analyze m_break'];
}
