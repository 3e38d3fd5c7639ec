/** When a refund's money goes and how it gets to the bank: decided at acceptance by the dice and the planned trouble. */
import type { Dice } from '../dice.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { BankLeg, PaySource, Refund, Trade } from './model.ts';
import type { RefundTrouble } from './troubles.ts';

const SECOND_MS = 1000;
const HOUR_SECONDS = 3600;
const DAY_MS = 86_400_000;
const LATE_DAYS = 14;
const SLOW_DAYS = 10;

/** Seconds until the bank has it. The estimate is a part of a day later: a refund that goes well is there before it. */
const BANK_SECONDS: Partial<Readonly<Record<PaySource, readonly [min: number, max: number]>>> = {
  debit_card: [4 * HOUR_SECONDS, 72 * HOUR_SECONDS],
  credit_card: [8 * HOUR_SECONDS, 120 * HOUR_SECONDS],
};
const MARGIN_SECONDS = [HOUR_SECONDS, 24 * HOUR_SECONDS] as const;

type Fate = Pick<Refund, 'doneAtMs' | 'bankLeg' | 'isToldAtOnce'>;

interface FateParts {
  readonly dice: Dice;
  readonly plan: TroublePlan<RefundTrouble>;
}

export function planFate(
  outRequestNo: string,
  trade: Trade,
  acceptedAtMs: number,
  { dice, plan }: FateParts,
): Fate {
  const trouble = plan.use(outRequestNo, 'decided at acceptance', 'fund_change_n', 'late_success', 'stuck');
  if (trouble?.kind === 'stuck') return { doneAtMs: null, bankLeg: null, isToldAtOnce: false };
  const laterMs =
    trouble?.kind === 'late_success'
      ? (trouble.days ?? LATE_DAYS) * DAY_MS
      : (trouble?.seconds ?? 0) * SECOND_MS;
  const doneAtMs = acceptedAtMs + laterMs;
  const bankLeg = planBankLeg(outRequestNo, trade, doneAtMs, { dice, plan });
  return { doneAtMs, bankLeg, isToldAtOnce: trouble === undefined };
}

function planBankLeg(
  outRequestNo: string,
  { sellerId, source }: Trade,
  doneAtMs: number,
  { dice, plan }: FateParts,
): BankLeg | null {
  const range = BANK_SECONDS[source];
  if (range === undefined) return null;
  const name = `${sellerId}/${outRequestNo}`;
  const takes = dice.between(`${name}/bank`, ...range);
  const endsAtMs = doneAtMs + takes * SECOND_MS;
  const estimateAtMs = endsAtMs + dice.between(`${name}/margin`, ...MARGIN_SECONDS) * SECOND_MS;
  const trouble = plan.use(outRequestNo, 'decided at acceptance', 'dback_failed', 'dback_slow', 'dback_lost');
  switch (trouble?.kind) {
    case undefined:
      return { result: 'S', estimateAtMs, endsAtMs };
    case 'dback_failed':
      return { result: 'F', estimateAtMs, endsAtMs };
    case 'dback_slow':
      return { result: 'S', estimateAtMs, endsAtMs: doneAtMs + (trouble.days ?? SLOW_DAYS) * DAY_MS };
    case 'dback_lost':
      return { result: 'S', estimateAtMs, endsAtMs: null };
  }
}
