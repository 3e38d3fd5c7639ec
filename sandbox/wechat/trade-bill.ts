/** The trade bill: payments that succeeded on a day and refunds that were accepted on it, with their sums. */
import { formatYuan } from '../../domain/money.ts';
import type { Table } from './bill-format.ts';
import { billBytes, fiveDecimals, sum } from './bill-format.ts';
import { billTime } from '../instants.ts';
import type { Order, Refund, RefundStatus } from './model.ts';
import { lastWay } from './model.ts';

export const TRADE_BILL_TYPES = ['ALL', 'SUCCESS', 'REFUND'] as const;
export type TradeBillType = (typeof TRADE_BILL_TYPES)[number];

/** One line: a payment, or a refund as it stood when the bill was made. */
export interface TradeLine {
  readonly order: Order;
  readonly refund: RefundLine | null;
}

export interface RefundLine {
  readonly refund: Refund;
  readonly status: RefundStatus;
  /** The order value and the payer's share as printed: a planned trouble may alter them. */
  readonly amountMinor: bigint;
  readonly payerMinor: bigint;
}

type Column = readonly [name: string, value: (line: TradeLine) => string];

const yuanIf =
  (when: 'payment' | 'refund', minor: (line: TradeLine) => bigint) =>
  (line: TradeLine): string =>
    formatYuan(when === kindOf(line) ? minor(line) : 0n);
const ofRefund =
  (value: (refund: RefundLine) => string, otherwise: string) =>
  ({ refund }: TradeLine): string =>
    refund === null ? otherwise : value(refund);

const PAYMENT_COLUMNS: readonly Column[] = [
  ['交易时间', (line) => billTime(atMsOf(line))],
  ['公众账号ID', ({ order }) => order.appid],
  ['商户号', ({ order }) => order.mchid],
  ['特约商户号', () => '0'],
  ['设备号', () => ''],
  ['微信订单号', ({ order }) => order.transactionId],
  ['商户订单号', ({ order }) => order.outTradeNo],
  ['用户标识', ({ order }) => order.openid],
  ['交易类型', () => 'JSAPI'],
  ['交易状态', (line) => (kindOf(line) === 'payment' ? 'SUCCESS' : 'REFUND')],
  ['付款银行', ({ order }) => order.bankType],
  ['货币种类', () => 'CNY'],
  ['应结订单金额', yuanIf('payment', ({ order }) => order.payerMinor)],
  ['代金券金额', yuanIf('payment', ({ order }) => order.couponMinor)],
];

const REFUND_TIMES: readonly Column[] = [
  ['退款申请时间', ofRefund(({ refund }) => billTime(refund.acceptedAtMs), '')],
  [
    '退款成功时间',
    ofRefund(({ refund, status }) => {
      const { verdict } = lastWay(refund);
      return status === 'SUCCESS' && verdict !== null ? billTime(verdict.atMs) : '';
    }, ''),
  ],
];

const REFUND_COLUMNS: readonly Column[] = [
  ['微信退款单号', ofRefund(({ refund }) => refund.refundId, '0')],
  ['商户退款单号', ofRefund(({ refund }) => refund.outRefundNo, '0')],
  ['退款金额', yuanIf('refund', ({ refund }) => refund?.payerMinor ?? 0n)],
  ['充值券退款金额', () => formatYuan(0n)],
  ['退款类型', ofRefund(() => 'ORIGINAL', '')],
  ['退款状态', ofRefund(({ status }) => status, '')],
];

const GOODS_COLUMNS: readonly Column[] = [
  ['商品名称', ({ order }) => order.goodsName],
  ['商户数据包', ({ order }) => order.attach],
  ['手续费', (line) => fiveDecimals(feeOfLine(line))],
  ['费率', () => '0.60%'],
  ['订单金额', yuanIf('payment', ({ order }) => order.totalMinor)],
];

const ASKED: Column = ['申请退款金额', yuanIf('refund', ({ refund }) => refund?.amountMinor ?? 0n)];
const REMARK: Column = ['费率备注', () => ''];

/** 27, 20 and 29 columns. */
const COLUMNS: Readonly<Record<TradeBillType, readonly Column[]>> = {
  ALL: [...PAYMENT_COLUMNS, ...REFUND_COLUMNS, ...GOODS_COLUMNS, ASKED, REMARK],
  SUCCESS: [...PAYMENT_COLUMNS, ...GOODS_COLUMNS, REMARK],
  REFUND: [...PAYMENT_COLUMNS, ...REFUND_TIMES, ...REFUND_COLUMNS, ...GOODS_COLUMNS, ASKED, REMARK],
};

/** Null when nothing of the type happened on the day. */
export function tradeBill(type: TradeBillType, all: readonly TradeLine[]): Buffer | null {
  const lines = all
    .filter((line) => type === 'ALL' || (type === 'REFUND') === (line.refund !== null))
    .toSorted((one, other) => atMsOf(one) - atMsOf(other));
  if (lines.length === 0) return null;
  const columns = COLUMNS[type];
  const table: Table = {
    columns: columns.map(([name]) => name),
    rows: lines.map((line) => columns.map(([, value]) => value(line))),
  };
  return billBytes(table, summaryOf(type, lines));
}

function summaryOf(type: TradeBillType, lines: readonly TradeLine[]): Table {
  const payments = lines.filter(({ refund }) => refund === null);
  const refunds = lines.flatMap(({ refund }) => (refund === null ? [] : [refund]));
  const sums: readonly (readonly [name: string, value: string])[] = [
    ['总交易单数', String(lines.length)],
    ['应结订单总金额', formatYuan(sum(payments.map(({ order }) => order.payerMinor)))],
    ['退款总金额', formatYuan(sum(refunds.map((refund) => refund.payerMinor)))],
    ['充值券退款总金额', formatYuan(0n)],
    ['手续费总金额', fiveDecimals(sum(lines.map(feeOfLine)))],
    ['订单总金额', formatYuan(sum(payments.map(({ order }) => order.totalMinor)))],
    ['申请退款总金额', formatYuan(sum(refunds.map((refund) => refund.amountMinor)))],
  ];
  // A bill of payments only has no sums of refunds.
  const shown = type === 'SUCCESS' ? sums.filter(([name]) => !name.includes('退款')) : sums;
  return { columns: shown.map(([name]) => name), rows: [shown.map(([, value]) => value)] };
}

function kindOf(line: TradeLine): 'payment' | 'refund' {
  return line.refund === null ? 'payment' : 'refund';
}

function atMsOf({ order, refund }: TradeLine): number {
  return refund === null ? order.paidAtMs : refund.refund.acceptedAtMs;
}

/** What the merchant pays; negative when a fee comes back. */
function feeOfLine({ order, refund }: TradeLine): bigint {
  return refund === null ? order.feeMinor : -refund.refund.feeMinor;
}
