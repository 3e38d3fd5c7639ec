/** How and when a refund ends: decided at acceptance by the dice and the planned trouble, in business time. */
import type { Dice } from '../dice.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { Verdict } from './model.ts';
import { isSuccess } from './model.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const LATE_DAYS = 14;
const BOUNCE_DAYS = 3;
const DEAD_CARD = '63';

/** Seconds until UnionPay's side is done, for any kind of card; of the way to the card it says nothing. */
const DELAY_SECONDS = { min: 3, max: 600 };

const KINDS = [
  'accepted_then_failed',
  'flawed',
  'late_success',
  'stuck',
] as const satisfies RefundTrouble['kind'][];

/** Null: no bank sends it back. */
export function planBounce(
  orderId: string,
  verdict: Verdict | null,
  plan: TroublePlan<RefundTrouble>,
): number | null {
  if (verdict === null || !isSuccess(verdict.respCode)) return null;
  const trouble = plan.use(orderId, 'decided at acceptance', 'bank_returned');
  return trouble === undefined ? null : verdict.atMs + (trouble.days ?? BOUNCE_DAYS) * DAY_MS;
}

/** Null: it is never decided. */
export function planVerdict(
  { merId, orderId }: { readonly merId: string; readonly orderId: string },
  acceptedAtMs: number,
  { dice, plan }: { readonly dice: Dice; readonly plan: TroublePlan<RefundTrouble> },
): Verdict | null {
  const { min, max } = DELAY_SECONDS;
  const atMs = acceptedAtMs + dice.between(`${merId}/${orderId}/delay`, min, max) * SECOND_MS;
  const trouble = plan.use(orderId, 'decided at acceptance', ...KINDS);
  switch (trouble?.kind) {
    case undefined:
      return { respCode: '00', atMs };
    case 'accepted_then_failed':
      return { respCode: trouble.code ?? DEAD_CARD, atMs };
    case 'flawed':
      return { respCode: 'A6', atMs };
    case 'late_success':
      return { respCode: '00', atMs: acceptedAtMs + (trouble.days ?? LATE_DAYS) * DAY_MS };
    case 'stuck':
      return null;
  }
}
