/** The stories of a refund that the crash tests cut, and what must be true at the end of each, wherever it was cut. */
import { awaitVerdict } from '../../activities/refund/await-verdict.ts';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import { recordRefund } from '../../activities/refund/record-refund.ts';
import type { RefundRef, RefundStanding } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';
import { countOf } from '../store/books.ts';
import { held, lostAfter, lostBefore, refused } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, attemptOf, toTheEnd } from './workbench.ts';

export interface Scenario {
  readonly name: string;
  readonly activity: (deps: ActivityDeps) => (ref: RefundRef) => Promise<RefundStanding>;
  /** Brings a refund to where the activity begins. */
  readonly prepare: (bench: Workbench) => Promise<RefundRef>;
  readonly ends: { readonly state: RefundState; readonly reason: StateReason };
  /** What the channel's ledger must show in the end, minor units. */
  readonly moved: readonly bigint[];
  /** What the payment must hold back in the end, minor units. */
  readonly reserved: bigint;
}

const AMOUNT = 2345n;

async function recorded(bench: Workbench): Promise<RefundRef> {
  const ref = await aRefund(bench, { amountMinor: AMOUNT, captured: 10_000n });
  await toTheEnd(bench, recordRefund(bench.deps), ref);
  watchOrders(bench, ref);
  return ref;
}

/** I6: whenever an order arrives, its attempt has been committed. */
function watchOrders(bench: Workbench, ref: RefundRef): void {
  bench.channel.beforeOrder = async () => {
    const attempts = await countOf(
      bench.db,
      `observations where refund_id = $1 and kind = 'attempt_started'`,
      [ref.refundId],
    );
    if (attempts === 0) throw new Error('I6: an order left without a committed attempt');
  };
}

async function confirmed(bench: Workbench): Promise<RefundRef> {
  const ref = await recorded(bench);
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  return ref;
}

/** One attempt has gone out and its answer never came. */
async function sentOnce(bench: Workbench, fate: typeof lostBefore | typeof lostAfter): Promise<RefundRef> {
  const ref = await confirmed(bench);
  bench.channel.script('submitRefund', fate);
  await attemptOf(submitRefund(bench.deps), [ref]);
  bench.clock.pass(bench.channel.limits.absenceGraceMs);
  return ref;
}

function arrivedUnanswered(bench: Workbench): Promise<RefundRef> {
  return sentOnce(bench, lostAfter);
}

function neverArrived(bench: Workbench): Promise<RefundRef> {
  return sentOnce(bench, lostBefore);
}

async function unpaid(bench: Workbench): Promise<RefundRef> {
  const ref = await recorded(bench);
  const answer = { outcome: 'unpaid', channelState: 'NOTPAY', responseId: null } as const;
  bench.channel.script('queryPayment', ...ALWAYS.map(() => answer));
  return ref;
}

async function shortOfBalance(bench: Workbench): Promise<RefundRef> {
  const ref = await confirmed(bench);
  bench.channel.script('submitRefund', held('short_balance', { code: 'NOT_ENOUGH' }));
  return ref;
}

async function refusedAlways(bench: Workbench): Promise<RefundRef> {
  const ref = await confirmed(bench);
  bench.channel.script('submitRefund', ...ALWAYS.map(() => refused()));
  return ref;
}

async function concluded(bench: Workbench, verdict: 'success' | 'closed'): Promise<RefundRef> {
  const ref = await confirmed(bench);
  await toTheEnd(bench, submitRefund(bench.deps), ref);
  bench.clock.pass(5 * 60_000);
  bench.channel.ledger.conclude(ref.refundNo, verdict, bench.clock.now());
  return ref;
}

function succeeded(bench: Workbench): Promise<RefundRef> {
  return concluded(bench, 'success');
}

function closed(bench: Workbench): Promise<RefundRef> {
  return concluded(bench, 'closed');
}

/** The same answer however often it is asked for: more often than any story here asks. */
const ALWAYS = Array.from({ length: 9 });

const PROCESSING = { state: 'processing', reason: null } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'confirmPayment',
    activity: confirmPayment,
    prepare: recorded,
    ends: { state: 'requested', reason: null },
    moved: [],
    reserved: AMOUNT,
  },
  {
    name: 'confirmPayment of a payment that differs',
    activity: confirmPayment,
    prepare: unpaid,
    ends: { state: 'needs_action', reason: 'payment_mismatch' },
    moved: [],
    reserved: AMOUNT,
  },
  {
    name: 'submitRefund',
    activity: submitRefund,
    prepare: confirmed,
    ends: PROCESSING,
    moved: [AMOUNT],
    reserved: AMOUNT,
  },
  {
    name: 'submitRefund after an order that arrived and whose answer was lost',
    activity: submitRefund,
    prepare: arrivedUnanswered,
    ends: PROCESSING,
    moved: [AMOUNT],
    reserved: AMOUNT,
  },
  {
    name: 'submitRefund after an order that never arrived',
    activity: submitRefund,
    prepare: neverArrived,
    ends: PROCESSING,
    moved: [AMOUNT],
    reserved: AMOUNT,
  },
  {
    name: 'submitRefund with a short balance first',
    activity: submitRefund,
    prepare: shortOfBalance,
    ends: PROCESSING,
    moved: [AMOUNT],
    reserved: AMOUNT,
  },
  {
    name: 'submitRefund that the channel refuses',
    activity: submitRefund,
    prepare: refusedAlways,
    ends: { state: 'failed', reason: 'refused' },
    moved: [],
    reserved: 0n,
  },
  {
    name: 'awaitVerdict with a success',
    activity: awaitVerdict,
    prepare: succeeded,
    ends: { state: 'succeeded', reason: null },
    moved: [AMOUNT],
    reserved: AMOUNT,
  },
  {
    name: 'awaitVerdict with a closure',
    activity: awaitVerdict,
    prepare: closed,
    ends: { state: 'failed', reason: 'closed' },
    // The ledger books what the channel took; that it gave this one back is its own business.
    moved: [AMOUNT],
    reserved: 0n,
  },
];
