/** The report of a clearing day that people print: count and sums by kind of trade and by kind of card. GBK, CR LF. */
import { formatYuan } from '../../domain/money.ts';
import { toGb18030 } from '../gb18030.ts';
import type { Payment, Return } from './model.ts';
import type { ClearedTrade } from './zm-file.ts';
import { gainsOf } from './zm-file.ts';

export interface ReportFacts {
  readonly merId: string;
  readonly name: string;
  /** `yyyymmdd`. */
  readonly clearingDate: string;
  /** `yyyymmdd`. */
  readonly madeOn: string;
}

type Group = readonly [label: string, holds: (one: Payment | Return) => boolean];

const LABEL_BYTES = 28;
const CELL_BYTES = 16;
const LINE = '_'.repeat(136);

const BY_TRADE: readonly Group[] = [
  ['自助消费', ({ txnType }) => txnType === '01'],
  ['退货', ({ txnType }) => txnType === '04'],
  ['消费撤销', ({ txnType }) => txnType === '31'],
];
const BY_CARD: readonly Group[] = [
  ['借记卡', (one) => sourceOf(one) === 'debit_card'],
  ['贷记卡', (one) => sourceOf(one) === 'credit_card'],
  ['准贷记卡', () => false],
  ['其他卡', () => false],
];

export function printedReport(trades: readonly ClearedTrade[], facts: ReportFacts): Buffer {
  const lines = [
    ' '.repeat(73) + '中国银联全渠道商户交易汇总表',
    '',
    `${padded(`商户代码:${facts.merId}`, 64)}清算币种:人民币`,
    `${padded('收单机构:48260000', 64)}清算日期:${facts.clearingDate}`,
    `${padded(`商户名称:${facts.name}`, 64)}生成日期:${facts.madeOn}`,
    '',
    '',
    ...table('交易类型', BY_TRADE, trades),
    '',
    ...table('卡性质', BY_CARD, trades),
  ];
  return toGb18030(lines.map((line) => `${line}\r\n`).join(''));
}

function table(title: string, groups: readonly Group[], trades: readonly ClearedTrade[]): readonly string[] {
  const rows = groups.map(([label, holds]) =>
    row(
      label,
      trades.filter(({ one }) => holds(one)),
    ),
  );
  return [
    `${padded(title, 20)}交易笔数               交易金额                         费用                              资金清算差额`,
    `${' '.repeat(41)}${'借              贷              '.repeat(2)} 借                  贷`,
    LINE,
    ...rows,
    LINE,
    row('总计', trades),
  ];
}

/** Each sum as debit and credit from the merchant's side: money that leaves it, and money that comes to it. */
function row(label: string, trades: readonly ClearedTrade[]): string {
  const gains = trades.map(gainsOf);
  const sums = [
    ...sides(gains.map(({ gross }) => gross)),
    ...sides(gains.map(({ fee }) => -fee)),
    ...sides(gains.map(({ net }) => net)),
  ];
  const count = String(trades.length);
  const head = padded(label, LABEL_BYTES - count.length) + count;
  return head + sums.map((minor) => formatYuan(minor).padStart(CELL_BYTES)).join('');
}

function sides(gains: readonly bigint[]): readonly [debit: bigint, credit: bigint] {
  const sum = (of: readonly bigint[]): bigint => of.reduce((total, minor) => total + minor, 0n);
  return [-sum(gains.filter((minor) => minor < 0n)), sum(gains.filter((minor) => minor > 0n))];
}

/** Filled with blanks to so many bytes. */
function padded(text: string, bytes: number): string {
  return text + ' '.repeat(Math.max(0, bytes - toGb18030(text).length));
}

function sourceOf(one: Payment | Return): Payment['source'] {
  return one.txnType === '01' ? one.source : one.payment.source;
}
