/** The account bill (signcustomer): what moved on the merchant's balance, with the balance after each movement. */
import { formatYuan } from '../../domain/money.ts';
import { billTime, compactDate } from '../instants.ts';
import type { Posting, PostingKind } from '../ledger-words.ts';
import { merchantAccount } from '../ledger-accounts.ts';
import type { BillHead, Sheet } from './bill-format.ts';
import { asText, billZip, onOneLine } from './bill-format.ts';
import type { Trade } from './model.ts';

const COLUMNS = [
  '账务流水号',
  '业务流水号',
  '商户订单号',
  '商品名称',
  '发生时间',
  '对方账号',
  '收入金额（+元）',
  '支出金额（-元）',
  '账户余额（元）',
  '交易渠道',
  '业务类型',
  '备注',
];

/** The kind of business behind a movement. */
const BUSINESS: Readonly<Record<PostingKind, string>> = {
  opening: '充值',
  top_up: '充值',
  withdrawal: '提现',
  // Of a merchant with one account there is none.
  transfer: '转账',
  payment: '在线支付',
  payment_fee: '收费',
  refund_accepted: '交易退款',
  refund_fee: '退费',
  refund_paid: '交易退款',
  refund_closed: '退款退回',
  refund_closed_fee: '收费',
  refund_returned: '退款退回',
  refund_returned_fee: '收费',
  refund_redirected: '退款退回',
};

/**
 * @param postings all movements of the merchant, by time: earlier ones make the balance with which the period begins
 * @returns null when nothing moved
 */
export function ledgerBill(
  head: BillHead,
  postings: readonly Posting[],
  tradeOf: (tradeNo: string) => Trade | undefined,
): Buffer | null {
  const { fromMs, toMs } = head.period;
  const account = merchantAccount(head.sellerId);
  const signed = (one: Posting): bigint => (one.to === account ? one.minor : -one.minor);
  const moved = postings.filter((one) => one.atMs >= fromMs && one.atMs < toMs);
  if (moved.length === 0) return null;
  let balance = sum(postings.filter((one) => one.atMs < fromMs).map(signed));
  const rows = moved.map((one) => {
    balance += signed(one);
    return rowOf(one, signed(one), balance, tradeOf(one.reference));
  });
  const details: Sheet = { title: '账务明细', columns: COLUMNS, rows, footers: footersOf(moved.map(signed)) };
  return billZip(head, details, summaryOf(moved, signed));
}

function rowOf(one: Posting, minor: bigint, balance: bigint, trade: Trade | undefined): readonly string[] {
  const nothing = formatYuan(0n);
  return [
    asText(`${compactDate(one.atMs)}${String(one.no).padStart(10, '0')}`),
    asText(one.reference),
    asText(trade?.outTradeNo ?? ''),
    asText(trade?.goodsName ?? ''),
    billTime(one.atMs),
    asText(trade?.buyerName ?? ''),
    minor > 0n ? formatYuan(minor) : nothing,
    minor < 0n ? formatYuan(minor) : nothing,
    formatYuan(balance),
    '支付宝',
    BUSINESS[one.kind],
    // The refund's number stands here, since there is no column for it.
    onOneLine(one.kind.startsWith('refund') ? one.voucher : ''),
  ];
}

function footersOf(amounts: readonly bigint[]): readonly string[] {
  const outgoing = amounts.filter((minor) => minor < 0n);
  const incoming = amounts.filter((minor) => minor > 0n);
  return [
    `支出合计：${String(outgoing.length)}笔，共${formatYuan(sum(outgoing))}元`,
    `收入合计：${String(incoming.length)}笔，共${formatYuan(sum(incoming))}元`,
  ];
}

/** A line for each kind of business. */
function summaryOf(moved: readonly Posting[], signed: (one: Posting) => bigint): Sheet {
  const kinds = [...new Set(moved.map((one) => BUSINESS[one.kind]))];
  const rows = [...kinds, '合计'].map((kind) => {
    const amounts = moved.filter((one) => kind === '合计' || BUSINESS[one.kind] === kind).map(signed);
    const [incoming, outgoing] = [amounts.filter((one) => one > 0n), amounts.filter((one) => one < 0n)];
    const figures = [incoming, outgoing].flatMap((part) => [String(part.length), formatYuan(sum(part))]);
    return [kind, ...figures, formatYuan(sum(amounts))];
  });
  return {
    title: '账务汇总',
    columns: ['业务类型', '收入笔数', '收入金额（+元）', '支出笔数', '支出金额（-元）', '总金额（元）'],
    rows,
    footers: [],
  };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, minor) => total + minor, 0n);
}
