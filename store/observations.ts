/** Evidence: appended, never changed; the refund's row follows from all of it in the same transaction. */
import { AppError } from '../domain/errors.ts';
import { bankLegOf } from '../domain/refund/bank-leg.ts';
import { answeredByRedirect } from '../domain/refund/facts.ts';
import type { ChannelReport, Observation, StatementLineSeen } from '../domain/refund/observation.ts';
import { observationKey } from '../domain/refund/observation.ts';
import type { Refund } from '../domain/refund/refund.ts';
import type { RefundStatus } from '../domain/refund/state.ts';
import { reservesAmount, statusOf } from '../domain/refund/state.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { brokenConstraint, inTransaction } from './pool.ts';
import type { RefundRow } from './refund-rows.ts';
import { REFUND_SELECT, STORED_REFUND_SELECT, toRefund } from './refund-rows.ts';
import { storable } from './storable-text.ts';

/**
 * Adds evidence to a refund and brings its row up to date. The same evidence again changes nothing. Concurrent callers
 * wait for each other at the refund's row.
 * @throws AppError `refund_unknown`
 */
export async function observe(
  pool: Pool,
  refundId: string,
  observations: readonly Observation[],
): Promise<Refund> {
  return inTransaction(pool, (tx) => observeInside(tx, refundId, observations));
}

/** As {@link observe}, inside a transaction that goes on. */
export async function observeInside(tx: Tx, refundId: string, told: readonly Observation[]): Promise<Refund> {
  await record(tx, await lockRefund(tx, refundId), told);
  return readRefund(tx, refundId);
}

async function record(tx: Tx, locked: RefundRow, told: readonly Observation[]): Promise<void> {
  const observations = told.map(storable);
  const refundId = String(locked.id);
  let added = 0;
  for (const observation of observations) added += await append(tx, refundId, observation);
  if (added > 0) await updateRow(tx, locked, await recordedOf(tx, refundId));
  await noteAnswer(tx, refundId, observations);
}

/** Begins a submission: the committed intent without which nothing is sent (I6). Numbers count from 1. */
export async function nextAttempt(pool: Pool, refundId: string, at: Date): Promise<{ attempt: number }> {
  return inTransaction(pool, async (tx) => {
    const locked = await lockRefund(tx, refundId);
    const { rows } = await tx.query<{ attempt: bigint }>(
      `select count(*) + 1 as attempt from observations where refund_id = $1 and kind = 'attempt_started'`,
      [refundId],
    );
    const attempt = Number(rows[0]?.attempt ?? 1n);
    const ref = `attempt-${String(attempt)}`;
    await record(tx, locked, [
      { kind: 'attempt_started', source: 'submit', ref, at: at.toISOString(), attempt },
    ]);
    return { attempt };
  });
}

/** All evidence about a refund: what was recorded, and the statement lines that were matched to it. In order of time. */
export async function observationsOf(db: Db, refundId: string): Promise<Observation[]> {
  const recorded = await recordedOf(db, refundId);
  const { rows } = await db.query<LineRow>('select * from matched_line_evidence where refund_id = $1', [
    refundId,
  ]);
  const known = new Set(recorded.map(observationKey));
  const lines = rows.map(toLineSeen).filter((line) => !known.has(observationKey(line)));
  return [...recorded, ...lines].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

interface LineRow {
  readonly amount_minor: bigint;
  readonly file_sha256: string;
  readonly line_no: number;
  readonly bill_date: string;
  readonly observed_at: Date;
  readonly proves: StatementLineSeen['proves'];
}

function toLineSeen(row: LineRow): StatementLineSeen {
  return {
    kind: 'statement_line',
    source: 'statement',
    ref: `${row.file_sha256}:${String(row.line_no)}`,
    at: row.observed_at.toISOString(),
    proves: row.proves,
    amountMinor: row.amount_minor.toString(),
    fileSha256: row.file_sha256,
    lineNo: row.line_no,
    billDate: row.bill_date,
  };
}

async function lockRefund(tx: Tx, refundId: string): Promise<RefundRow> {
  await tx.query('select 1 from refunds where id = $1 for no key update', [refundId]);
  const { rows } = await tx.query<RefundRow>(`${STORED_REFUND_SELECT} where r.id = $1`, [refundId]);
  if (rows[0] === undefined) throw new AppError('refund_unknown', { refund_id: refundId });
  return rows[0];
}

async function readRefund(tx: Tx, refundId: string): Promise<Refund> {
  const { rows } = await tx.query<RefundRow>(`${REFUND_SELECT} where r.id = $1`, [refundId]);
  if (rows[0] === undefined) throw new AppError('refund_unknown', { refund_id: refundId });
  return toRefund(rows[0]);
}

/** How many rows it made: none when this evidence was recorded before. */
async function append(tx: Tx, refundId: string, observation: Observation): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into observations (refund_id, source, kind, ref, observed_at, body) values ($1, $2, $3, $4, $5, $6)
     on conflict on constraint observation_once do nothing`,
    [
      refundId,
      observation.source,
      observation.kind,
      observation.ref,
      observation.at,
      JSON.stringify(observation),
    ],
  );
  return rowCount ?? 0;
}

async function recordedOf(db: Db, refundId: string): Promise<Observation[]> {
  const { rows } = await db.query<{ body: Observation }>(
    'select body from observations where refund_id = $1 order by id',
    [refundId],
  );
  return rows.map((row) => row.body);
}

/**
 * Writes what all evidence together says. A channel number that another refund of the account holds is left out: the
 * evidence itself must never be lost to it.
 */
async function updateRow(tx: Tx, before: RefundRow, all: readonly Observation[]): Promise<void> {
  const status = storedStatus(statusOf(before.amount_minor, all));
  const facts = factsOf(all);
  await lockChannelNumber(tx, before, facts.channelRefundNo);
  await tx.query(
    `update refunds r
        set state = $2, state_reason = $3, accepted_at = $5, succeeded_at = $6, lands_in = $7, payer_amount_minor = $8,
            bank_leg = $9, arrival_estimate_at = $10, flaw = $11, clearing_date = $12,
            channel_refund_no = case when exists (
              select from refunds o where o.account_id = r.account_id and o.channel_refund_no = $4 and o.id <> r.id
            ) then r.channel_refund_no else $4 end
      where r.id = $1`,
    [
      before.id,
      status.state,
      status.reason,
      facts.channelRefundNo ?? null,
      facts.acceptedAt ?? null,
      facts.succeededAt ?? null,
      facts.landsIn ?? null,
      facts.payerAmountMinor ?? null,
      bankLegOf(facts.bankLeg, {
        state: status.state,
        channel: before.channel,
        fundingSource: before.p_funding_source,
      }),
      facts.arrivalEstimateAt ?? null,
      facts.flaw ?? null,
      facts.clearingDate ?? null,
    ],
  );
  await keepCounted(tx, before, reservesAmount(status));
}

/** Two refunds that are told the same number at the same instant: the second looks when the first has done. */
async function lockChannelNumber(
  tx: Tx,
  before: RefundRow,
  channelRefundNo: string | undefined,
): Promise<void> {
  if (channelRefundNo === undefined || channelRefundNo === before.channel_refund_no) return;
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `yuanlu/channel-number/${before.account_id}/${channelRefundNo}`,
  ]);
}

/** `settled` is never stored: it follows from `succeeded` and a live statement line (refund_status). */
function storedStatus(status: RefundStatus): RefundStatus {
  return status.state === 'settled' ? { state: 'succeeded', reason: null } : status;
}

/**
 * Releases the amount of a failed refund once, and takes it again when evidence reopens it. When it no longer fits,
 * other refunds have used the room: the truth is recorded all the same, uncounted, and the state says needs_action.
 */
async function keepCounted(tx: Tx, before: RefundRow, counts: boolean): Promise<void> {
  if (counts === before.counted) return;
  await tx.query('savepoint counted');
  try {
    await tx.query('update refunds set counted = $2 where id = $1', [before.id, counts]);
    await tx.query('release savepoint counted');
  } catch (error) {
    if (brokenConstraint(error) !== 'refund_exceeds_payment') throw error;
    await tx.query('rollback to savepoint counted');
  }
}

/**
 * The channel's facts, chosen without regard to the order in which they were recorded: the most that was ever said
 * counts, and of two reports that say as much the one we learned later, since a channel may put off the bank's day. What two
 * people have sent elsewhere since says no more about where the money goes.
 */
function factsOf(all: readonly Observation[]): Partial<ChannelReport> {
  const said = all.filter((one) => one.kind === 'channel_report');
  const answered = answeredByRedirect(all, said);
  const rank = (one: ChannelReport): number => (answered.has(observationKey(one)) ? 0 : RANKS[one.status]);
  const reports = said.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      legRank(one) - legRank(other) ||
      Date.parse(one.at) - Date.parse(other.at) ||
      (observationKey(one) < observationKey(other) ? -1 : 1),
  );
  return reports.reduce<Partial<ChannelReport>>((facts, report) => ({ ...facts, ...report }), {});
}

const RANKS = { processing: 0, abnormal: 1, closed: 2, success: 3 } as const;

/** The end of the way to the bank beats its beginning. */
function legRank(report: ChannelReport): number {
  if (report.bankLeg === undefined) return 0;
  return { none: 1, pending: 2, arrived: 3, returned_to_wallet: 3 }[report.bankLeg];
}

/**
 * Keeps when the channel was last asked and what it said in short. The same word said again is no new evidence, but it
 * is a newer answer; one that comes in late does not hide a newer one.
 */
async function noteAnswer(tx: Tx, refundId: string, observations: readonly Observation[]): Promise<void> {
  const answer = observations
    .filter((one) => (one.source === 'query' || one.source === 'submit') && one.kind !== 'attempt_started')
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .at(-1);
  if (answer === undefined) return;
  await tx.query(
    `update refunds set last_asked_at = $2, last_answer = $3
      where id = $1 and (last_asked_at is null or last_asked_at <= $2)`,
    [refundId, answer.at, describe(answer)],
  );
}

function describe(answer: Observation): string {
  switch (answer.kind) {
    case 'channel_report':
      return answer.flaw === undefined ? answer.status : `${answer.status} (${answer.flaw})`;
    case 'channel_absent':
      return answer.notDone ?? 'no such refund';
    case 'attempt_held':
    case 'attempt_refused':
      return answer.channelCode;
    case 'attempt_unknown':
      return `no trustworthy answer: ${answer.why}`.slice(0, 200);
    case 'attempt_started':
    case 'statement_line':
    case 'bounced':
    case 'payment_mismatch':
    case 'payment_confirmed':
    case 'resolved':
    case 'over_limit':
    case 'released':
    case 'redirect_started':
    case 'redirect_ended':
    case 'fallback_approved':
    case 'fallback_paid':
      return answer.kind;
  }
}
