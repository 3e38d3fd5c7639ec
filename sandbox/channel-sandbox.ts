/**
 * Any channel's sandbox with one merchant, in the words that all channels share: what `yuanlu dev`, the demo and tests of
 * the whole system hold in their hands. How the channel itself speaks is in the folder of its name.
 */
import type { FundingSource } from '../domain/refund/refund.ts';
import type { LedgerView } from './ledger-words.ts';
import type { DeliveryView } from './notice-tries.ts';
import type { AnyRefundTrouble, TroublePlan } from './trouble-plan.ts';

/** A payment that a payer has made. */
export interface NewPayment {
  /** The merchant's number of it. */
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  readonly source: Exclude<FundingSource, 'unknown'>;
  readonly paidAt: Date;
}

export interface ChannelSandbox<T extends AnyRefundTrouble = AnyRefundTrouble> {
  /** Base address, without a slash at the end. */
  readonly url: string;
  /** The merchant's number at the channel. */
  readonly merchantNo: string;
  readonly plan: TroublePlan<T>;
  /** @throws AppError `request_invalid` */
  pay(payment: NewPayment): { readonly transactionId: string };
  /** A refund that somebody makes in the merchant console: the books do not know it. */
  refundByHand(refund: { readonly paymentNo: string; readonly amountMinor: bigint }): void;
  /** Puts money on the merchant's balance; ends troubles that waited for it. */
  topUp(minor: bigint): void;
  /** The witness. */
  ledger(): LedgerView;
  /** Every try of every notice, in the order in which they ended. */
  deliveries(): readonly DeliveryView[];
  stop(): Promise<void>;
}
