/**
 * What a planted trouble must have left in the books besides the refund's final state: proof that it was met, and how.
 * Without it a trouble that never happened, or whose handling was lost, would pass.
 */
import type { ErrorCode } from '../../domain/errors.ts';
import type { BankLeg, HoldReason, Observation } from '../../domain/refund/observation.ts';
import type { StateReason } from '../../domain/refund/state.ts';
import { WRONG_AT_FIRST } from '../../sandbox/bill-troubles.ts';
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { Pool } from '../../store/pool.ts';
import type { DemoPlan, PlannedRefund } from './plan.ts';
import type { PlannedTrouble } from './trouble.ts';

/** All that are given must be found. */
export interface ExpectedTrace {
  /** Why the refund stands where it stands. */
  readonly reason?: StateReason;
  /** Kinds of evidence that must be there. */
  readonly seen?: readonly Observation['kind'][];
  /** The channel held it back for this reason before it went on. */
  readonly held?: HoldReason;
  /** How often it was sent, at least. */
  readonly attemptsMin?: number;
  /** Where the money landed, in the channel's words. */
  readonly landsIn?: string;
  /** How the way to the payer's bank ended. */
  readonly bankLeg?: BankLeg;
  /** The channel told that the bank has it only after the day on which it had expected that. */
  readonly bankWasLate?: true;
  /** The channel itself said success, not only its statement. */
  readonly toldByChannel?: true;
  /** Success came after the promise. */
  readonly promiseMissed?: true;
  /** Genuine notices in the inbox: none, two or more, or fewer than the channel sent, since repeats are kept once. */
  readonly notices?: 'none' | 'several' | 'fewer_than_sent';
  /** A genuine notice whose kind, in the channel's words, ends like this. */
  readonly noticeEndsIn?: string;
  /** A notice that nobody should believe was refused, and kept under this code. */
  readonly refusedAs?: ErrorCode;
  /** The wrong version of its statement was handed out, and the line that settled it is in a later one. */
  readonly reissued?: true;
}

/** What is missing of what one trouble should have left. */
export interface MissingTrace {
  readonly refundNo: string;
  readonly channel: string;
  readonly trouble: string;
  readonly missing: readonly string[];
}

interface Trail {
  readonly refund_no: string;
  readonly state_reason: StateReason;
  readonly lands_in: string | null;
  readonly bank_leg: BankLeg | null;
  readonly estimate_at: Date | null;
  readonly promise_at: Date | null;
  readonly evidence: readonly Observation[];
  readonly notices: readonly string[];
  readonly revision: number | null;
  readonly refused: readonly ErrorCode[];
}

/** The kept codes are the account's: a notice that was refused names no refund. */
const TRAILS = `
  select r.refund_no, r.state_reason, r.lands_in, r.bank_leg, r.promise_at,
         (select min(o.body ->> 'arrivalEstimateAt')::timestamptz from observations o where o.refund_id = r.id) as estimate_at,
         coalesce((select json_agg(o.body order by o.id) from observations o where o.refund_id = r.id), '[]') as evidence,
         coalesce((select json_agg(c.event_type) from callbacks c
                    where c.account_id = r.account_id and c.refund_no = r.refund_no and c.verdict = 'refund'), '[]') as notices,
         (select max(f.revision) from live_matches m join statement_files f on f.id = m.file_id
           where m.account_id = r.account_id and m.refund_id = r.id) as revision,
         coalesce((select json_agg(distinct c.refusal_code) from callbacks c
                    where c.account_id = r.account_id and c.verdict = 'refused'), '[]') as refused
    from refunds r`;

/** Every trouble of the plan that did not leave what it should have left. */
export async function missingTraces(
  pool: Pool,
  plan: DemoPlan,
  shops: readonly SandboxShop[],
): Promise<readonly MissingTrace[]> {
  const { rows } = await pool.query<Trail>(TRAILS);
  const trails = new Map(rows.map((row) => [row.refund_no, row]));
  return plan.refunds.flatMap((refund) => {
    const { refundNo, payment, trouble } = refund;
    const trail = trails.get(refundNo);
    if (trouble === null || trail === undefined) return [];
    const sent = sentFor(refund, shops);
    const missing = [...unmet(trouble, sent), ...missingOf(trouble.trace ?? {}, trail, sent)];
    const { channel } = payment;
    return missing.length === 0 ? [] : [{ refundNo, channel, trouble: trouble.name, missing }];
  });
}

interface Sent {
  /** Deliveries that were taken. */
  readonly taken: number;
  /** Deliveries of what nobody should believe. */
  readonly refused: number;
  /** The statement was handed out while it was wrong. */
  readonly wrongStatement: boolean;
  /** The troubles that really happened, by the sandbox's own record. */
  readonly met: readonly string[];
}

function sentFor({ refundNo, payment }: PlannedRefund, shops: readonly SandboxShop[]): Sent {
  const sandboxes = shops.filter(({ channel }) => channel === payment.channel).map(({ sandbox }) => sandbox);
  const tries = sandboxes
    .flatMap((sandbox) => sandbox.deliveries())
    .filter((one) => one.refundNo === refundNo);
  const planned = sandboxes.flatMap(({ plan }) => plan.list()).filter((one) => one.refundNo === refundNo);
  return {
    taken: tries.filter((one) => one.taken).length,
    refused: tries.filter(({ status }) => status !== null && status >= 400).length,
    wrongStatement: planned.some(({ applied }) => applied.some(({ what }) => what === WRONG_AT_FIRST)),
    met: planned.filter(({ applied }) => applied.length > 0).map(({ trouble }) => trouble.kind),
  };
}

/** What was planted and never happened. */
function unmet({ atSandbox, besides }: PlannedTrouble, { met }: Sent): readonly string[] {
  return [atSandbox, ...(besides ?? [])]
    .filter(({ kind }) => !met.includes(kind))
    .map(({ kind }) => `${kind} at the channel`);
}

type Judge = (trail: Trail, sent: Sent) => boolean;

function missingOf(trace: ExpectedTrace, trail: Trail, sent: Sent): readonly string[] {
  return Object.entries(judgesOf(trace))
    .filter(([name, holds]) => name in trace && !holds(trail, sent))
    .map(([name]) => `${name} ${JSON.stringify(trace[name as keyof ExpectedTrace])}`);
}

function judgesOf(trace: ExpectedTrace): Readonly<Record<keyof ExpectedTrace, Judge>> {
  return {
    reason: (trail) => trail.state_reason === trace.reason,
    seen: ({ evidence }) => (trace.seen ?? []).every((kind) => evidence.some((one) => one.kind === kind)),
    held: ({ evidence }) => evidence.some((one) => one.kind === 'attempt_held' && one.reason === trace.held),
    attemptsMin: ({ evidence }) =>
      evidence.filter((one) => one.kind === 'attempt_started').length >= (trace.attemptsMin ?? 0),
    landsIn: (trail) => trail.lands_in === trace.landsIn,
    bankLeg: (trail) => trail.bank_leg === trace.bankLeg,
    bankWasLate: ({ evidence, estimate_at: estimate }) => {
      const arrived = evidence.filter((one) => one.kind === 'channel_report' && one.bankLeg === 'arrived');
      return estimate !== null && arrived.length > 0 && arrived.every((one) => new Date(one.at) > estimate);
    },
    toldByChannel: ({ evidence }) =>
      evidence.some((one) => one.kind === 'channel_report' && one.status === 'success'),
    // By when it was heard of: UnionPay's own time of a refund is that of its request.
    promiseMissed: ({ evidence, promise_at: promise }) => {
      const done = evidence.filter((one) => one.kind === 'channel_report' && one.status === 'success');
      return promise !== null && done.length > 0 && done.every((one) => new Date(one.at) > promise);
    },
    notices: ({ notices }, { taken }) => {
      if (trace.notices === 'none') return notices.length === 0;
      return trace.notices === 'several' ? notices.length >= 2 : notices.length > 0 && notices.length < taken;
    },
    noticeEndsIn: ({ notices }) => notices.some((kind) => kind.endsWith(trace.noticeEndsIn ?? '')),
    refusedAs: (trail, { refused }) => refused > 0 && trail.refused.some((code) => code === trace.refusedAs),
    reissued: ({ revision }, { wrongStatement }) => wrongStatement && revision !== null && revision > 1,
  };
}
