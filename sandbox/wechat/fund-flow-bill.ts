/** The fund-flow bill: what moved on one of the merchant's fund accounts on a day, with the balance after each movement. */
import { formatYuan } from '../../domain/money.ts';
import type { Table } from './bill-format.ts';
import { billBytes, sum } from './bill-format.ts';
import { billTime, compactDate } from '../instants.ts';
import type { Posting, PostingKind } from '../ledger-words.ts';

const COLUMNS = [
  '记账时间',
  '微信支付业务单号',
  '资金流水单号',
  '业务名称',
  '业务类型',
  '收支类型',
  '收支金额（元）',
  '账户结余（元）',
  '资金变更提交申请人',
  '备注',
  '业务凭证号',
];

/** Name and type of the business behind a movement. */
const BUSINESS: Readonly<Record<PostingKind, readonly [name: string, type: string]>> = {
  opening: ['充值/提现', '充值'],
  top_up: ['充值/提现', '充值'],
  withdrawal: ['充值/提现', '提现'],
  // The word that WeChat Pay itself prints is not documented: it is this sandbox's own.
  transfer: ['充值/提现', '账户互转'],
  payment: ['交易', '交易'],
  payment_fee: ['交易', '扣除交易手续费'],
  refund_accepted: ['退款', '退款'],
  refund_fee: ['退款', '退还交易手续费'],
  refund_paid: ['退款', '退款'],
  refund_closed: ['退款', '退款关闭'],
  refund_closed_fee: ['退款', '扣除交易手续费'],
  refund_returned: ['退款', '退款退回'],
  refund_returned_fee: ['退款', '扣除交易手续费'],
  refund_redirected: ['退款', '退款退回'],
};

/**
 * @param account the fund account, by its name in the ledger
 * @param postings all its movements, by time: earlier ones make the balance with which the day begins.
 * @returns null when nothing moved on the day
 */
export function fundFlowBill(
  account: string,
  postings: readonly Posting[],
  fromMs: number,
  toMs: number,
): Buffer | null {
  const signed = (one: Posting): bigint => (one.to === account ? one.minor : -one.minor);
  const ofDay = postings.filter((one) => one.atMs >= fromMs && one.atMs < toMs);
  if (ofDay.length === 0) return null;
  let balance = sum(postings.filter((one) => one.atMs < fromMs).map(signed));
  const rows = ofDay.map((one) => {
    balance += signed(one);
    return rowOf(one, signed(one) > 0n, balance);
  });
  const incoming = ofDay.filter((one) => signed(one) > 0n).map((one) => one.minor);
  const outgoing = ofDay.filter((one) => signed(one) < 0n).map((one) => one.minor);
  const summary: Table = {
    columns: ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
    rows: [
      [
        String(ofDay.length),
        String(incoming.length),
        formatYuan(sum(incoming)),
        String(outgoing.length),
        formatYuan(sum(outgoing)),
      ],
    ],
  };
  return billBytes({ columns: COLUMNS, rows }, summary);
}

function rowOf(one: Posting, isIncome: boolean, balance: bigint): readonly string[] {
  const [name, type] = BUSINESS[one.kind];
  return [
    billTime(one.atMs),
    one.reference,
    `${one.merchantNo}${compactDate(one.atMs)}${String(one.no).padStart(10, '0')}`,
    name,
    type,
    isIncome ? '收入' : '支出',
    formatYuan(one.minor),
    formatYuan(balance),
    one.by === 'api' ? 'API' : `${one.merchantNo}@${one.merchantNo}`,
    one.note,
    one.voucher,
  ];
}
