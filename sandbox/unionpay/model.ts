/** What the sandbox keeps: merchants, payments, what was given back. Instants are milliseconds since 1970 in business time. */
import type { PaymentOrder } from '../control/controlled-sandbox.ts';

/** A merchant as UnionPay knows it: the certificate of its key, never the key. */
export interface SandboxMerchant {
  /** 15 digits or letters. */
  readonly merId: string;
  /** PEM. Requests name it by its serial. */
  readonly certificatePem: string;
  /** As the printed report has it. */
  readonly name?: string;
  /** Balance at start in fen; 100 000 000 (a million yuan) when absent. */
  readonly openingBalanceMinor?: bigint;
}

/** What the payer paid from. UnionPay has cards only. */
export const PAY_SOURCES = ['debit_card', 'credit_card'] as const;
export type PaySource = (typeof PAY_SOURCES)[number];

/** `payCardType`. */
export const CARD_TYPES: Readonly<Record<PaySource, string>> = { debit_card: '01', credit_card: '02' };

/** `debit_card` when no source is given; `paymentNo` is the order's number. */
export interface NewOrder extends PaymentOrder {
  /** The product with which it was paid; `000201` (web) when absent. */
  readonly bizType?: string;
  /** What became of it: `00` (paid) when absent; anything else is an order that nobody paid. */
  readonly respCode?: string;
}

/** What payments and returns have in common: the numbers by which UnionPay, the merchant and banks know them. */
export interface Transaction {
  readonly merId: string;
  /** 01 payment, 04 refund, 31 cancellation. */
  readonly txnType: '01' | '04' | '31';
  readonly bizType: string;
  readonly channelType: string;
  readonly orderId: string;
  /** `yyyyMMddHHmmss`, Beijing: with the number it names the transaction. */
  readonly txnTime: string;
  /** 21 digits. */
  readonly queryId: string;
  /** 6 digits; with the time of the trade it is how banks find it. */
  readonly traceNo: string;
  readonly amountMinor: bigint;
  /** What the merchant pays, or gets back. */
  readonly feeMinor: bigint;
  /** When it reached UnionPay. */
  readonly acceptedAtMs: number;
  readonly reqReserved: string;
}

export interface Payment extends Transaction {
  readonly txnType: '01';
  readonly source: PaySource;
  /** One word that tells payers apart; nobody is told. */
  readonly payer: string;
  /** The card, masked as UnionPay masks it. */
  readonly accNo: string;
  readonly goodsName: string;
  /** `00`: it was paid. */
  readonly respCode: string;
  readonly returns: Return[];
}

/** A refund (退货) or a cancellation (消费撤销). */
export interface Return extends Transaction {
  readonly txnType: '04' | '31';
  readonly payment: Payment;
  readonly backUrl: string | null;
  /** By the API, or by hand in the merchant console. */
  readonly origin: 'api' | 'console';
  /** Decided at acceptance; null when it is never decided. */
  readonly verdict: Verdict | null;
  /** The payer's bank sends the money back after success; null when it does not. */
  readonly bounce: Bounce | null;
  /** How often the number was sent to us, the first time included. */
  attempts: number;
}

/** How it ends: `00` or `A6` is success, anything else the plain no of the bank. */
export interface Verdict {
  readonly respCode: string;
  readonly atMs: number;
}

/** UnionPay says nothing of it but in the error file. */
export interface Bounce {
  readonly atMs: number;
  readonly traceNo: string;
}

/** Taken, and not decided yet. */
const UNDER_WAY = '05';

/** Where a return stands at an instant; nothing is stored that could be late. */
export function codeAt({ verdict }: Return, atMs: number): string {
  return verdict !== null && atMs >= verdict.atMs ? verdict.respCode : UNDER_WAY;
}

export function isSuccess(respCode: string): boolean {
  return respCode === '00' || respCode === 'A6';
}

/** Whether it holds or took a part of the payment at an instant: all but those that failed. */
export function isLive(one: Return, atMs: number): boolean {
  const code = codeAt(one, atMs);
  return code === UNDER_WAY || isSuccess(code);
}

/** Whether the money left, and when: only then it takes part in clearing. */
export function clearedAtMs(one: Payment | Return, nowMs: number): number | null {
  if (one.txnType === '01') return isSuccess(one.respCode) ? one.acceptedAtMs : null;
  return one.verdict !== null && isSuccess(codeAt(one, nowMs)) ? one.verdict.atMs : null;
}
