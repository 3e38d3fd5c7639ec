/** Lateness, in sets: which refunds are due without evidence, and the flags on them. The list is in `overdue-list.ts`. */
import type { Deadlines } from '../domain/overdue/levels.ts';
import { OVERDUE_LEVELS } from '../domain/overdue/levels.ts';
import type { Db } from './pool.ts';

/**
 * Nobody has proof that the money left, or the channel says that it left and is still on its way to the payer's bank, or it
 * came back, or is to be paid another way: the payer does not have it.
 * The indexes `refunds_due`, `refunds_to_lift` and `refunds_open_by_window` have the same words.
 */
export const OPEN = `(r.state in ('requested', 'unknown', 'processing', 'needs_action')
  or r.state = 'succeeded' and r.bank_leg = 'pending'
  or r.state = 'returned' and r.state_reason is distinct from 'paid_otherwise'
  or r.state_reason = 'fallback_approved')`;

/** The opposite; a channel that tells nothing of the bank leaves the leg null. */
const CLOSED = `${OPEN} is not true`;

const COLUMNS: Readonly<Record<keyof Deadlines, string>> = {
  promiseAt: 'promise_at',
  alarmAt: 'alarm_at',
  escalateAt: 'escalate_at',
};

const LEVELS = OVERDUE_LEVELS.map(({ level, from }) => ({ level, from: `r.${COLUMNS[from]}` }));

/** The highest level that is said, or that two people have lifted. */
const REACHED = 'greatest(r.overdue_level, r.overdue_waived)';

/** When a refund earns the level after the one that it reached; null after the highest. As the index `refunds_due` has it. */
const NEXT_AT = `(case ${REACHED} ${LEVELS.map(({ level, from }) => `when ${String(level - 1)} then ${from}`).join(' ')} end)`;

/** By the highest level that has been earned at `$1`; the lowest one is the last of the cases. */
function byEarned(then: (one: (typeof LEVELS)[number]) => string, otherwise: string): string {
  const cases = LEVELS.toReversed().map((one) => `when ${one.from} <= $1 then ${then(one)}`);
  return `case ${cases.join(' ')} else ${otherwise} end`;
}

/** The level a refund has earned at `$1`: that of the rule, and 0 with evidence. */
const EARNED = `case when ${CLOSED} then 0 else ${byEarned(({ level }) => String(level), '0')} end`;

/** Since when it is due for the level that it has earned at `$1`. */
const DUE_SINCE = `(${byEarned(({ from }) => from, 'null')})`;

/**
 * Somebody asked the channel since then, with or without an answer; or there was nothing to ask about, because nothing
 * was ever sent; or it has waited for its next flag as long as it may, `$2` milliseconds.
 */
const MAY_BE_FLAGGED = `(r.state = 'requested' or greatest(r.last_asked_at, r.unanswered_at) >= ${DUE_SINCE}
  or ${NEXT_AT} <= $1::timestamptz - make_interval(secs => $2::float8 / 1000))`;

/** Where a walk over what is due goes on: behind this deadline and this refund. */
export interface DuePlace {
  /** As Postgres writes it: a JavaScript date would cut its microseconds. */
  readonly dueAt: string;
  readonly refundId: string;
}

const START: DuePlace = { dueAt: '-infinity', refundId: '0' };

export interface DueRefund {
  readonly refundId: string;
  readonly merchantId: string;
  readonly refundNo: string;
  readonly accountId: string;
  readonly place: DuePlace;
}

/**
 * Refunds that are about to earn a higher flag, the longest due first: a deadline has passed without evidence. Those that
 * have their flag already are not asked about again by every sweep; their own workflow keeps asking.
 */
export async function findDue(
  db: Db,
  o: { readonly now: Date; readonly limit: number; readonly after?: DuePlace },
): Promise<DueRefund[]> {
  const { dueAt, refundId } = o.after ?? START;
  const { rows } = await db.query<{
    id: bigint;
    merchant_id: string;
    refund_no: string;
    account_id: string;
    due_at: string;
  }>(
    `select r.id, r.merchant_id, r.refund_no, r.account_id, ${NEXT_AT}::text as due_at from refunds r
      where ${OPEN} and ${NEXT_AT} <= $1 and (${NEXT_AT}, r.id) > ($3::timestamptz, $4::bigint)
      order by ${NEXT_AT}, r.id limit $2`,
    [o.now, o.limit, dueAt, refundId],
  );
  return rows.map((row) => ({
    refundId: String(row.id),
    merchantId: row.merchant_id,
    refundNo: row.refund_no,
    accountId: row.account_id,
    place: { dueAt: row.due_at, refundId: String(row.id) },
  }));
}

export interface FlagCounts {
  readonly raised: number;
  readonly lifted: number;
}

export interface FlagOptions {
  /** How long a refund may be due and wait until the channel was asked about it; by default not at all. */
  readonly unaskedAtMostMs?: number;
  /** Refunds in one statement: their rows are locked until it ends. */
  readonly batchSize?: number;
}

/** Short enough that a callback about one of them does not wait long. */
const BATCH_SIZE = 5_000;

/** Batches in one sweep, ten million refunds: more wait for the next one. */
const BATCHES_MAX = 2_000;

/**
 * Raises flags that were earned and lifts those that evidence has answered, in batches of one statement each; every change
 * is kept. A flag never goes down while evidence is missing. What is interrupted goes on when it is called again.
 */
export async function flagOverdue(db: Db, now: Date, o: FlagOptions = {}): Promise<FlagCounts> {
  const limit = o.batchSize ?? BATCH_SIZE;
  let raised = 0;
  let after: DuePlace | null = START;
  for (let batch = 0; batch < BATCHES_MAX && after !== null; batch += 1) {
    const done: RaisedBatch = await raiseBatch(db, {
      now,
      after,
      limit,
      unaskedAtMostMs: o.unaskedAtMostMs ?? 0,
    });
    raised += done.raised;
    after = done.next;
  }
  let lifted = 0;
  for (let batch = 0, behind: string | null = '0'; batch < BATCHES_MAX && behind !== null; batch += 1) {
    const done: LiftedBatch = await liftBatch(db, { now, behind, limit });
    lifted += done.lifted;
    behind = done.next;
  }
  return { raised, lifted };
}

interface RaisedBatch {
  readonly raised: number;
  readonly next: DuePlace | null;
}

/**
 * One batch of those that are due, the longest first. Rows are locked in the order of their ids, so that two sweeps never
 * wait for each other, and judged as they are then: evidence that arrives meanwhile counts.
 */
async function raiseBatch(
  db: Db,
  o: { now: Date; after: DuePlace; limit: number; unaskedAtMostMs: number },
): Promise<RaisedBatch> {
  const { rows } = await db.query<{ raised: bigint; due_at: string | null; id: bigint | null }>(
    `with candidates as materialized (
       select r.id, ${NEXT_AT} as due_at, row_number() over (order by ${NEXT_AT}, r.id) as place from refunds r
        where ${OPEN} and ${NEXT_AT} <= $1 and (${NEXT_AT}, r.id) > ($4::timestamptz, $5::bigint) and ${MAY_BE_FLAGGED}
        order by ${NEXT_AT}, r.id limit $3
     ), locked as materialized (
       select r.id from refunds r where r.id in (select id from candidates) order by r.id for no key update
     ), changed as (
       update refunds r set overdue_level = ${EARNED}, overdue_since = coalesce(r.overdue_since, $1)
         from locked l where r.id = l.id and ${EARNED} > ${REACHED}
       returning r.id, r.overdue_level
     ), kept as (
       insert into overdue_flags (refund_id, level, at) select id, overdue_level, $1 from changed
     )
     select (select count(*) from changed) as raised, c.due_at::text, c.id
       from (values (1)) one left join candidates c on c.place = $3`,
    [o.now, o.unaskedAtMostMs, o.limit, o.after.dueAt, o.after.refundId],
  );
  const { raised = 0n, due_at: dueAt = null, id = null } = rows[0] ?? {};
  return {
    raised: Number(raised),
    next: dueAt === null || id === null ? null : { dueAt, refundId: String(id) },
  };
}

interface LiftedBatch {
  readonly lifted: number;
  readonly next: string | null;
}

/** One batch of flags that evidence has answered. Time never lifts one; two people may ({@link waiveFlag}). */
async function liftBatch(db: Db, o: { now: Date; behind: string; limit: number }): Promise<LiftedBatch> {
  const { rows } = await db.query<{ lifted: bigint; next: bigint | null }>(
    `with candidates as materialized (
       select r.id from refunds r where r.overdue_level > 0 and ${CLOSED} and r.id > $2 order by r.id limit $3
     ), locked as materialized (
       select r.id from refunds r where r.id in (select id from candidates) order by r.id for no key update
     ), changed as (
       update refunds r set overdue_level = 0, overdue_since = null
         from locked l where r.id = l.id and r.overdue_level > 0 and ${CLOSED}
       returning r.id
     ), kept as (
       insert into overdue_flags (refund_id, level, at) select id, 0, $1 from changed
     )
     select (select count(*) from changed) as lifted,
            (select max(id) from candidates having count(*) = $3) as next`,
    [o.now, o.behind, o.limit],
  );
  const { lifted = 0n, next = null } = rows[0] ?? {};
  return { lifted: Number(lifted), next: next === null ? null : String(next) };
}

/** Lifts the flag of a refund as two people decided; a higher level is raised again in its time. */
export async function waiveFlag(
  db: Db,
  refundId: string,
  o: { readonly approvalId: string; readonly now: Date },
): Promise<void> {
  await db.query(
    `with lifted as (
       update refunds set overdue_waived = overdue_level, overdue_level = 0, overdue_since = null
        where id = $1 and overdue_level > 0 returning id
     )
     insert into overdue_flags (refund_id, level, at, approval_id) select id, 0, $2, $3 from lifted`,
    [refundId, o.now, o.approvalId],
  );
}

/** Notes that the channel was asked about these refunds at `at` and gave no answer that can be trusted, and why. */
export async function noteUnanswered(
  db: Db,
  refunds: readonly { readonly refundId: string; readonly why: string }[],
  at: Date,
): Promise<void> {
  if (refunds.length === 0) return;
  await db.query(
    `with unanswered as materialized (
       select * from unnest($1::bigint[], $2::text[]) as u (id, why)
     ), locked as materialized (
       select r.id from refunds r where r.id in (select id from unanswered) order by r.id for no key update
     )
     update refunds r set unanswered_at = $3, unanswered_why = u.why
       from locked l join unanswered u on u.id = l.id
      where r.id = l.id and (r.unanswered_at is null or r.unanswered_at <= $3)`,
    [refunds.map((one) => one.refundId), refunds.map((one) => one.why), at],
  );
}
