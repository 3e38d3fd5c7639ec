/** How and when a refund ends: decided at acceptance by the dice and the planned trouble, in business time. */
import type { Dice } from '../dice.ts';
import type { Order, PaySource, Refund, VerdictTrouble, Way } from './model.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const HOUR_SECONDS = 3600;
const DAY_MS = 86_400_000;
const LATE_DAYS = 14;

/**
 * Seconds until the money leaves. The wallet is done within five minutes; cards within 60 hours, so that no refund that
 * goes well is ever beyond three working days.
 */
const DELAY_SECONDS: Readonly<Record<PaySource, readonly [min: number, max: number]>> = {
  wallet: [5, 290],
  debit_card: [4 * HOUR_SECONDS, 48 * HOUR_SECONDS],
  credit_card: [6 * HOUR_SECONDS, 60 * HOUR_SECONDS],
};

/** Null: it is never decided. */
export function planVerdict(
  outRefundNo: string,
  order: Order,
  acceptedAtMs: number,
  { dice, plan }: { readonly dice: Dice; readonly plan: TroublePlan<RefundTrouble> },
): Way['verdict'] {
  const [min, max] = DELAY_SECONDS[order.source];
  const name = `${order.mchid}/${outRefundNo}/delay`;
  const atMs = acceptedAtMs + dice.between(name, min, max) * SECOND_MS;
  const trouble = plan.use(outRefundNo, 'decided at acceptance', ...VERDICT_KINDS);
  switch (trouble?.kind) {
    case undefined:
      return { status: 'SUCCESS', atMs };
    case 'abnormal':
      return { status: 'ABNORMAL', atMs };
    case 'closed':
      return { status: 'CLOSED', atMs };
    case 'late_success':
      return { status: 'SUCCESS', atMs: acceptedAtMs + (trouble.days ?? LATE_DAYS) * DAY_MS };
    case 'stuck':
      return null;
  }
}

/** When and how it ends on a new way: as a transfer to a debit card does, wherever it goes. */
export function planRedirected(
  { outRefundNo, order, ways }: Refund,
  fromMs: number,
  { dice, plan }: { readonly dice: Dice; readonly plan: TroublePlan<RefundTrouble> },
): NonNullable<Way['verdict']> {
  const [min, max] = DELAY_SECONDS.debit_card;
  const name = `${order.mchid}/${outRefundNo}/delay/${String(ways.length)}`;
  const refused = plan.use(outRefundNo, 'decided when it was sent elsewhere', 'redirect_abnormal');
  const atMs = fromMs + dice.between(name, min, max) * SECOND_MS;
  return { status: refused === undefined ? 'SUCCESS' : 'ABNORMAL', atMs };
}

const VERDICT_KINDS = [
  'abnormal',
  'closed',
  'late_success',
  'stuck',
] as const satisfies VerdictTrouble['kind'][];
