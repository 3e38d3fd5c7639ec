/**
 * Which bill it is and where its columns are, by the names in its first line. Counts and places differ by type and age
 * of the bill, and WeChat Pay adds columns; names are what it documents.
 */
import { AppError } from '../../domain/errors.ts';

/** Place of a column that this bill does not have. */
export const ABSENT = -1;

/** The name by which the old layout is known. */
const LEGACY_SETTLEMENT = '总金额';

/** The columns we read, each with the names it has had. */
const TRADE_NAMES = {
  time: ['交易时间'],
  requestTime: ['退款申请时间'],
  merchantNo: ['商户号'],
  transactionId: ['微信订单号', '微信支付订单号'],
  paymentNo: ['商户订单号'],
  tradeState: ['交易状态'],
  funding: ['付款银行'],
  currency: ['货币种类'],
  settlement: ['应结订单金额', LEGACY_SETTLEMENT],
  channelRefundNo: ['微信退款单号', '微信支付退款单号'],
  refundNo: ['商户退款单号'],
  refund: ['退款金额'],
  couponRefund: ['充值券退款金额', '代金券或立减优惠退款金额', '企业红包退款金额'],
  refundStatus: ['退款状态'],
  fee: ['手续费'],
  order: ['订单金额'],
  appliedRefund: ['申请退款金额'],
} as const;

const FUND_FLOW_NAMES = {
  time: ['记账时间'],
  channelNo: ['微信支付业务单号'],
  businessType: ['业务类型'],
  direction: ['收支类型'],
  amount: ['收支金额(元)', '收支金额'],
  voucherNo: ['业务凭证号'],
} as const;

/** One of these is in every bill, and first in all that we know of. */
export const TIME_NAMES: readonly string[] = [...TRADE_NAMES.time, ...FUND_FLOW_NAMES.time];

export type TradeColumn = keyof typeof TRADE_NAMES;
export type FundFlowColumn = keyof typeof FUND_FLOW_NAMES;

const TRADE_NEEDED: readonly TradeColumn[] = [
  'time',
  'merchantNo',
  'transactionId',
  'paymentNo',
  'tradeState',
  'settlement',
  'fee',
];

/** A bill has all of these or, when it is about payments only, none. */
const REFUND_COLUMNS: readonly TradeColumn[] = ['channelRefundNo', 'refundNo', 'refund', 'refundStatus'];

/** What the order was worth. The old layout has no such columns; in any other, what the payer paid is no substitute. */
const ORDER_COLUMNS: readonly TradeColumn[] = ['order', 'appliedRefund'];

const FUND_FLOW_NEEDED: readonly FundFlowColumn[] = [
  'time',
  'channelNo',
  'businessType',
  'direction',
  'amount',
  'voucherNo',
];

interface Layout<K extends string, C extends string> {
  readonly kind: K;
  /** `all`, `success`, `refund`, each also as `legacy_…`; `fund_flow`. */
  readonly variant: string;
  /** The names as the bill writes them, normalised. */
  readonly names: readonly string[];
  /** Place of each column, or {@link ABSENT}. */
  readonly at: Readonly<Record<C, number>>;
}

export type TradeLayout = Layout<'trade', TradeColumn>;
export type FundFlowLayout = Layout<'fund_flow', FundFlowColumn>;
export type BillLayout = TradeLayout | FundFlowLayout;

/** A name of a column or total without what differs between bills that mean the same: blanks, BOM, kind of brackets. */
export function normaliseName(name: string): string {
  return name.replace(/\s/g, '').replaceAll('（', '(').replaceAll('）', ')').replace(/^`/, '');
}

/**
 * The layout of a bill by its first line.
 * @throws AppError `statement_unrecognised` when it is none of ours, a column we need is missing or named twice
 */
export function recogniseHeader(header: string): BillLayout {
  const names = header.split(',').map(normaliseName);
  const trade = places(names, TRADE_NAMES);
  const fundFlow = places(names, FUND_FLOW_NAMES);
  if (fundFlow.time !== ABSENT && trade.time === ABSENT) return fundFlowLayout(names, fundFlow);
  if (trade.time !== ABSENT) return tradeLayout(names, trade);
  throw new AppError('statement_unrecognised', { starts_with: header.slice(0, 60) });
}

/** Whether text is the first line of a bill. */
export function looksLikeHeader(text: string): boolean {
  return text.split(',').some((name) => TIME_NAMES.includes(normaliseName(name)));
}

function tradeLayout(names: readonly string[], at: Record<TradeColumn, number>): TradeLayout {
  const hasRefunds = REFUND_COLUMNS.some((column) => at[column] !== ABSENT);
  const isLegacy = names[at.settlement] === LEGACY_SETTLEMENT;
  const needed = [
    ...TRADE_NEEDED,
    ...(hasRefunds ? REFUND_COLUMNS : []),
    ...(isLegacy ? [] : ORDER_COLUMNS.filter((column) => hasRefunds || column !== 'appliedRefund')),
  ];
  refuseMissing(needed, at, TRADE_NAMES);
  const base = !hasRefunds ? 'success' : at.requestTime === ABSENT ? 'all' : 'refund';
  return { kind: 'trade', variant: isLegacy ? `legacy_${base}` : base, names, at };
}

function fundFlowLayout(names: readonly string[], at: Record<FundFlowColumn, number>): FundFlowLayout {
  refuseMissing(FUND_FLOW_NEEDED, at, FUND_FLOW_NAMES);
  return { kind: 'fund_flow', variant: 'fund_flow', names, at };
}

function places<C extends string>(
  names: readonly string[],
  known: Readonly<Record<C, readonly string[]>>,
): Record<C, number> {
  const columns = Object.entries<readonly string[]>(known).map(([column, spellings]) => {
    const found = names.flatMap((name, index) => (spellings.includes(name) ? [index] : []));
    if (found.length > 1) throw new AppError('statement_unrecognised', { column_twice: spellings[0] });
    return [column, found[0] ?? ABSENT] as const;
  });
  return Object.fromEntries(columns) as Record<C, number>;
}

function refuseMissing<C extends string>(
  needed: readonly C[],
  at: Readonly<Record<C, number>>,
  names: Readonly<Record<C, readonly string[]>>,
): void {
  const missing = needed.filter((column) => at[column] === ABSENT).map((column) => names[column][0]);
  if (missing.length > 0)
    throw new AppError('statement_unrecognised', { missing_columns: missing.join(' ') });
}
