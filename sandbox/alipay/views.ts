/** What the sandbox shows of merchants, trades and refunds: instants as dates, nothing that leads back inside. */
import type { MerchantView, PaymentView, RefundView } from '../control/controlled-sandbox.ts';
import type { KeyMode } from './keys.ts';
import type { Refund, SandboxMerchant, Trade, TradeState } from './model.ts';
import { bankLegAt, isDone, tradeStateAt } from './model.ts';

export interface AlipayMerchantView extends MerchantView {
  readonly appId: string;
  readonly keyMode: KeyMode;
  readonly gatewayUrl: string | null;
}

export interface AlipayRefundView extends RefundView {
  /** There is no word for what is under way: nothing is said. */
  readonly status: 'REFUND_SUCCESS' | '';
  /** How the way to the bank stands; null where no bank is on the way. */
  readonly depositBack: 'S' | 'F' | 'P' | null;
  readonly bankEstimateAt: Date | null;
}

export type TradeView = PaymentView &
  Pick<
    Trade,
    'appId' | 'discountMinor' | 'buyerId' | 'source' | 'goodsName' | 'refundableInParts' | 'notifyUrl'
  > & { readonly tradeStatus: TradeState };

export function merchantView(merchant: SandboxMerchant, balanceMinor: bigint): AlipayMerchantView {
  const { sellerId, appId, keyMode, notifyUrl = null, gatewayUrl = null } = merchant;
  return { merchantNo: sellerId, appId, keyMode, notifyUrl, gatewayUrl, balanceMinor };
}

export function tradeView(trade: Trade, nowMs: number): TradeView {
  return {
    merchantNo: trade.sellerId,
    paymentNo: trade.outTradeNo,
    transactionId: trade.tradeNo,
    amountMinor: trade.totalMinor,
    payerMinor: trade.payerMinor,
    feeMinor: trade.feeMinor,
    source: trade.source,
    paidAt: new Date(trade.paidAtMs),
    refundCount: trade.refunds.length,
    appId: trade.appId,
    discountMinor: trade.discountMinor,
    buyerId: trade.buyerId,
    goodsName: trade.goodsName,
    refundableInParts: trade.refundableInParts,
    notifyUrl: trade.notifyUrl,
    tradeStatus: tradeStateAt(trade, nowMs),
  };
}

export function refundView(refund: Refund, nowMs: number): AlipayRefundView {
  const { trade, bankLeg, doneAtMs } = refund;
  const hasEnded = isDone(refund, nowMs);
  return {
    merchantNo: trade.sellerId,
    refundNo: refund.outRequestNo,
    paymentNo: trade.outTradeNo,
    transactionId: trade.tradeNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    origin: refund.origin,
    status: hasEnded ? 'REFUND_SUCCESS' : '',
    acceptedAt: new Date(refund.acceptedAtMs),
    endsAt: doneAtMs === null ? null : new Date(doneAtMs),
    hasEnded,
    attempts: refund.attempts,
    depositBack: bankLeg === null || !hasEnded ? null : bankLegAt(bankLeg, nowMs),
    bankEstimateAt: bankLeg === null ? null : new Date(bankLeg.estimateAtMs),
  };
}
