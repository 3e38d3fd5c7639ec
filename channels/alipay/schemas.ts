/** Alipay's answers as they are documented: new fields are welcome, wrong types are not. */
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { readBeijingTime } from '../../domain/time/plain-date.ts';
import { readYuan } from './yuan-text.ts';

/** Yuan text; some pages show amounts as JSON numbers' text, never as numbers. */
const yuan = z.string().transform((text, context) => {
  try {
    return readYuan(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    context.addIssue('not an amount');
    return z.NEVER;
  }
});

/** Beijing time; text that is none is no fact. */
const time = z.string().transform(readBeijingTime);

const depositBack = z.object({
  has_deposit_back: z.union([z.string(), z.boolean()]).optional(),
  dback_status: z.enum(['S', 'F', 'P']).optional(),
  dback_amount: yuan.optional(),
  bank_ack_time: time.optional(),
  est_bank_receipt_time: time.optional(),
});

const fundItem = z.object({
  fund_channel: z.string(),
  amount: yuan,
  real_amount: yuan.optional(),
  fund_type: z.string().optional(),
});

/** alipay.trade.refund. */
export const refundSchema = z.object({
  trade_no: z.string().min(1),
  out_trade_no: z.string().min(1),
  fund_change: z.string().optional(),
  /** The total refunded on this trade so far, not this refund. */
  refund_fee: yuan.optional(),
  gmt_refund_pay: time.optional(),
  refund_detail_item_list: z.array(fundItem).optional(),
  deposit_back_info: depositBack.optional(),
});

/** alipay.trade.fastpay.refund.query. Without `refund_status` it says nothing: not received, failed or pending. */
export const refundQuerySchema = z.object({
  trade_no: z.string().optional(),
  out_trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_status: z.string().optional(),
  refund_amount: yuan.optional(),
  gmt_refund_pay: time.optional(),
  refund_detail_item_list: z.array(fundItem).optional(),
  deposit_back_info: depositBack.optional(),
});

/** alipay.trade.query. */
export const tradeSchema = z.object({
  trade_no: z.string().min(1),
  out_trade_no: z.string().min(1),
  trade_status: z.enum(['WAIT_BUYER_PAY', 'TRADE_CLOSED', 'TRADE_SUCCESS', 'TRADE_FINISHED']),
  total_amount: yuan,
  trans_currency: z.string().optional(),
  send_pay_date: time.optional(),
  fund_bill_list: z
    .array(z.object({ fund_channel: z.string(), amount: yuan, fund_type: z.string().optional() }))
    .optional(),
});

/** alipay.data.dataservice.bill.downloadurl.query. */
export const billSchema = z.object({ bill_download_url: z.url() });

/** alipay.open.app.alipaycert.download. */
export const certificateSchema = z.object({ alipay_cert_content: z.string().min(1) });

/** A trade notice about a refund; everything in a form is text. */
export const tradeNoticeSchema = z.object({
  notify_id: z.string().min(1).max(128),
  app_id: z.string(),
  seller_id: z.string().optional(),
  trade_no: z.string().min(1),
  out_trade_no: z.string().min(1),
  out_biz_no: z.string().min(1),
  trade_status: z.string(),
  total_amount: yuan.optional(),
  refund_fee: yuan,
  gmt_refund: time,
});

/** alipay.trade.refund.depositback.completed: the way to the bank has ended, or (`P`) its end is put off. */
export const depositBackNoticeSchema = z.object({
  trade_no: z.string().min(1),
  out_trade_no: z.string().optional(),
  out_request_no: z.string().min(1),
  dback_status: z.enum(['S', 'F', 'P']),
  dback_amount: yuan.optional(),
  bank_ack_time: time.optional(),
  est_bank_receipt_time: time.optional(),
});

export type FundItems = readonly { readonly fund_channel: string; readonly fund_type?: string | undefined }[];
export type DepositBack = z.infer<typeof depositBack>;
