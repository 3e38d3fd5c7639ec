/** What the sandbox shows of payments and returns: instants as dates, nothing that leads back inside. */
import type { MerchantView, PaymentView, RefundView } from '../control/controlled-sandbox.ts';
import { certIdOf } from './keys.ts';
import type { Payment, Return, SandboxMerchant } from './model.ts';
import { codeAt } from './model.ts';

export interface UnionpayMerchantView extends MerchantView {
  readonly name: string | null;
  readonly certId: string;
}

export type UnionpayPaymentView = PaymentView &
  Pick<Payment, 'txnTime' | 'traceNo' | 'bizType' | 'source' | 'accNo' | 'goodsName' | 'respCode'>;

export type UnionpayRefundView = RefundView &
  Pick<Return, 'txnType' | 'txnTime' | 'queryId' | 'traceNo' | 'feeMinor' | 'backUrl'>;

export function merchantView(merchant: SandboxMerchant, balanceMinor: bigint): UnionpayMerchantView {
  const { merId, name = null, certificatePem } = merchant;
  return { merchantNo: merId, name, certId: certIdOf(certificatePem), notifyUrl: null, balanceMinor };
}

export function paymentView(payment: Payment): UnionpayPaymentView {
  const { txnTime, traceNo, bizType, source, accNo, goodsName, respCode, amountMinor, feeMinor } = payment;
  return {
    ...{ merchantNo: payment.merId, paymentNo: payment.orderId, transactionId: payment.queryId },
    ...{ amountMinor, payerMinor: amountMinor, feeMinor, source, accNo, goodsName },
    ...{ txnTime, traceNo, bizType, respCode },
    paidAt: new Date(payment.acceptedAtMs),
    refundCount: payment.returns.length,
  };
}

/** Its state is the `origRespCode` that a question would get. */
export function refundView(one: Return, nowMs: number): UnionpayRefundView {
  const { txnType, txnTime, queryId, traceNo, payment, verdict, backUrl } = one;
  return {
    ...{ merchantNo: one.merId, refundNo: one.orderId, paymentNo: payment.orderId },
    ...{ transactionId: payment.queryId, queryId, traceNo, txnType, txnTime, backUrl },
    ...{ amountMinor: one.amountMinor, payerMinor: one.amountMinor, feeMinor: one.feeMinor },
    origin: one.origin,
    status: codeAt(one, nowMs),
    acceptedAt: new Date(one.acceptedAtMs),
    endsAt: verdict === null ? null : new Date(verdict.atMs),
    hasEnded: verdict !== null && nowMs >= verdict.atMs,
    attempts: one.attempts,
  };
}
