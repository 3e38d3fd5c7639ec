/** Both sides of a break, and what could be the other side where there is none: for people, and for the rules that suggest. */
import type { Currency } from '../domain/money.ts';
import type { RefundState } from '../domain/refund/state.ts';
import { LOOSE_KINDS } from '../domain/statement/break-work.ts';
import type { KeyAgreements, Side } from '../domain/statement/sides.ts';
import { compareSides } from '../domain/statement/sides.ts';
import type { Candidate, Suggestion } from '../domain/statement/suggestion.ts';
import { suggestionFor } from '../domain/statement/suggestion.ts';
import { currentBreakRules } from './break-rules.ts';
import type { Break } from './breaks.ts';
import { isAboutLooseLine } from './breaks.ts';
import type { MatchedTogether } from './matched-together.ts';
import { togetherOf } from './matched-together.ts';
import type { Db } from './pool.ts';

export interface OwnSide extends Side {
  readonly refundNo: string;
  readonly state: RefundState;
  readonly promiseAt: Date | null;
}

export interface BreakExplained {
  /** The refund that it names. */
  readonly ours: OwnSide | null;
  /** The line that it is about. */
  readonly theirs: Side | null;
  /** Key by key, where both sides are there. */
  readonly keys: KeyAgreements | null;
  /** What could be the side that is missing. */
  readonly candidates: readonly (Candidate & { readonly side: Side })[];
  readonly suggestion: Suggestion;
  /** What its line was matched with, one to many. */
  readonly together: MatchedTogether | null;
}

/** What is looked through for the other side; more than this is for a person to search. */
const CANDIDATES_MAX = 20;
const WINDOW_DAYS = 3;

/** Explains a break: both sides with their keys, what could be the other side, and what to do. Writes nothing. */
export async function explainBreak(db: Db, one: Break, now: Date): Promise<BreakExplained> {
  const ours = one.refundId === null ? null : await refundSide(db, one.refundId);
  const theirs = await lineSide(db, one);
  const isLoose = LOOSE_KINDS.includes(one.kind);
  const found =
    isLoose && theirs !== null
      ? await refundsFor(db, one, theirs)
      : one.kind === 'missing_at_channel' && ours !== null
        ? await linesFor(db, one, ours)
        : [];
  const isNamed = ({ refundNo }: Candidate): boolean =>
    one.kind === 'number_differs' && refundNo === ours?.refundNo;
  const candidates = found.filter((each) => !isNamed(each));
  return {
    ours,
    theirs,
    keys: ours === null || theirs === null ? null : compareSides(ours, theirs),
    candidates,
    together: one.closedReason === 'matched_together' ? await togetherOf(db, one.id) : null,
    suggestion: suggestionFor(
      {
        ...{ kind: one.kind, amountMinor: one.amountMinor, expectedMinor: one.expectedMinor },
        ...{ refund: ours, candidates, named: found.find(isNamed) ?? null, now },
        movement: LOOSE_KINDS.includes(one.kind) && !isAboutLooseLine(one),
      },
      await currentBreakRules(db),
    ),
  };
}

interface SideRow {
  readonly refund_no: string | null;
  readonly channel_refund_no: string | null;
  readonly transaction_id: string | null;
  readonly payment_no: string | null;
  readonly amount_minor: bigint;
  readonly currency: Currency;
  readonly at: Date | null;
}

interface OwnRow extends SideRow {
  readonly id: bigint;
  readonly refund_no: string;
  readonly state: RefundState;
  readonly promise_at: Date | null;
  readonly taken: boolean;
}

const OWN = `
  select b.id, b.refund_no, b.channel_refund_no, b.transaction_id, b.payment_no, b.amount_minor, b.currency,
         coalesce(b.accepted_at, b.requested_at) as at, s.effective_state as state, r.promise_at,
         exists (select from yuanlu.live_matches_of(r.account_id, r.id, r.requested_at)) as taken
    from yuanlu.refund_book b
    join yuanlu.refunds r on r.id = b.id
    join yuanlu.refund_status s on s.id = b.id`;

async function refundSide(db: Db, refundId: string): Promise<OwnSide | null> {
  const { rows } = await db.query<OwnRow>(`${OWN} where b.id = $1`, [refundId]);
  return rows[0] === undefined ? null : toOwnSide(rows[0]);
}

async function lineSide(db: Db, { line, accountId }: Break): Promise<Side | null> {
  if (line === null) return null;
  const { rows } = await db.query<SideRow>(
    `select refund_no, channel_refund_no, transaction_id, payment_no, amount_minor, currency, occurred_at as at
       from yuanlu.statement_lines where account_id = $1 and bill_date = $2 and file_id = $3 and line_no = $4`,
    [accountId, line.billDate, line.fileId, line.lineNo],
  );
  return rows[0] === undefined ? null : toSide(rows[0]);
}

type Found = Candidate & { readonly side: Side };

/** Refunds of the account with the line's transaction or one of its numbers. */
async function refundsFor(db: Db, one: Break, line: Side): Promise<readonly Found[]> {
  const { rows } = await db.query<OwnRow>(
    `${OWN} where b.account_id = $1 and b.id in (
        select k.id from yuanlu.refund_book k where k.account_id = $1 and k.transaction_id = $2
        union select k.id from yuanlu.refund_book k where k.account_id = $1 and k.refund_no = $3
        union select k.id from yuanlu.refund_book k where k.account_id = $1 and k.channel_refund_no = $4)
      order by b.amount_minor <> $5, b.id limit ${String(CANDIDATES_MAX)}`,
    [one.accountId, line.transactionId, line.refundNo, line.channelRefundNo, line.amountMinor],
  );
  return rows.map((row) => {
    const side = toOwnSide(row);
    const keys = compareSides(side, line);
    return { side, keys, refundNo: side.refundNo, breakId: one.id, taken: row.taken };
  });
}

/** Open breaks about lines that no refund has, with the refund's transaction, or its amount at about its time. */
async function linesFor(db: Db, one: Break, refund: OwnSide): Promise<readonly Found[]> {
  const { rows } = await db.query<SideRow & { readonly break_id: bigint }>(
    `select b.id as break_id, l.refund_no, l.channel_refund_no, l.transaction_id, l.payment_no, l.amount_minor, l.currency,
            l.occurred_at as at
       from yuanlu.breaks b
       join yuanlu.statement_files f on f.id = b.file_id and f.status = 'loaded'
       join yuanlu.statement_lines l on l.account_id = b.account_id and l.bill_date = b.bill_date and l.file_id = b.file_id
        and l.line_no = b.line_no
      where b.account_id = $1 and b.status = 'open' and b.kind = any ($2) and not b.detail ?| array['adjustment', 'three_way']
        and (b.transaction_id = $3 or b.amount_minor = $4
             and b.occurred_at between $5::timestamptz - make_interval(days => $6) and $5::timestamptz + make_interval(days => $6))
      order by b.amount_minor <> $4, b.id limit ${String(CANDIDATES_MAX)}`,
    [one.accountId, LOOSE_KINDS, refund.transactionId, refund.amountMinor, refund.at, WINDOW_DAYS],
  );
  return rows.map((row) => {
    const side = toSide(row);
    const keys = compareSides(refund, side);
    return { side, keys, refundNo: refund.refundNo, breakId: String(row.break_id), taken: false };
  });
}

function toSide(row: SideRow): Side {
  return {
    refundNo: row.refund_no,
    channelRefundNo: row.channel_refund_no,
    transactionId: row.transaction_id,
    paymentNo: row.payment_no,
    amountMinor: row.amount_minor,
    currency: row.currency,
    at: row.at,
  };
}

function toOwnSide(row: OwnRow): OwnSide {
  return { ...toSide(row), refundNo: row.refund_no, state: row.state, promiseAt: row.promise_at };
}
