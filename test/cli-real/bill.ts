/**
 * WeChat Pay bills as its documents describe them, written here from the documents and not with the sandbox's code: UTF-8
 * with BOM, CR LF, every value behind a backtick, two lines of summary.
 */
import { gzipSync } from 'node:zlib';

export interface BillRefund {
  /** Beijing time, `yyyy-mm-dd hh:mm:ss`. */
  readonly at?: string;
  readonly refundNo: string;
  readonly channelRefundNo?: string;
  readonly transactionId?: string;
  readonly paymentNo?: string;
  /** Fen. */
  readonly amount?: number;
  /** 退款状态; SUCCESS when it is not said. */
  readonly status?: string;
  readonly goods?: string;
  /** A row as it stands in the file, instead of the one made of the rest. */
  readonly raw?: string;
}

export interface BillOptions {
  readonly merchantNo?: string;
  /** Payments beside the refunds, each of 1.00 yuan at the time of the first refund. */
  readonly payments?: number;
  /** Figures of the summary that are not what the rows add up to. */
  readonly declare?: { readonly orders?: number; readonly refundFen?: number };
  readonly bom?: boolean;
  readonly lineEnd?: string;
}

export const DAY = '2026-11-20';
const MCHID = '1900000109';

const COLUMNS =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const TOTALS = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** An ALL trade bill. */
export function tradeBill(refunds: readonly BillRefund[], o: BillOptions = {}): string {
  const at = refunds[0]?.at ?? `${DAY} 10:00:00`;
  const payments = Array.from({ length: o.payments ?? 0 }, (_, index) => paymentRow(at, index, o));
  const rows = [...refunds.map((refund, index) => refund.raw ?? refundRow(refund, index, o)), ...payments];
  const refundFen = o.declare?.refundFen ?? refunds.reduce((total, one) => total + (one.amount ?? 100), 0);
  const orders = o.declare?.orders ?? rows.length;
  const paid = yuan(payments.length * 100);
  const figures = [`${String(orders)}.0`, paid, yuan(refundFen), '0.00', '0.00', paid, yuan(refundFen)];
  return file([COLUMNS, ...rows, TOTALS, row(figures)], o);
}

export interface Movement {
  readonly at: string;
  readonly channelNo: string;
  readonly type: string;
  readonly direction: '收入' | '支出';
  readonly amount: number;
  readonly voucher: string;
}

/** A fund-flow bill. */
export function fundFlowBill(movements: readonly Movement[], o: BillOptions = {}): string {
  const sumOf = (direction: Movement['direction']): readonly Movement[] =>
    movements.filter((one) => one.direction === direction);
  const fen = (some: readonly Movement[]): string => yuan(some.reduce((sum, one) => sum + one.amount, 0));
  const [incoming, outgoing] = [sumOf('收入'), sumOf('支出')];
  const rows = movements.map((one, index) =>
    row([
      ...[one.at, one.channelNo, `F${String(index)}`, '交易', one.type, one.direction, yuan(one.amount)],
      ...['1000.00', 'API', '', one.voucher],
    ]),
  );
  const figures = [movements, incoming, outgoing].map((some) => String(some.length));
  const summary = row([figures[0] ?? '', figures[1] ?? '', fen(incoming), figures[2] ?? '', fen(outgoing)]);
  return file(
    [
      '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号',
      ...rows,
      '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
      summary,
    ],
    o,
  );
}

export function gzipped(bill: string): Buffer {
  return gzipSync(bill);
}

function file(lines: readonly string[], o: BillOptions): string {
  const end = o.lineEnd ?? '\r\n';
  return `${o.bom === false ? '' : '\uFEFF'}${lines.join(end)}${end}`;
}

export function refundRow(refund: BillRefund, index: number, o: BillOptions = {}): string {
  const amount = yuan(refund.amount ?? 100);
  return row([
    ...[refund.at ?? `${DAY} 10:00:00`, 'wx0000000000000001', o.merchantNo ?? MCHID, '0', ''],
    ...[refund.transactionId ?? serial('4200', index), refund.paymentNo ?? `P${String(index)}`, 'openid'],
    ...['JSAPI', 'REFUND', 'OTHERS', 'CNY', '0.00', '0.00'],
    ...[refund.channelRefundNo ?? serial('5030', index), refund.refundNo, amount, '0.00', 'ORIGINAL'],
    ...[
      refund.status ?? 'SUCCESS',
      refund.goods ?? '货物, "一件"',
      '',
      '0.00000',
      '0.60%',
      '0.00',
      amount,
      '',
    ],
  ]);
}

function paymentRow(at: string, index: number, o: BillOptions): string {
  return row([
    ...[at, 'wx0000000000000001', o.merchantNo ?? MCHID, '0', '', serial('4201', index), `Q${String(index)}`],
    ...['openid', 'JSAPI', 'SUCCESS', 'OTHERS', 'CNY', '1.00', '0.00', '0', '0', '0.00', '0.00', '', ''],
    ...['货物', '', '0.00000', '0.60%', '1.00', '0.00', ''],
  ]);
}

/** A number of 28 digits, as the channel's are. */
export function serial(prefix: string, index: number): string {
  return prefix + String(index).padStart(28 - prefix.length, '0');
}

function row(values: readonly string[]): string {
  return values.map((value) => `\`${value}`).join(',');
}

function yuan(fen: number): string {
  return `${String(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
}
