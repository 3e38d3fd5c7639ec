/** The business bill: payments that were made and refunds that were done, with their sums. */
import { formatYuan } from '../../domain/money.ts';
import { billTime } from '../instants.ts';
import type { BillHead, Sheet } from './bill-format.ts';
import { asText, billZip, onOneLine } from './bill-format.ts';
import type { Refund, Trade } from './model.ts';

/** One line: a payment, or a refund whose amount a planned trouble may alter. */
export interface TradeLine {
  readonly trade: Trade;
  readonly refund: Refund | null;
  readonly surplusMinor: bigint;
}

type Column = readonly [name: string, value: (line: TradeLine) => string];

const empty = (): string => '';
const emptyText = (): string => asText('');
const zero = (): string => formatYuan(0n);

const COLUMNS: readonly Column[] = [
  ['支付宝交易号', ({ trade }) => asText(trade.tradeNo)],
  ['商户订单号', ({ trade }) => asText(trade.outTradeNo)],
  ['业务类型', ({ refund }) => asText(refund === null ? '交易' : '退款')],
  ['商品名称', ({ trade }) => onOneLine(trade.goodsName)],
  // Of the payment, also on the line of a refund.
  ['创建时间', ({ trade }) => billTime(trade.paidAtMs)],
  ['完成时间', (line) => billTime(atMsOf(line))],
  ['门店编号', emptyText],
  ['门店名称', emptyText],
  ['操作员', emptyText],
  ['终端号', emptyText],
  ['对方账户', ({ trade }) => asText(trade.buyerName)],
  ['订单金额（元）', (line) => formatYuan(amountOf(line))],
  ['商家实收（元）', (line) => formatYuan(receivedOf(line))],
  ['支付宝红包（元）', zero],
  ['集分宝（元）', zero],
  ['支付宝优惠（元）', zero],
  ['商家优惠（元）', (line) => formatYuan(discountOf(line))],
  ['券核销金额（元）', zero],
  ['券名称', empty],
  ['商家红包消费金额（元）', () => asText(formatYuan(0n))],
  ['卡消费金额（元）', zero],
  ['退款批次号/请求号', ({ refund }) => asText(refund?.outRequestNo ?? '')],
  ['服务费（元）', (line) => formatYuan(feeOf(line))],
  ['分润（元）', zero],
  ['备注', ({ refund }) => onOneLine(refund?.reason ?? '')],
];

export function tradeBill(head: BillHead, lines: readonly TradeLine[]): Buffer {
  const sorted = lines.toSorted((one, other) => atMsOf(one) - atMsOf(other));
  const details: Sheet = {
    title: '业务明细',
    columns: COLUMNS.map(([name]) => name),
    rows: sorted.map((line) => COLUMNS.map(([, value]) => value(line))),
    footers: footersOf(sorted),
  };
  return billZip(head, details, summaryOf(sorted));
}

function footersOf(lines: readonly TradeLine[]): readonly string[] {
  const { payments, refunds } = split(lines);
  return [
    `交易合计：${String(payments.length)}笔，商家实收共${sum(payments, receivedOf)}元，商家优惠共${sum(payments, discountOf)}元`,
    `退款合计：${String(refunds.length)}笔，商家实收退款共${sum(refunds, receivedOf)}元，商家优惠退款共${sum(refunds, discountOf)}元`,
  ];
}

/** One line for all shops: nobody here has shops that are told apart. */
function summaryOf(lines: readonly TradeLine[]): Sheet {
  const { payments, refunds } = split(lines);
  const figures: readonly (readonly [name: string, value: string])[] = [
    ['交易订单总笔数', String(payments.length)],
    ['退款订单总笔数', String(refunds.length)],
    ['订单金额（元）', sum(lines, amountOf)],
    ['商家实收（元）', sum(lines, receivedOf)],
    ['支付宝优惠（元）', formatYuan(0n)],
    ['商家优惠（元）', sum(lines, discountOf)],
    ['卡消费金额（元）', formatYuan(0n)],
    ['服务费（元）', sum(lines, feeOf)],
    ['分润（元）', formatYuan(0n)],
    ['实收净额（元）', sum(lines, (line) => receivedOf(line) + feeOf(line))],
  ];
  const values = figures.map(([, value]) => value);
  return {
    title: '业务汇总',
    columns: ['门店编号', '门店名称', ...figures.map(([name]) => name)],
    rows: [
      [asText(''), asText(''), ...values],
      ['合计', '', ...values],
    ],
    footers: [],
  };
}

function split(lines: readonly TradeLine[]): Readonly<Record<'payments' | 'refunds', readonly TradeLine[]>> {
  return {
    payments: lines.filter(({ refund }) => refund === null),
    refunds: lines.filter(({ refund }) => refund !== null),
  };
}

function sum(lines: readonly TradeLine[], value: (line: TradeLine) => bigint): string {
  return formatYuan(lines.reduce((total, line) => total + value(line), 0n));
}

function atMsOf({ trade, refund }: TradeLine): number {
  return refund?.doneAtMs ?? trade.paidAtMs;
}

/** What it does to the merchant: refunds are negative, and so are fees that are paid. */
function amountOf({ trade, refund, surplusMinor }: TradeLine): bigint {
  return refund === null ? trade.totalMinor : -(refund.amountMinor + surplusMinor);
}

function receivedOf({ trade, refund, surplusMinor }: TradeLine): bigint {
  return refund === null ? trade.payerMinor : -(refund.payerMinor + surplusMinor);
}

function discountOf({ trade, refund }: TradeLine): bigint {
  return refund === null ? trade.discountMinor : refund.payerMinor - refund.amountMinor;
}

function feeOf({ trade, refund }: TradeLine): bigint {
  return refund === null ? -trade.feeMinor : refund.feeMinor;
}
