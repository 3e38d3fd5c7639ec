/** WeChat Pay's bills as the documents describe them: 27 columns, backticks, CR LF, a summary that adds up. */

export const ALL = [
  '交易时间',
  '公众账号ID',
  '商户号',
  '特约商户号',
  '设备号',
  '微信订单号',
  '商户订单号',
  '用户标识',
  '交易类型',
  '交易状态',
  '付款银行',
  '货币种类',
  '应结订单金额',
  '代金券金额',
  '微信退款单号',
  '商户退款单号',
  '退款金额',
  '充值券退款金额',
  '退款类型',
  '退款状态',
  '商品名称',
  '商户数据包',
  '手续费',
  '费率',
  '订单金额',
  '申请退款金额',
  '费率备注',
] as const;

/** Columns 1 to 14, 21 to 25, 27. */
export const SUCCESS = [...ALL.slice(0, 14), ...ALL.slice(20, 25), ...ALL.slice(26)];
/** As ALL, with two times after column 14. */
export const REFUND = [...ALL.slice(0, 14), '退款申请时间', '退款成功时间', ...ALL.slice(14)];

export type Row = Partial<Record<string, string>>;

export const PAYMENT: Row = {
  交易时间: '2025-06-30 10:51:45',
  公众账号ID: 'wx8888888888888888',
  商户号: '1900000109',
  特约商户号: '0',
  微信订单号: '4200002211202506301029384756',
  商户订单号: 'ORD20250630000017',
  用户标识: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  交易类型: 'JSAPI',
  交易状态: 'SUCCESS',
  付款银行: 'CMB_CREDIT',
  货币种类: 'CNY',
  应结订单金额: '123.45',
  代金券金额: '0.00',
  微信退款单号: '0',
  商户退款单号: '0',
  退款金额: '0.00',
  充值券退款金额: '0.00',
  商品名称: '蓝牙耳机, 白色',
  商户数据包: 'batch=7',
  手续费: '0.74000',
  费率: '0.60%',
  订单金额: '123.45',
  申请退款金额: '0.00',
};

export const REFUNDED: Row = {
  ...PAYMENT,
  交易时间: '2025-06-30 16:58:42',
  交易状态: 'REFUND',
  应结订单金额: '0.00',
  微信退款单号: '50302302102025063099887766554',
  商户退款单号: 'RF20250630000003',
  退款金额: '23.45',
  退款类型: 'ORIGINAL',
  退款状态: 'PROCESSING',
  手续费: '-0.14000',
  订单金额: '0.00',
  申请退款金额: '23.45',
};

const TOTALS: readonly (readonly [string, string, number])[] = [
  ['应结订单总金额', '应结订单金额', 2],
  ['退款总金额', '退款金额', 2],
  ['充值券退款总金额', '充值券退款金额', 2],
  ['手续费总金额', '手续费', 5],
  ['订单总金额', '订单金额', 2],
  ['申请退款总金额', '申请退款金额', 2],
];

export interface BillOptions {
  readonly columns?: readonly string[];
  readonly eol?: string;
  readonly bom?: boolean;
  /** Puts the summary's two lines in another form, or leaves them out. */
  readonly summary?: (names: string[], figures: string[]) => readonly [string[], string[]] | null;
  readonly lastEnd?: boolean;
}

export function billOf(rows: readonly Row[], o: BillOptions = {}): string {
  const { columns = ALL, eol = '\r\n', bom = true, lastEnd = true } = o;
  const body = rows.map((row) => lineOf(columns.map((name) => row[name] ?? '')));
  const known = TOTALS.filter(([, column]) => columns.includes(column));
  const names = ['总交易单数', ...known.map(([name]) => name)];
  const figures = [
    `${String(rows.length)}.0`,
    ...known.map(([, column, decimals]) => sum(rows, column, decimals)),
  ];
  const summary = (o.summary ?? ((...both) => both))(names, figures);
  const tail = summary === null ? [] : [summary[0].join(','), lineOf(summary[1])];
  const text = [columns.join(','), ...body, ...tail].join(eol);
  return `${bom ? '\uFEFF' : ''}${text}${lastEnd ? eol : ''}`;
}

function lineOf(cells: readonly string[]): string {
  return `\`${cells.join(',`')}`;
}

function sum(rows: readonly Row[], column: string, decimals: number): string {
  const scaled = rows.reduce((total, row) => total + scale(row[column] ?? '0', decimals), 0n);
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Text that is no amount counts as nothing: the summary is the channel's, which knows the amount. */
function scale(text: string, decimals: number): bigint {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return 0n;
  const value = BigInt((parts[2] ?? '') + (parts[3] ?? '').slice(0, decimals).padEnd(decimals, '0'));
  return parts[1] === '-' ? -value : value;
}
