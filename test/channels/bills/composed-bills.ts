/** Bills of every layout as channels.md describes them, put together from cells. Every sum is the caller's or made here. */
import { ALL, REFUND, SUCCESS } from '../wechat/bills.ts';

const LEGACY_NAMES = new Map([
  ['特约商户号', '子商户号'],
  ['应结订单金额', '总金额'],
  ['代金券金额', '代金券或立减优惠金额'],
  ['充值券退款金额', '代金券或立减优惠退款金额'],
]);
export const LEGACY: readonly string[] = ALL.slice(0, 24).map((name) => LEGACY_NAMES.get(name) ?? name);

const FUND_FLOW: readonly string[] = [
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

export type LayoutName = 'ALL' | 'SUCCESS' | 'REFUND' | 'LEGACY' | 'FUND_FLOW';

export const COLUMNS: Readonly<Record<LayoutName, readonly string[]>> = {
  ALL,
  SUCCESS,
  REFUND,
  LEGACY,
  FUND_FLOW,
};

/** Which column each figure of the summary adds up, and with how many decimals; counts have none. */
const TOTALS: Readonly<Record<LayoutName, readonly (readonly [total: string, column: string])[]>> = {
  ALL: [
    ['应结订单总金额', '应结订单金额'],
    ['退款总金额', '退款金额'],
    ['充值券退款总金额', '充值券退款金额'],
    ['手续费总金额', '手续费'],
    ['订单总金额', '订单金额'],
    ['申请退款总金额', '申请退款金额'],
  ],
  SUCCESS: [
    ['应结订单总金额', '应结订单金额'],
    ['手续费总金额', '手续费'],
    ['订单总金额', '订单金额'],
  ],
  REFUND: [
    ['应结订单总金额', '应结订单金额'],
    ['退款总金额', '退款金额'],
    ['充值券退款总金额', '充值券退款金额'],
    ['手续费总金额', '手续费'],
    ['订单总金额', '订单金额'],
    ['申请退款总金额', '申请退款金额'],
  ],
  LEGACY: [
    ['总交易额', '总金额'],
    ['总退款金额', '退款金额'],
    ['总代金券或立减优惠退款金额', '代金券或立减优惠退款金额'],
    ['手续费总金额', '手续费'],
  ],
  FUND_FLOW: [],
};

export type Cells = Readonly<Record<string, string>>;

export interface Parts {
  readonly columns: readonly string[];
  readonly rows: readonly Cells[];
  readonly totals: readonly (readonly [name: string, figure: string])[];
  readonly eol?: string;
  readonly bom?: boolean;
}

export function compose(parts: Parts): string {
  const { columns, rows, totals, eol = '\r\n', bom = true } = parts;
  const lines = [
    columns.join(','),
    ...rows.map((row) => rowText(columns.map((name) => row[name] ?? ''))),
    totals.map(([name]) => name).join(','),
    rowText(totals.map(([, figure]) => figure)),
  ];
  return (bom ? '\uFEFF' : '') + lines.map((line) => line + eol).join('');
}

export function rowText(cells: readonly string[]): string {
  return cells.map((cell) => `\`${cell}`).join(',');
}

/** The summary that belongs to the rows. Cells that are no amounts add nothing. */
export function summaryOf(layout: LayoutName, rows: readonly Cells[]): [name: string, figure: string][] {
  if (layout === 'FUND_FLOW') return fundFlowSummary(rows);
  const sums = TOTALS[layout].map(([total, column]): [string, string] => {
    const decimals = column === '手续费' ? 5 : 2;
    return [total, printed(sumOf(rows, column, decimals), decimals)];
  });
  return [['总交易单数', `${String(rows.length)}.0`], ...sums];
}

function fundFlowSummary(rows: readonly Cells[]): [string, string][] {
  const incoming = rows.filter((row) => row['收支类型'] === '收入');
  const outgoing = rows.filter((row) => row['收支类型'] === '支出');
  return [
    ['资金流水总笔数', String(rows.length)],
    ['收入笔数', String(incoming.length)],
    ['收入金额', printed(sumOf(incoming, '收支金额（元）', 2), 2)],
    ['支出笔数', String(outgoing.length)],
    ['支出金额', printed(sumOf(outgoing, '收支金额（元）', 2), 2)],
  ];
}

function sumOf(rows: readonly Cells[], column: string, decimals: number): bigint {
  return rows.reduce((sum, row) => sum + (scaled(row[column] ?? '', decimals) ?? 0n), 0n);
}

/** `12.3` with two decimals is 1230n; null for what is no amount of at most that many decimals. */
export function scaled(text: string, decimals: number): bigint | null {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (parts === null) return null;
  const [, sign = '', whole = '', fraction = ''] = parts;
  if (BigInt(`0${fraction.slice(decimals)}`) !== 0n) return null;
  const value = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '-' ? -value : value;
}

/** The inverse: 1230n with two decimals is `12.30`. */
export function printed(value: bigint, decimals: number): string {
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
