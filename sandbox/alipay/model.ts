/** What the sandbox keeps: merchants, trades, refunds. Instants are milliseconds since 1970 in business time. */
import type { PaymentOrder } from '../control/controlled-sandbox.ts';
import type { KeyMode } from './keys.ts';

/** An application as Alipay knows it: the public half of its key, never the private one. */
export interface SandboxMerchant {
  readonly appId: string;
  /** 2088 and 12 digits: the merchant's number everywhere else. */
  readonly sellerId: string;
  readonly publicKeyPem: string;
  readonly keyMode: KeyMode;
  /** Serial of the application's certificate; asked for in certificate mode. */
  readonly certificateSn: string;
  /** Balance at start in fen; 100 000 000 (a million yuan) when absent. */
  readonly openingBalanceMinor?: bigint;
  /** Days after which the contract allows no refund; 365 when absent. */
  readonly refundableDays?: number;
  /** Where notices of trades go that name no address of their own. */
  readonly notifyUrl?: string;
  /** The application's gateway: where messages go that are about no address of a payment. */
  readonly gatewayUrl?: string;
}

/** What the payer paid from. */
export const PAY_SOURCES = ['wallet', 'credit_line', 'debit_card', 'credit_card'] as const;
export type PaySource = (typeof PAY_SOURCES)[number];

export const TRADE_STATES = ['TRADE_SUCCESS', 'WAIT_BUYER_PAY', 'TRADE_CLOSED', 'TRADE_FINISHED'] as const;
export type TradeState = (typeof TRADE_STATES)[number];

/** A trade to be made; see {@link Trade} for the fields. */
export interface NewTrade extends PaymentOrder {
  /** The part of the amount that the merchant's own discount pays. */
  readonly discountMinor?: bigint;
  /** `TRADE_SUCCESS` when absent; any other is a trade that nobody paid, or that can no longer be refunded. */
  readonly tradeStatus?: TradeState;
  /** The merchant's own address when absent. */
  readonly notifyUrl?: string;
  /** Whether a part may be refunded; it may when absent. */
  readonly refundableInParts?: boolean;
}

export interface Trade {
  readonly sellerId: string;
  readonly appId: string;
  readonly tradeNo: string;
  readonly outTradeNo: string;
  readonly totalMinor: bigint;
  readonly discountMinor: bigint;
  /** What the payer really paid, and the merchant received: total less discount. Refunds return shares of it. */
  readonly payerMinor: bigint;
  readonly feeMinor: bigint;
  readonly buyerId: string;
  /** Masked, as every answer shows it. */
  readonly buyerLogonId: string;
  /** Masked, as bills show it. */
  readonly buyerName: string;
  readonly source: PaySource;
  readonly goodsName: string;
  /** As it was made; refunds close it (see `tradeStateAt`). */
  readonly madeAs: TradeState;
  readonly refundableInParts: boolean;
  readonly notifyUrl: string | null;
  readonly paidAtMs: number;
  readonly refunds: Refund[];
}

/** The way from Alipay to the payer's bank, for cards only. */
export interface BankLeg {
  /** S: the bank took it. F: it did not, and the money lies on the payer's Alipay balance. */
  readonly result: 'S' | 'F';
  readonly estimateAtMs: number;
  /** When it ends; null: never. */
  readonly endsAtMs: number | null;
}

export interface Refund {
  readonly trade: Trade;
  readonly outRequestNo: string;
  readonly amountMinor: bigint;
  /** The payer's share of the amount: less where a discount was used. */
  readonly payerMinor: bigint;
  /** The fee that the merchant gets back with it. */
  readonly feeMinor: bigint;
  readonly reason: string | null;
  /** By the API, or by hand in the merchant console. */
  readonly origin: 'api' | 'console';
  /** Whether the merchant asked to be told how the way to the bank ends. */
  readonly tellsBankLeg: boolean;
  readonly acceptedAtMs: number;
  /** When the money goes; null when it never does. As a rule at once. */
  readonly doneAtMs: number | null;
  /** Whether the first answer says that it is done. */
  readonly isToldAtOnce: boolean;
  readonly bankLeg: BankLeg | null;
  /** How often the number was sent to us, the first time included. */
  attempts: number;
}

export function isDone(refund: Refund, atMs: number): boolean {
  return refund.doneAtMs !== null && atMs >= refund.doneAtMs;
}

/** The refunds of a trade whose money has gone. */
export function doneRefunds(trade: Trade, atMs: number): readonly Refund[] {
  return trade.refunds.filter((refund) => isDone(refund, atMs));
}

/** A trade that was given back in full is closed. */
export function tradeStateAt(trade: Trade, atMs: number): TradeState {
  const refunded = doneRefunds(trade, atMs).reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  return refunded === trade.totalMinor ? 'TRADE_CLOSED' : trade.madeAs;
}

/** How the way to the bank stands. */
export function bankLegAt(leg: BankLeg, atMs: number): 'S' | 'F' | 'P' {
  return leg.endsAtMs !== null && atMs >= leg.endsAtMs ? leg.result : 'P';
}
