/** What the demo knows of a channel: what its payers pay from, and which troubles it can get into. */
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import type { BreakKind } from '../../domain/statement/break.ts';
import type { NewPayment } from '../../sandbox/channel-sandbox.ts';
import type { AnyRefundTrouble } from '../../sandbox/trouble-plan.ts';
import type { ExpectedTrace } from './traces.ts';

export type PaySource = NewPayment['source'];

/** A trouble that the demo plants, what becomes of the refund, and which difference remains. */
export interface DemoTrouble<T extends AnyRefundTrouble = AnyRefundTrouble> {
  readonly about: string;
  readonly expected: RefundState;
  /** How the sandbox calls it, with its measure. Waits are kept short enough for the month to show their end. */
  readonly atSandbox: T;
  /** Planted with it where it would not be met by itself: a question is only asked while the answer is missing. */
  readonly besides?: readonly T[];
  /** What the payment is made from; anything when absent. */
  readonly on?: readonly [PaySource, ...PaySource[]];
  /** Whether the refund is on the overdue list at the end; it must not be when absent. */
  readonly overdue?: 'always' | 'perhaps';
  /** The breaks that stay open. */
  readonly leaves?: readonly BreakKind[];
  /** What the books must show besides, where the state alone does not prove that the trouble was met and handled. */
  readonly trace?: ExpectedTrace;
  /** A stranger's notice is sent that must be refused. */
  readonly forged?: true;
}

export interface DemoChannel<T extends AnyRefundTrouble = AnyRefundTrouble> {
  readonly channel: ChannelName;
  /** How many of the refunds without trouble are its own, beside the shares of the other channels. */
  readonly share: number;
  /** Each as often as it is written: most payers pay from the first. */
  readonly sources: readonly [PaySource, ...PaySource[]];
  readonly troubles: Readonly<Record<string, DemoTrouble<T>>>;
}

export interface PlannedTrouble extends DemoTrouble {
  readonly name: string;
}

export type DemoChannels = readonly [DemoChannel, ...DemoChannel[]];

/** Every trouble of every channel, in the order of the tables. */
export function allTroubles(
  channels: DemoChannels,
): readonly { readonly at: DemoChannel; readonly trouble: PlannedTrouble }[] {
  return channels.flatMap((at) =>
    Object.entries(at.troubles).map(([name, trouble]) => ({ at, trouble: { name, ...trouble } })),
  );
}
