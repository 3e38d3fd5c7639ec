/** The nodes that Alipay answers, field by field as documented. Amounts are yuan as text. */
import { formatYuan } from '../../domain/money.ts';
import { billTime } from '../instants.ts';
import { sumOf } from '../shares.ts';
import type { BankLeg, PaySource, Refund, Trade } from './model.ts';
import { bankLegAt, doneRefunds, isDone, tradeStateAt } from './model.ts';
import { wasPaid } from './trades.ts';

type Node = Record<string, unknown>;

const GOOD = { code: '10000', msg: 'Success' };

/** `BANKCARD` does not say which kind of card it is: the type does. */
const FUNDS: Readonly<Record<PaySource, { readonly fund_channel: string; readonly fund_type?: string }>> = {
  wallet: { fund_channel: 'ALIPAYACCOUNT' },
  credit_line: { fund_channel: 'PCREDIT' },
  debit_card: { fund_channel: 'BANKCARD', fund_type: 'DEBIT_CARD' },
  credit_card: { fund_channel: 'BANKCARD', fund_type: 'CREDIT_CARD' },
};

/** The answer to a refund call. `isNew`: this call took it on, so its money may be said to have moved. */
export function refundNode(
  refund: Refund,
  o: { readonly isNew: boolean; readonly options: ReadonlySet<string>; readonly nowMs: number },
): Node {
  const { trade } = refund;
  const isY = o.isNew && refund.isToldAtOnce;
  return {
    ...GOOD,
    buyer_logon_id: trade.buyerLogonId,
    buyer_user_id: trade.buyerId,
    fund_change: isY ? 'Y' : 'N',
    ...(isY && refund.doneAtMs !== null ? { gmt_refund_pay: billTime(refund.doneAtMs) } : {}),
    out_trade_no: trade.outTradeNo,
    ...(isY && o.options.has('refund_detail_item_list')
      ? { refund_detail_item_list: fundItems(refund), send_back_fee: formatYuan(refund.payerMinor) }
      : {}),
    // The trade's total so far, not this refund's.
    refund_fee: formatYuan(sumOf(doneRefunds(trade, o.nowMs))),
    trade_no: trade.tradeNo,
  };
}

/** The answer to a query. What is not done is not mentioned: there is no word for "failed" or "under way". */
export function refundQueryNode(
  refund: Refund | undefined,
  o: { readonly options: ReadonlySet<string>; readonly nowMs: number; readonly surplusMinor: bigint },
): Node {
  if (refund === undefined || refund.doneAtMs === null || !isDone(refund, o.nowMs)) return GOOD;
  const { trade, bankLeg } = refund;
  return {
    ...GOOD,
    out_request_no: refund.outRequestNo,
    out_trade_no: trade.outTradeNo,
    refund_amount: formatYuan(refund.amountMinor + o.surplusMinor),
    refund_status: 'REFUND_SUCCESS',
    total_amount: formatYuan(trade.totalMinor),
    trade_no: trade.tradeNo,
    ...(o.options.has('gmt_refund_pay') ? { gmt_refund_pay: billTime(refund.doneAtMs) } : {}),
    ...(o.options.has('refund_detail_item_list') ? { refund_detail_item_list: fundItems(refund) } : {}),
    ...(o.options.has('deposit_back_info') && bankLeg !== null
      ? { deposit_back_info: { has_deposit_back: 'true', ...depositBack(refund, bankLeg, o.nowMs) } }
      : {}),
  };
}

/** The answer to querying a trade. */
export function tradeNode(trade: Trade, options: ReadonlySet<string>, nowMs: number): Node {
  const state = tradeStateAt(trade, nowMs);
  const named = {
    ...GOOD,
    buyer_logon_id: trade.buyerLogonId,
    buyer_user_id: trade.buyerId,
    out_trade_no: trade.outTradeNo,
    total_amount: formatYuan(trade.totalMinor),
    trade_no: trade.tradeNo,
    trade_status: state,
  };
  if (!wasPaid(trade)) return named;
  return {
    ...named,
    buyer_pay_amount: formatYuan(trade.payerMinor),
    invoice_amount: formatYuan(trade.payerMinor),
    mdiscount_amount: formatYuan(trade.discountMinor),
    point_amount: '0.00',
    receipt_amount: formatYuan(trade.payerMinor),
    send_pay_date: billTime(trade.paidAtMs),
    ...(options.has('fund_bill_list') ? { fund_bill_list: fundBill(trade) } : {}),
  };
}

/** What paid a trade: the payer's money, and the merchant's discount beside it. */
export function fundBill({ source, payerMinor, discountMinor }: Trade): readonly Node[] {
  return itemsOf(source, payerMinor, discountMinor);
}

/** What of a refund goes where. */
function fundItems({ trade, payerMinor, amountMinor }: Refund): readonly Node[] {
  return itemsOf(trade.source, payerMinor, amountMinor - payerMinor);
}

function itemsOf(source: PaySource, payerMinor: bigint, discountMinor: bigint): readonly Node[] {
  const own = { ...FUNDS[source], amount: formatYuan(payerMinor), real_amount: formatYuan(payerMinor) };
  if (discountMinor === 0n) return [own];
  return [own, { fund_channel: 'MDISCOUNT', amount: formatYuan(discountMinor) }];
}

/** How the way to the bank stands, as an answer and as a message have it. */
export function depositBack(refund: Refund, leg: BankLeg, nowMs: number): Node {
  const status = bankLegAt(leg, nowMs);
  return {
    dback_status: status,
    ...(status === 'S' ? { dback_amount: formatYuan(refund.payerMinor) } : {}),
    ...(status !== 'P' && leg.endsAtMs !== null ? { bank_ack_time: billTime(leg.endsAtMs) } : {}),
    est_bank_receipt_time: billTime(leg.estimateAtMs),
  };
}
