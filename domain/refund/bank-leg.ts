/** The way of a paid refund from the channel to the payer's bank: when it is under way, and when all is said. */
import type { BankLeg, ChannelReport } from './observation.ts';
import type { ChannelName, FundingSource } from './refund.ts';
import type { RefundState } from './state.ts';
import { isFinal } from './state.ts';

/** Which channels tell when the bank has posted it (Alipay: `deposit_back_info`); of others nothing is waited for. */
export const TELLS_OF_BANK: Readonly<Record<ChannelName, boolean>> = {
  wechat: false,
  alipay: true,
  unionpay: false,
};

const CARDS: ReadonlySet<FundingSource> = new Set(['debit_card', 'credit_card']);

/**
 * How the way to the bank stands. A refund to a card that the channel paid is on its way there until the channel says
 * otherwise, also where its word of success (a notice) said nothing of the bank. Null where there is no such way, or
 * nobody tells of it.
 */
export function bankLegOf(
  told: ChannelReport['bankLeg'],
  refund: {
    readonly state: RefundState;
    readonly channel: ChannelName;
    readonly fundingSource: FundingSource;
  },
): BankLeg | null {
  if (told !== undefined) return told === 'none' ? null : told;
  const isPaid = refund.state === 'succeeded' || refund.state === 'settled';
  return isPaid && TELLS_OF_BANK[refund.channel] && CARDS.has(refund.fundingSource) ? 'pending' : null;
}

/** The channel has had its last word, also about the way to the payer's bank where it tells of that. */
export function hasLastWord(refund: {
  readonly state: RefundState;
  readonly bankLeg?: BankLeg | null;
}): boolean {
  return isFinal(refund.state) && !isAtBank(refund);
}

/** Paid by the channel, and not yet posted by the payer's bank as far as anybody says. */
export function isAtBank(refund: {
  readonly state: RefundState;
  readonly bankLeg?: BankLeg | null;
}): boolean {
  const isPaid = refund.state === 'succeeded' || refund.state === 'settled';
  return isPaid && refund.bankLeg === 'pending';
}
