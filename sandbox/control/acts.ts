/** What can be done with any channel's sandbox in the same way: money, time, and looking at what is kept. */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Agenda } from '../agenda.ts';
import type { Posting } from '../ledger-words.ts';
import type { Ledger } from '../ledger.ts';
import type { DeliveryView } from '../notice-tries.ts';
import type { AnyRefundTrouble, TroublePlan } from '../trouble-plan.ts';
import { isTurnable } from '../turnable-clock.ts';
import type { ControlledSandbox, PostingView } from './controlled-sandbox.ts';

/** A clock is turned this far at most in one go. */
const TURN_DAYS_MAX = 400;
const DAY_MS = 86_400_000;

export interface ActParts<T extends AnyRefundTrouble> {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly ledger: Ledger;
  readonly plan: TroublePlan<T>;
  /** The first is meant where none is named. */
  readonly merchantNos: readonly [string, ...string[]];
  readonly notices: {
    deliveries(): readonly DeliveryView[];
    idle(): Promise<void>;
    stop(): Promise<void>;
  };
  readonly server: { close(): Promise<unknown> };
}

type Act =
  | 'merchantNo'
  | 'plan'
  | 'topUp'
  | 'withdraw'
  | 'ledger'
  | 'postings'
  | 'deliveries'
  | 'clock'
  | 'turnClock'
  | 'runDue'
  | 'stop';

export function actsOf<T extends AnyRefundTrouble>(parts: ActParts<T>): Pick<ControlledSandbox<T>, Act> {
  const { agenda, clock, ledger, notices, plan, server } = parts;
  const runDue = async (): Promise<void> => {
    agenda.look();
    await notices.idle();
  };
  return {
    merchantNo: parts.merchantNos[0],
    plan,
    ...balances(parts),
    ledger: () => {
      agenda.look();
      return ledger.view();
    },
    postings: () => {
      agenda.look();
      return ledger.postings().map(postingView);
    },
    deliveries: () => notices.deliveries(),
    clock: () => ({
      now: clock.now(),
      rate: isTurnable(clock) ? clock.rate : null,
      turnable: isTurnable(clock),
    }),
    turnClock: (instant) => turnClock(parts, instant, runDue),
    runDue,
    stop: async () => {
      agenda.stop();
      await notices.stop();
      await server.close();
    },
  };
}

/** The merchant that is meant. @throws AppError `request_invalid` when it is not of this sandbox */
export function meantOf(merchantNos: readonly [string, ...string[]], wanted: string | undefined): string {
  if (wanted === undefined) return merchantNos[0];
  if (merchantNos.includes(wanted)) return wanted;
  throw new AppError('request_invalid', { merchant_no: `${wanted} is no merchant of this sandbox` });
}

/** The refund has nothing to send again. */
export function noNotice(refundNo: string): AppError {
  const issue = 'has no notice: it is unknown, has not ended, or has no address to notify';
  return new AppError('not_found', { refund_no: `${refundNo} ${issue}` });
}

function balances<T extends AnyRefundTrouble>({
  clock,
  ledger,
  merchantNos,
  plan,
}: ActParts<T>): Pick<ControlledSandbox, 'topUp' | 'withdraw'> {
  return {
    topUp: (minor, wanted) => {
      const merchantNo = meantOf(merchantNos, wanted);
      if (minor < 1n) throw new AppError('request_invalid', { amount_minor: 'is below 1' });
      ledger.topUp(merchantNo, minor, clock.now().getTime());
      plan.toppedUp();
      return ledger.balanceOf(merchantNo);
    },
    withdraw: (minor, wanted) => {
      const merchantNo = meantOf(merchantNos, wanted);
      const balance = ledger.balanceOf(merchantNo);
      if (minor < 1n || minor > balance) {
        throw new AppError('request_invalid', { amount_minor: `is not between 1 and ${String(balance)}` });
      }
      ledger.withdraw(merchantNo, minor, clock.now().getTime());
      return ledger.balanceOf(merchantNo);
    },
  };
}

/** Goes from one instant at which something is due to the next, so that all happens in its time and its order. */
async function turnClock(
  { clock, agenda }: { readonly clock: Clock; readonly agenda: Agenda },
  instant: Date,
  runDue: () => Promise<void>,
): Promise<Date> {
  const aheadMs = instant.getTime() - clock.now().getTime();
  if (!isTurnable(clock)) {
    throw new AppError('request_invalid', { clock: 'is shared with other processes and cannot be turned' });
  }
  if (!(aheadMs >= 0 && aheadMs <= TURN_DAYS_MAX * DAY_MS)) {
    const limits = `is not between now and ${String(TURN_DAYS_MAX)} days from now`;
    throw new AppError('request_invalid', { to: limits });
  }
  for (
    let dueMs = agenda.nextDueMs();
    dueMs !== null && dueMs <= instant.getTime();
    dueMs = agenda.nextDueMs()
  ) {
    clock.turnTo(new Date(dueMs));
    await runDue();
  }
  clock.turnTo(instant);
  await runDue();
  return clock.now();
}

function postingView({ atMs, minor, ...shown }: Posting): PostingView {
  return { ...shown, at: Number.isFinite(atMs) ? new Date(atMs) : null, amountMinor: minor };
}
