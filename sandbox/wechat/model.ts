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

/** The merchant's fund accounts: what payments come into, what operations are paid from, what fees are taken from. */
export const ACCOUNT_TYPES = ['BASIC', 'OPERATION', 'FEES'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** The accounts that a fee can be taken from. */
export const FEE_ACCOUNTS = ['BASIC', 'FEES'] as const;

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
  /** `BASIC` when absent. */
  readonly feeAccount?: (typeof FEE_ACCOUNTS)[number];
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
  /** From which account the fee is taken, and to which that of a refund comes back; `BASIC` when absent. */
  readonly feeAccount?: (typeof FEE_ACCOUNTS)[number];
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
  /** Which of the merchant's money pays it. The first two lie on the basic account, whose balance is one here. */
  readonly fundsAccount: 'UNSETTLED' | 'AVAILABLE' | 'OPERATION';
  /** By the API, or by hand in the merchant console. */
  readonly origin: 'api' | 'console';
  readonly acceptedAtMs: number;
  /** The ways that it took: one, and one more for each time that it was sent elsewhere. */
  readonly ways: [Way, ...Way[]];
  /** How often the number was sent to us, the first time included. */
  attempts: number;
}

/** One way of a refund's money, from the instant on which it was sent on it. */
export interface Way {
  readonly fromMs: number;
  /** Decided when it begins; null when it is never decided. */
  readonly verdict: { readonly status: Verdict; readonly atMs: number } | null;
  /** Back as it came, or to a card that was named later. */
  readonly channel: 'ORIGINAL' | 'OTHER_BANKCARD';
  /** Where it lands, as WeChat words it. */
  readonly landsIn: string;
  readonly isToMerchant: boolean;
}

/** The way on which a refund is at an instant. */
export function wayAt({ ways }: Refund, atMs: number): Way {
  return ways.findLast(({ fromMs }) => fromMs <= atMs) ?? ways[0];
}

/** The way on which it was sent last. */
export function lastWay({ ways }: Refund): Way {
  return ways.at(-1) ?? ways[0];
}

/** Where a refund stands at an instant; nothing is stored that could be late. */
export function statusAt(refund: Refund, atMs: number): RefundStatus {
  const { verdict } = wayAt(refund, atMs);
  return verdict !== null && atMs >= verdict.atMs ? verdict.status : 'PROCESSING';
}

/** Troubles that decide how a refund ends. */
export type VerdictTrouble = Extract<
  RefundTrouble,
  { kind: 'abnormal' | 'closed' | 'late_success' | 'stuck' }
>;
