/** What the sandbox keeps: merchants, orders, refunds. Instants are milliseconds since 1970 in business time. */
import type { PaymentOrder } from '../control/controlled-sandbox.ts';
import type { RefundTrouble } from './troubles.ts';

/** A merchant as the channel knows it: the public half of its key, never the private one. */
export interface SandboxMerchant {
  readonly mchid: string;
  readonly appid: string;
  /** Of the merchant API certificate, upper-case hex; requests name it as `serial_no`. */
  readonly certificateSerial: string;
  readonly publicKeyPem: string;
  /** 32 bytes of text. */
  readonly apiV3Key: string;
  /** Balance at start in fen; 100 000 000 (a million yuan) when absent. */
  readonly openingBalanceMinor?: bigint;
  /** Where notices of refunds go that name no address of their own, as set in the merchant console. */
  readonly notifyUrl?: string;
}

/** What the payer paid from. */
export const PAY_SOURCES = ['wallet', 'debit_card', 'credit_card'] as const;
export type PaySource = (typeof PAY_SOURCES)[number];

export const TRADE_STATES = ['SUCCESS', 'NOTPAY', 'CLOSED', 'REVOKED'] as const;
export type TradeState = (typeof TRADE_STATES)[number];

/** An order to be made; see {@link Order} for the fields. */
export interface NewOrder extends PaymentOrder {
  /** The part of the amount that a coupon paid. */
  readonly couponMinor?: bigint;
  readonly attach?: string;
  /** `SUCCESS` when absent; any other is an order that nobody paid, or no longer. */
  readonly tradeState?: TradeState;
}

export interface Order {
  readonly mchid: string;
  readonly appid: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly totalMinor: bigint;
  readonly couponMinor: bigint;
  /** What the payer really paid: total less coupon. Refunds return shares of it. */
  readonly payerMinor: bigint;
  readonly feeMinor: bigint;
  readonly openid: string;
  readonly source: PaySource;
  /** WeChat's code of bank and card kind; `CFT` is the wallet. */
  readonly bankType: string;
  /** Where a refund lands, as WeChat words it. */
  readonly payerAccount: string;
  readonly goodsName: string;
  readonly attach: string;
  readonly tradeState: TradeState;
  readonly paidAtMs: number;
  readonly refunds: Refund[];
}

export type Verdict = 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
export type RefundStatus = Verdict | 'PROCESSING';

export interface Refund {
  readonly mchid: string;
  readonly refundId: string;
  readonly outRefundNo: string;
  readonly order: Order;
  readonly amountMinor: bigint;
  /** The payer's share of the amount: less where a coupon was used. */
  readonly payerMinor: bigint;
  /** The fee that the merchant gets back with it. */
  readonly feeMinor: bigint;
  readonly reason: string | null;
  readonly notifyUrl: string | null;
  /** Which of the merchant's money is spent first. There is one balance here; the word is only repeated. */
  readonly fundsAccount: 'UNSETTLED' | 'AVAILABLE';
  /** By the API, or by hand in the merchant console. */
  readonly origin: 'api' | 'console';
  readonly acceptedAtMs: number;
  /** Decided at acceptance; null when it is never decided. */
  readonly verdict: { readonly status: Verdict; readonly atMs: number } | null;
  /** How often the number was sent to us, the first time included. */
  attempts: number;
}

/** Where a refund stands at an instant; nothing is stored that could be late. */
export function statusAt(refund: Refund, atMs: number): RefundStatus {
  return refund.verdict !== null && atMs >= refund.verdict.atMs ? refund.verdict.status : 'PROCESSING';
}

/** Troubles that decide how a refund ends. */
export type VerdictTrouble = Extract<
  RefundTrouble,
  { kind: 'abnormal' | 'closed' | 'late_success' | 'stuck' }
>;
