/** What Alipay posts about refunds: the trade's notice, and the message about the way to the bank. */
import { randomBytes } from 'node:crypto';
import { formatYuan } from '../../domain/money.ts';
import { billTime, compactDate } from '../instants.ts';
import type { AnyNotice } from '../notice-tries.ts';
import { sumOf } from '../shares.ts';
import { depositBack, fundBill } from './answers.ts';
import type { BankLeg, Refund, Trade } from './model.ts';
import { doneRefunds, tradeStateAt } from './model.ts';

export interface Notice extends AnyNotice {
  readonly refund: Refund;
  /** Everything but the signature. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Messages sign the kind of signature, too; trade notices do not. */
  readonly signsSignType: boolean;
}

const DEPOSIT_BACK = 'alipay.trade.refund.depositback.completed';
const TRADE_SYNC = 'trade_status_sync';

const SIGNED = { charset: 'utf-8', sign_type: 'RSA2' } as const;

/** The trade's notice as a refund makes Alipay send it again. */
export function refundNotice(refund: Refund, url: string, atMs: number): Notice {
  const { trade, outRequestNo, origin } = refund;
  const state = tradeStateAt(trade, atMs);
  return tradeNotice(refund, url, {
    ...tradeFields(trade),
    trade_status: state,
    // Without a number of the merchant's own it is the trade's.
    out_biz_no: origin === 'api' ? outRequestNo : trade.tradeNo,
    // The trade's total so far, this one included.
    refund_fee: formatYuan(sumOf([...new Set([...doneRefunds(trade, atMs), refund])])),
    gmt_refund: `${billTime(refund.doneAtMs ?? atMs)}.000`,
    ...(state === 'TRADE_CLOSED' ? { gmt_close: billTime(atMs) } : {}),
    notify_time: billTime(atMs),
  });
}

/** The trade's notice as it was when the payer had paid. */
export function paymentNotice(refund: Refund, url: string): Notice {
  const { trade } = refund;
  return tradeNotice(refund, url, {
    ...tradeFields(trade),
    trade_status: 'TRADE_SUCCESS',
    notify_time: billTime(trade.paidAtMs),
  });
}

/** The message that the way to the bank has ended. */
export function depositBackNotice(refund: Refund, leg: BankLeg, url: string, atMs: number): Notice {
  const { trade, outRequestNo } = refund;
  const noticeId = newNoticeId(atMs);
  const content = {
    trade_no: trade.tradeNo,
    out_trade_no: trade.outTradeNo,
    out_request_no: outRequestNo,
    ...depositBack(refund, leg, atMs),
  };
  return {
    ...{ refund, refundNo: outRequestNo, noticeId, eventType: DEPOSIT_BACK, url, signsSignType: true },
    parameters: new Map(
      Object.entries({
        notify_id: noticeId,
        utc_timestamp: String(atMs),
        msg_method: DEPOSIT_BACK,
        app_id: trade.appId,
        version: '1.1',
        biz_content: JSON.stringify(content),
        ...SIGNED,
      }),
    ),
  };
}

function tradeNotice(
  refund: Refund,
  url: string,
  fields: Readonly<Record<string, string>> & { readonly notify_time: string },
): Notice {
  const noticeId = newNoticeId(refund.acceptedAtMs);
  return {
    ...{ refund, refundNo: refund.outRequestNo, noticeId, eventType: TRADE_SYNC, url, signsSignType: false },
    parameters: new Map(Object.entries({ ...fields, notify_id: noticeId, ...SIGNED })),
  };
}

function tradeFields(trade: Trade): Readonly<Record<string, string>> {
  return {
    notify_type: TRADE_SYNC,
    version: '1.0',
    auth_app_id: trade.appId,
    app_id: trade.appId,
    trade_no: trade.tradeNo,
    out_trade_no: trade.outTradeNo,
    buyer_id: trade.buyerId,
    buyer_logon_id: trade.buyerLogonId,
    seller_id: trade.sellerId,
    total_amount: formatYuan(trade.totalMinor),
    receipt_amount: formatYuan(trade.payerMinor),
    invoice_amount: formatYuan(trade.payerMinor),
    buyer_pay_amount: formatYuan(trade.payerMinor),
    point_amount: '0.00',
    subject: trade.goodsName,
    gmt_create: billTime(trade.paidAtMs),
    gmt_payment: billTime(trade.paidAtMs),
    fund_bill_list: JSON.stringify(
      fundBill(trade).map(({ fund_channel: fundChannel, amount }) => ({ amount, fundChannel })),
    ),
  };
}

function newNoticeId(atMs: number): string {
  return `${compactDate(atMs)}00222${randomBytes(10).toString('hex')}`;
}
