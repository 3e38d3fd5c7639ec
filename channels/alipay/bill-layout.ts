/** Which of Alipay's files it is and where its columns are, by the names of its header line. */
import { AppError } from '../../domain/errors.ts';

/** Place of a column that this file does not have. */
export const ABSENT = -1;

const TRADE_NAMES = {
  tradeNo: '支付宝交易号',
  orderNo: '商户订单号',
  type: '业务类型',
  goods: '商品名称',
  time: '完成时间',
  amount: '订单金额(元)',
  received: '商家实收(元)',
  requestNo: '退款批次号/请求号',
  fee: '服务费(元)',
} as const;

const LEDGER_NAMES = {
  serial: '账务流水号',
  tradeNo: '业务流水号',
  orderNo: '商户订单号',
  goods: '商品名称',
  time: '发生时间',
  income: '收入金额(+元)',
  expense: '支出金额(-元)',
  type: '业务类型',
} as const;

/** Only newer files have it; it holds the number of a refund. */
const REMARK = '备注';

export type TradeColumn = keyof typeof TRADE_NAMES;
export type LedgerColumn = keyof typeof LEDGER_NAMES;

interface Layout<K extends string, C extends string> {
  readonly kind: K;
  readonly columns: number;
  readonly at: Readonly<Record<C, number>>;
  readonly remark: number;
}

export type TradeLayout = Layout<'trade', TradeColumn>;
export type LedgerLayout = Layout<'fund_flow', LedgerColumn>;
export type BillLayout = TradeLayout | LedgerLayout;

/** Whether a line names the columns of one of our files. Comment lines come before it, some of them without their `#`. */
export function isHeader(line: string): boolean {
  const [first = ''] = line.split(',');
  const name = normalise(first);
  return name === TRADE_NAMES.tradeNo || name === LEDGER_NAMES.serial;
}

/** @throws AppError `statement_unrecognised` when a column we need is missing or named twice */
export function layoutOf(header: string): BillLayout {
  const names = header.split(',').map(normalise);
  const columns = names.length;
  const remark = names.indexOf(REMARK);
  return names.includes(TRADE_NAMES.tradeNo)
    ? { kind: 'trade', columns, at: places(names, TRADE_NAMES), remark }
    : { kind: 'fund_flow', columns, at: places(names, LEDGER_NAMES), remark };
}

/** A name without what differs between files that mean the same: blanks and the kind of brackets. */
export function normalise(name: string): string {
  return name.replace(/\s/g, '').replaceAll('（', '(').replaceAll('）', ')');
}

function places<C extends string>(
  names: readonly string[],
  known: Readonly<Record<C, string>>,
): Record<C, number> {
  const found = Object.entries<string>(known).map(([column, name]) => {
    const at = names.indexOf(name);
    if (at === -1) throw new AppError('statement_unrecognised', { missing_column: name });
    if (names.lastIndexOf(name) !== at) throw new AppError('statement_unrecognised', { column_twice: name });
    return [column, at] as const;
  });
  return Object.fromEntries(found) as Record<C, number>;
}
