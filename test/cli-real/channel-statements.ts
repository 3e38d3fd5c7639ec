/**
 * Statements of Alipay and UnionPay with the same refunds in them, written from the channels' documents, so that one test
 * can hold both to the same promises.
 */
import { inGb18030 } from '../channels/gb18030.ts';
import { MER_ID, record } from '../channels/unionpay/clearing-day.ts';
import type { Member } from '../channels/zip.ts';
import { zipOfMembers } from '../channels/zip.ts';
import { DAY } from './bill.ts';
import type { ListRow } from './reconcile-run.ts';

/** A refund as a statement prints it. */
export interface Printed {
  readonly refundNo: string;
  readonly transactionId?: string;
  /** UnionPay's number of it; Alipay has none. */
  readonly channelRefundNo?: string;
  /** Fen. */
  readonly amount?: number;
  /** Beijing time, `yyyy-mm-dd hh:mm:ss`. */
  readonly at?: string;
}

export interface ChannelStatements {
  readonly channel: 'alipay' | 'unionpay';
  readonly title: string;
  /** A transaction number of the channel's form. */
  transaction(index: number): string;
  /** The members of a delivery: a payment of 1.00 yuan, then the refunds. */
  members(refunds: readonly Printed[], o?: DayOptions): readonly Member[];
  /** The member with the rows. */
  readonly rowsMember: number;
}

export interface DayOptions {
  readonly day?: string;
  /** Fen more than the rows add up to, in the totals. */
  readonly declaredTooMuch?: number;
}

const TRANSACTION_DIGITS = 21;

export const ALIPAY: ChannelStatements = {
  channel: 'alipay',
  title: 'Alipay',
  transaction: (index) => `20261120220014${String(index).padStart(14, '0')}`,
  members: (refunds, o) => [
    { name: inGb18030('20881234567890120156_业务明细(汇总).csv'), content: alipaySummary(refunds) },
    { name: inGb18030('20881234567890120156_业务明细.csv'), content: alipayDetail(refunds, o) },
  ],
  rowsMember: 1,
};

export const UNIONPAY: ChannelStatements = {
  channel: 'unionpay',
  title: 'UnionPay',
  transaction: (index) => `4426112010${String(index).padStart(TRANSACTION_DIGITS - 10, '0')}`,
  members: (refunds, o) => [
    {
      name: Buffer.from(`INN${(o?.day ?? DAY).slice(2).replaceAll('-', '')}88ZM_${MER_ID}`),
      content: clearingDay(refunds, o),
    },
    { name: Buffer.from(`RD201026112001_${MER_ID}`), content: printedReport(refunds, o) },
  ],
  rowsMember: 0,
};

export const CHANNELS = [ALIPAY, UNIONPAY] as const;

/** A delivery as the channel sends it. */
export function delivery(of: ChannelStatements, refunds: readonly Printed[], o?: DayOptions): Buffer {
  return zipOfMembers(of.members(refunds, o));
}

/** A number that both channels take. */
export function refundNo(index: number): string {
  return `RF${String(index).padStart(14, '0')}`;
}

/** The row of the list that agrees with what the statement prints. */
export function listed(of: ChannelStatements, printed: Printed): ListRow {
  return {
    channel: of.channel,
    refund_no: printed.refundNo,
    amount_minor: printed.amount ?? 100,
    transaction_id: printed.transactionId ?? '',
  };
}

const NAMES =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';

/** The file of business details, with the sign of a refund that production files print. */
export function alipayDetail(refunds: readonly Printed[], o: DayOptions = {}): Buffer {
  const day = o.day ?? DAY;
  const [year = '', month = '', date = ''] = day.split('-');
  const row = (values: Readonly<Record<string, string>>): string =>
    NAMES.split(',')
      .map((name) => `${values[name.replace('（元）', '')] ?? (name.endsWith('（元）') ? '0.00' : '')}\t`)
      .join(',');
  const rows = refunds.map((one, index) =>
    row({
      支付宝交易号: one.transactionId ?? ALIPAY.transaction(index),
      商户订单号: `P${String(index)}`,
      业务类型: '退款',
      商品名称: '机械键盘',
      完成时间: one.at ?? `${day} 10:00:00`,
      订单金额: `-${yuan(one.amount ?? 100)}`,
      商家实收: `-${yuan(one.amount ?? 100)}`,
      '退款批次号/请求号': one.refundNo,
    }),
  );
  const payment = row({
    支付宝交易号: ALIPAY.transaction(9_999),
    商户订单号: 'P9999',
    业务类型: '交易',
    完成时间: `${day} 09:00:00`,
    订单金额: '1.00',
    商家实收: '1.00',
  });
  const refunded = sumOf(refunds) + (o.declaredTooMuch ?? 0);
  return inGb18030(
    [
      '#支付宝业务明细查询',
      '#账号：[20881234567890120156]',
      `#起始日期：[${year}年${month}月${date}日 00:00:00]   终止日期：[2099年01月01日 00:00:00]`,
      '#-----------------------------------------业务明细列表----------------------------------------',
      NAMES,
      payment,
      ...rows,
      '#-----------------------------------------业务明细列表结束------------------------------------',
      '#交易合计：1笔，商家实收共1.00元，商家优惠共0.00元',
      `#退款合计：${String(refunds.length)}笔，商家实收退款共-${yuan(refunded)}元，商家优惠退款共0.00元`,
      '#导出时间：[2026年11月21日 05:46:49]',
      '',
    ].join('\r\n'),
  );
}

function alipaySummary(refunds: readonly Printed[]): Buffer {
  const net = 100 - sumOf(refunds);
  return inGb18030(
    [
      '#支付宝业务汇总查询',
      '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）',
      `合计,,1,${String(refunds.length)},0.00,${net < 0 ? '-' : ''}${yuan(Math.abs(net))},0.00`,
      '',
    ].join('\r\n'),
  );
}

function clearingDay(refunds: readonly Printed[], o: DayOptions = {}): Buffer {
  const day = o.day ?? DAY;
  const rows = refunds.map((one, index) =>
    record({
      type: '04',
      time: digitsOf(one.at ?? `${day} 10:00:00`).slice(4),
      amount: fen(one.amount ?? 100),
      fee: `C${fen(0)}`,
      net: `D${fen(one.amount ?? 100)}`,
      queryId: one.channelRefundNo ?? `05${'0'.repeat(19 - String(index).length)}${String(index)}`,
      orderId: one.refundNo,
      original: one.transactionId ?? UNIONPAY.transaction(index),
      originalOrder: `P${String(index)}`,
    }),
  );
  const payment = record({ amount: fen(100), fee: `D${fen(0)}`, net: `C${fen(100)}` });
  return Buffer.concat([payment, ...rows]);
}

/** Debit and credit of amount, fee and net. */
function printedReport(refunds: readonly Printed[], o: DayOptions = {}): Buffer {
  const back = yuan(sumOf(refunds) + (o.declaredTooMuch ?? 0));
  const figures = [String(refunds.length + 1), back, '1.00', '0.00', '0.00', back, '1.00'];
  return inGb18030(`     中国银联全渠道商户交易汇总表\r\n\r\n总计  ${figures.join('  ')}\r\n`);
}

function sumOf(refunds: readonly Printed[]): number {
  return refunds.reduce((sum, one) => sum + (one.amount ?? 100), 0);
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9]/g, '');
}

function fen(amount: number): string {
  return String(amount).padStart(12, '0');
}

function yuan(amount: number): string {
  return `${String(Math.floor(amount / 100))}.${String(amount % 100).padStart(2, '0')}`;
}
