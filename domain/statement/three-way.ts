/**
 * A day of an account three ways: what the books say was refunded, what the trade statement says, and what left the account by
 * the fund-flow statement. Each step from one to the next is the sum of its items, each with its reason.
 */
import { invariant } from '../errors.ts';
import type { BreakKind } from './break.ts';
import type { FundFlowKind } from './statement.ts';

/** Why two sides may differ without anything being wrong. */
export const EXPLAINED_KINDS = [
  /** The line stands in the bill of another day than the refund's, or a refund of another day in this bill. */
  'line_on_other_day',
  'refund_of_other_day',
  /** Lines that people matched one to many: the rest of them is in another day's bill, or has its reason. */
  'matched_together',
  /** Coupons and discounts: the payer gets less than the order's value. */
  'discount',
  /** The movement is booked on another day than its line, or is one for a line of another day. */
  'booked_on_other_day',
  'booked_for_other_day',
  /** The channel kept the returned fee from the movement instead of booking it by itself. */
  'fee_kept',
  /** Money that came back for a refund that the books know to have failed or returned. */
  'came_back',
  /** Less than a fen a movement. */
  'rounding',
  /** The statement in which the other side is expected is not there yet. */
  'waiting',
  /** The channel says that it is paid from a fund account whose statements are not fetched: no movement of it can be seen. */
  'account_not_fetched',
] as const;

export type ExplainedKind = (typeof EXPLAINED_KINDS)[number];

/** A part of the difference between two sides: positive where the second side has more. */
export interface ThreeWayItem {
  readonly kind: ExplainedKind | BreakKind;
  readonly isExplained: boolean;
  readonly count: number;
  readonly minor: bigint;
}

/** From one side to the next: `fromMinor` and the items make `toMinor`. */
export interface ThreeWayStep {
  readonly fromMinor: bigint;
  readonly toMinor: bigint;
  readonly items: readonly ThreeWayItem[];
}

/** `missing`: not had yet. `clearing`: the channel has no fund-flow statement, its trade statement is of what was cleared. */
export type SideStatement = 'loaded' | 'empty' | 'missing' | 'clearing';

export interface CountedMinor {
  readonly count: number;
  readonly minor: bigint;
}

/** Movements of refunds, of the fees that came back with them, and of refunds that came back themselves. */
export interface FlowTotals extends CountedMinor {
  readonly feeMinor: bigint;
  readonly backMinor: bigint;
  readonly backFeeMinor: bigint;
}

/** One fund account's part of what moved. */
export interface FundAccountFlow extends FlowTotals {
  readonly kind: FundFlowKind;
  readonly statement: Exclude<SideStatement, 'clearing'>;
  /** Movements to and from the merchant's other fund accounts, where both statements print them: of no refund. */
  readonly toOwn: CountedMinor;
  readonly fromOwn: CountedMinor;
}

export interface ThreeWay {
  readonly accountId: string;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  readonly statements: { readonly trade: SideStatement; readonly fundFlow: SideStatement };
  readonly books: CountedMinor;
  /** `payerMinor`: what of it the payers get. `feeMinor`: fees that come back with it. */
  readonly trade: CountedMinor & { readonly payerMinor: bigint; readonly feeMinor: bigint };
  /** All fund accounts together. */
  readonly fundFlow: FlowTotals;
  /** Each that is fetched, or of which a statement is there; none where clearing stands for what left. */
  readonly fundAccounts: readonly FundAccountFlow[];
  readonly booksToTrade: ThreeWayStep;
  readonly tradeToFundFlow: ThreeWayStep;
  readonly fees: ThreeWayStep;
  /** Refunds that came back: those of which the books know it, and those of which they do not. */
  readonly givenBack: ThreeWayStep;
}

export const THREE_WAY_STEPS = ['booksToTrade', 'tradeToFundFlow', 'fees', 'givenBack'] as const;

/** What no reason was found for, as amounts without sign: two differences never make up for each other. */
export function unexplainedMinor(day: ThreeWay): bigint {
  return THREE_WAY_STEPS.flatMap((step) => day[step].items)
    .filter(({ isExplained }) => !isExplained)
    .reduce((sum, { minor }) => sum + (minor < 0n ? -minor : minor), 0n);
}

/** Whether all statements are there and nothing is without a reason, not even where amounts make up for each other. */
export function isExplained(day: ThreeWay): boolean {
  const { trade, fundFlow } = day.statements;
  const items = THREE_WAY_STEPS.flatMap((step) => day[step].items);
  return (
    trade !== 'missing' &&
    fundFlow !== 'missing' &&
    items.every((item) => item.isExplained && item.kind !== 'waiting')
  );
}

/** A step whose items make up the whole difference. @throws AppError `invariant_broken` where they do not */
export function stepOf(
  name: string,
  fromMinor: bigint,
  toMinor: bigint,
  items: readonly ThreeWayItem[],
): ThreeWayStep {
  const sum = items.reduce((total, { minor }) => total + minor, fromMinor);
  invariant(sum === toMinor, `three-way adds up (${name}: ${String(sum)} is not ${String(toMinor)})`);
  return { fromMinor, toMinor, items };
}
