/** The nouns of a refund as the store keeps them and the rest of the house speaks of them. */
import type { Currency } from '../money.ts';
import type { ArrivalBasis } from '../time/arrival-basis.ts';
import type { BankLeg } from './observation.ts';
import type { RefundState, StateReason } from './state.ts';

/** Channels by name. A new channel adds its name here, a folder under `channels/` and a row of window data. */
export const CHANNEL_NAMES = ['wechat', 'alipay', 'unionpay'] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** What the payer paid from; decides the arrival window. `credit_line` is a channel's own credit (Alipay's 花呗). */
export const FUNDING_SOURCES = ['wallet', 'credit_line', 'debit_card', 'credit_card', 'unknown'] as const;
export type FundingSource = (typeof FUNDING_SOURCES)[number];

/** A payment as registered, and as the channel confirmed it. */
export interface Payment {
  readonly id: string;
  readonly merchantId: string;
  readonly accountId: string;
  /** The merchant's own number of the payment (WeChat: out_trade_no). */
  readonly paymentNo: string;
  /** The channel's number of it (WeChat: transaction_id); null until known. */
  readonly transactionId: string | null;
  readonly capturedMinor: bigint;
  /** Sum of the refunds that have not failed; the database keeps it at or under `capturedMinor`. */
  readonly reservedMinor: bigint;
  readonly currency: Currency;
  readonly paidAt: Date | null;
  readonly fundingSource: FundingSource;
  /** When the channel's order query agreed; null before that. */
  readonly confirmedAt: Date | null;
}

/** What a caller asks for. Strings only: this crosses HTTP and Temporal as it is. */
export interface RefundRequest {
  readonly merchantId: string;
  readonly refundNo: string;
  readonly amountMinor: string;
  readonly currency: Currency;
  /** Shown to the payer by the channel; at most 80 bytes at WeChat. */
  readonly reason?: string;
  /** When returned goods came back to the merchant, RFC 3339: a period of consumer law runs from it. Never in the future. */
  readonly goodsReceivedAt?: string;
  /** The quote whose total it asks for. */
  readonly quoteId?: string;
  /** A payment registered before, by the merchant's number. */
  readonly paymentNo: string;
  /** Describes the payment when it was not registered before. */
  readonly payment?: PaymentClaim;
}

/** A payment as a caller describes it; the channel's order query has the last word. */
export interface PaymentClaim {
  readonly accountId: string;
  readonly transactionId?: string;
  readonly capturedMinor: string;
  readonly currency: Currency;
  readonly paidAt?: string;
}

/** A refund as the store keeps it. */
export interface Refund {
  readonly id: string;
  readonly merchantId: string;
  readonly refundNo: string;
  readonly accountId: string;
  readonly channel: ChannelName;
  readonly payment: Payment;
  readonly amountMinor: bigint;
  readonly currency: Currency;
  readonly reason: string | null;
  readonly requestedAt: Date;
  /** Null where nobody told, or nothing was to come back. */
  readonly goodsReceivedAt: Date | null;
  /** The quote that it cites; null for most. */
  readonly quoteId: string | null;
  readonly state: RefundState;
  readonly stateReason: StateReason;
  readonly channelRefundNo: string | null;
  readonly acceptedAt: Date | null;
  readonly succeededAt: Date | null;
  readonly landsIn: string | null;
  /** What the channel itself says is wrong with a refund that it did; null for most. A person looks into it. */
  readonly flaw: string | null;
  /** The day on which the channel cleared it, as it prints it; null where it has named none. */
  readonly clearingDate: string | null;
  /** The way to the payer's bank; null where the channel does not tell of it. */
  readonly bankLeg: BankLeg | null;
  /** When the channel expects the bank to have posted it; null where it does not say. */
  readonly arrivalEstimateAt: Date | null;
  /** The instant by which the payer was promised the money, and the one after which we raise the alarm. */
  readonly promiseAt: Date | null;
  readonly alarmAt: Date | null;
  /** The instant after which it is escalated; null also of a plan from before there was such a level. */
  readonly escalateAt: Date | null;
  readonly windowVersion: string | null;
  readonly calendarRevision: string | null;
  /** Where the figure came from; null of a plan from before this was kept. */
  readonly windowBasis: ArrivalBasis | null;
  /** The window reaches a year whose holidays are not published yet. */
  readonly windowProvisional: boolean;
  /** 0 in time, then the levels of `domain/overdue/levels.ts`. A flag, never a money state. */
  readonly overdueLevel: number;
  readonly lastAskedAt: Date | null;
  readonly lastAnswer: string | null;
}
