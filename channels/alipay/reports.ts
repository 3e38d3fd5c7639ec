/** Alipay's words in neutral ones. */
import type { z } from 'zod';
import type { FundingSource } from '../../domain/refund/refund.ts';
import type { BankLegReport, PaymentReport, RefundOrder, RefundReport } from '../channel.ts';
import type {
  DepositBack,
  FundItems,
  depositBackNoticeSchema,
  refundQuerySchema,
  refundSchema,
  tradeNoticeSchema,
  tradeSchema,
} from './schemas.ts';

/** Where the money lies when the bank did not take it. */
const WALLET = '支付宝余额';

const DONE = {
  status: 'success',
  // Alipay has no number of its own for a refund: the trade's number and ours name it together.
  channelRefundNo: null,
  payerAmountMinor: null,
} as const;

/** The answer to a refund that moved money. Its `refund_fee` is the trade's total, so it names no amount of its own. */
export function refundReport(order: RefundOrder, done: z.infer<typeof refundSchema>): RefundReport {
  const at = done.gmt_refund_pay ?? null;
  const leg = bankLeg(done.deposit_back_info, done.refund_detail_item_list);
  return {
    ...DONE,
    refundNo: order.refundNo,
    transactionId: done.trade_no,
    amountMinor: null,
    acceptedAt: at,
    succeededAt: at,
    landsIn: landsIn(done.refund_detail_item_list, leg),
    ...(leg === null ? {} : { bankLeg: leg }),
  };
}

/** The answer to a question that says success. */
export function queryReport(order: RefundOrder, found: z.infer<typeof refundQuerySchema>): RefundReport {
  const at = found.gmt_refund_pay ?? null;
  const leg = bankLeg(found.deposit_back_info, found.refund_detail_item_list);
  return {
    ...DONE,
    refundNo: order.refundNo,
    transactionId: found.trade_no ?? null,
    amountMinor: found.refund_amount ?? null,
    acceptedAt: at,
    succeededAt: at,
    landsIn: landsIn(found.refund_detail_item_list, leg),
    ...(leg === null ? {} : { bankLeg: leg }),
  };
}

/** A trade notice names the refund that caused it and the trade's total, never this refund's own amount. */
export function tradeNoticeReport(notice: z.infer<typeof tradeNoticeSchema>): RefundReport {
  return {
    ...DONE,
    refundNo: notice.out_biz_no,
    transactionId: notice.trade_no,
    amountMinor: null,
    paymentNo: notice.out_trade_no,
    ...(notice.total_amount === undefined ? {} : { capturedMinor: notice.total_amount }),
    refundedSoFarMinor: notice.refund_fee,
    acceptedAt: notice.gmt_refund,
    succeededAt: notice.gmt_refund,
    landsIn: null,
  };
}

export function depositBackReport(notice: z.infer<typeof depositBackNoticeSchema>): RefundReport {
  const leg = bankLeg({ ...notice, has_deposit_back: 'true' });
  return {
    ...DONE,
    refundNo: notice.out_request_no,
    transactionId: notice.trade_no,
    amountMinor: null,
    acceptedAt: null,
    succeededAt: null,
    ...(notice.out_trade_no === undefined ? {} : { paymentNo: notice.out_trade_no }),
    ...(notice.dback_amount === undefined ? {} : { bankAmountMinor: notice.dback_amount }),
    landsIn: leg?.status === 'returned_to_wallet' ? WALLET : null,
    ...(leg === null ? {} : { bankLeg: leg }),
  };
}

const LEG_STATUS = { S: 'arrived', F: 'returned_to_wallet', P: 'pending' } as const;

/**
 * Null when nothing is said. An answer may name the card before it says anything of the bank: then the money is on its way
 * there all the same; one that names no card says that there is no bank on the way.
 */
function bankLeg(info: DepositBack | undefined, items: FundItems = []): BankLegReport | null {
  if (info === undefined) {
    if (items.length === 0) return null;
    const goesToBank = items.some((item) => BANK_CHANNELS.has(item.fund_channel));
    return { status: goesToBank ? 'pending' : 'none', estimateAt: null };
  }
  if (String(info.has_deposit_back) !== 'true') return { status: 'none', estimateAt: null };
  const { dback_status: status = 'P', est_bank_receipt_time: estimate, bank_ack_time: acknowledged } = info;
  return {
    status: LEG_STATUS[status],
    estimateAt: estimate ?? null,
    ...(acknowledged === undefined || acknowledged === null ? {} : { acknowledgedAt: acknowledged }),
  };
}

function landsIn(items: FundItems | undefined, leg: BankLegReport | null): string | null {
  if (leg?.status === 'returned_to_wallet') return WALLET;
  const places = (items ?? [])
    .filter((item) => !DISCOUNTS.has(item.fund_channel))
    .map((item) => PLACES[item.fund_channel] ?? item.fund_channel);
  return places.length === 0 ? null : [...new Set(places)].join('、');
}

/** Paid a part of the trade and was never the payer's: it comes back to whoever gave it. */
const DISCOUNTS = new Set(['DISCOUNT', 'MDISCOUNT', 'MCOUPON']);

/** Fund channels behind which a bank has to post it. */
const BANK_CHANNELS = new Set(['BANKCARD', 'BANKACCOUNT']);

/** Names of fund channels as the payer knows them. */
const PLACES: Readonly<Record<string, string>> = {
  ALIPAYACCOUNT: WALLET,
  PCREDIT: '花呗',
  FINANCEACCOUNT: '余额宝',
  BANKCARD: '银行卡',
  BANKACCOUNT: '银行卡',
};

/** Null when the trade was never paid. A trade that was refunded in full is closed, and was paid all the same. */
export function paymentReport(trade: z.infer<typeof tradeSchema>): PaymentReport | null {
  const paidAt = trade.send_pay_date ?? null;
  if (trade.trade_status === 'WAIT_BUYER_PAY' || paidAt === null) return null;
  return {
    paymentNo: trade.out_trade_no,
    transactionId: trade.trade_no,
    capturedMinor: trade.total_amount,
    currency: trade.trans_currency ?? 'CNY',
    paidAt,
    fundingSource: fundingSource(trade.fund_bill_list ?? []),
  };
}

/** A payment out of several sources goes back to each: the slowest of them decides when all is there. */
export function fundingSource(items: FundItems): FundingSource {
  const sources = items.map(sourceOf);
  const slowest: readonly FundingSource[] = ['credit_card', 'debit_card', 'unknown', 'credit_line', 'wallet'];
  return slowest.find((source) => sources.includes(source)) ?? 'unknown';
}

const OWN_ACCOUNTS = new Set([
  'ALIPAYACCOUNT',
  'FINANCEACCOUNT',
  'COUPON',
  'POINT',
  'PCARD',
  'MCARD',
  ...DISCOUNTS,
]);

function sourceOf(item: FundItems[number]): FundingSource {
  if (item.fund_type === 'CREDIT_CARD' || item.fund_type === 'MIXED_CARD') return 'credit_card';
  if (item.fund_type === 'DEBIT_CARD') return 'debit_card';
  if (item.fund_channel === 'PCREDIT') return 'credit_line';
  return OWN_ACCOUNTS.has(item.fund_channel) ? 'wallet' : 'unknown';
}
