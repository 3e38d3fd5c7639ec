/** WeChat Pay's words in neutral ones. */
import type { z } from 'zod';
import type { ChannelStatus, FundAccount } from '../../domain/refund/observation.ts';
import type { FundingSource } from '../../domain/refund/refund.ts';
import type { PaymentReport, RefundReport } from '../channel.ts';
import { refundStatus } from './schemas.ts';
import type { orderSchema, refundNoticeSchema, refundSchema } from './schemas.ts';

const STATUS: Readonly<Record<z.infer<typeof refundSchema>['status'], ChannelStatus>> = {
  PROCESSING: 'processing',
  SUCCESS: 'success',
  CLOSED: 'closed',
  ABNORMAL: 'abnormal',
};

export function refundReport(refund: z.infer<typeof refundSchema>): RefundReport {
  return {
    status: STATUS[refund.status],
    refundNo: refund.out_refund_no,
    channelRefundNo: refund.refund_id,
    transactionId: refund.transaction_id ?? null,
    amountMinor: refund.amount.refund,
    payerAmountMinor: refund.amount.payer_refund ?? null,
    acceptedAt: refund.create_time ?? null,
    succeededAt: successTime(refund.status, refund.success_time),
    ...landing(refund.user_received_account),
    ...payingAccount(refund.funds_account),
  };
}

/**
 * The words for fund accounts that are not the basic one. Money that is not settled, or frozen, lies on the basic one; a new word
 * says nothing.
 */
const FUND_ACCOUNTS: ReadonlyMap<string, FundAccount> = new Map([
  ['OPERATION', 'operation'],
  ['ECNY_BASIC', 'other'],
]);

function payingAccount(word = ''): Pick<RefundReport, 'fundAccount'> {
  const fundAccount = FUND_ACCOUNTS.get(word);
  return fundAccount === undefined ? {} : { fundAccount };
}

/** Null when the notice has a word for the refund's state that the channel does not document. */
export function noticeReport(notice: z.infer<typeof refundNoticeSchema>): RefundReport | null {
  const status = refundStatus.safeParse(notice.refund_status);
  if (!status.success) return null;
  return {
    status: STATUS[status.data],
    refundNo: notice.out_refund_no,
    channelRefundNo: notice.refund_id,
    transactionId: notice.transaction_id ?? null,
    amountMinor: notice.amount.refund,
    payerAmountMinor: notice.amount.payer_refund ?? null,
    acceptedAt: null,
    succeededAt: successTime(status.data, notice.success_time),
    ...landing(notice.user_received_account),
  };
}

/** A time of success without success is a leftover of the channel, not a fact. */
function successTime(status: string, text: string | undefined): Date | null {
  if (status !== 'SUCCESS' || text === undefined) return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** The accounts of the merchant's own among the places that the channel documents: its basic one, and where it is settled. */
const MERCHANT_ACCOUNTS = ['商户基本账户', '商户结算银行账户'];

/** Where it lands is text for people; only whether the payer gets it is read out of it. */
function landing(text: string | undefined): Pick<RefundReport, 'landsIn' | 'returnedToMerchant'> {
  if (text === undefined || text === '') return { landsIn: null };
  const isMerchants = MERCHANT_ACCOUNTS.some((account) => text.startsWith(account));
  return { landsIn: text, ...(isMerchants ? { returnedToMerchant: true } : {}) };
}

/** Null when the order lacks what a paid one has. */
export function paymentReport(order: z.infer<typeof orderSchema>): PaymentReport | null {
  const paidAt = new Date(order.success_time ?? '');
  if (order.transaction_id === undefined || order.amount === undefined || Number.isNaN(paidAt.getTime()))
    return null;
  return {
    paymentNo: order.out_trade_no,
    transactionId: order.transaction_id,
    capturedMinor: order.amount.total,
    currency: order.amount.currency ?? 'CNY',
    paidAt,
    fundingSource: fundingSource(order.bank_type ?? ''),
  };
}

/** From the bank type of the payment: `…_DEBIT`, `…_CREDIT`, `CFT` for the wallet. New values are unknown, not errors. */
export function fundingSource(bankType: string): FundingSource {
  if (bankType.endsWith('_DEBIT')) return 'debit_card';
  if (bankType.endsWith('_CREDIT')) return 'credit_card';
  return bankType === 'CFT' ? 'wallet' : 'unknown';
}
