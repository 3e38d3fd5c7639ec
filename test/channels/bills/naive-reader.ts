/**
 * Reads a bill the obvious way: as one string, line by line, cell by cell, straight from the document and with no code of
 * the product. Slow and short, so that it can be believed; the reader must say the same.
 */
import type { Line } from '../statement-reading.ts';
import { scaled } from './composed-bills.ts';

export interface NaiveReading {
  readonly lines: readonly Line[];
  /** Numbers of the rows that cannot be read. */
  readonly setAside: readonly number[];
  readonly rows: number;
  /** The text of each figure by the name of its total. */
  readonly figures: Readonly<Record<string, string>>;
  readonly dates: readonly string[];
  readonly merchants: readonly string[];
}

type Cell = (...names: string[]) => string | null;

/** @throws Error when the text is no whole bill */
export function readNaively(bill: string): NaiveReading {
  const text = bill.replace(/^\uFEFF/, '');
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\r\n';
  if (!text.endsWith(eol)) throw new Error('the last line has no end');
  const all = text.slice(0, -eol.length).split(eol);
  const names = (all[0] ?? '').split(',').map((name) => name.replace('（', '(').replace('）', ')'));
  const summaryAt = all.findIndex((line, index) => index > 0 && !line.startsWith('`'));
  if (summaryAt === -1 || all.length !== summaryAt + 2) throw new Error('no summary, or text behind it');

  const rows = all.slice(1, summaryAt);
  const read = rows.map((row, index) => readRow(names, row, String(index + 2)));
  const good = read.filter((line) => line !== null);
  const figures = (all[summaryAt + 1] ?? '').slice(1).split(',`');
  return {
    lines: good.map(({ line }) => line),
    setAside: read.flatMap((line, index) => (line === null ? [index + 2] : [])),
    rows: rows.length,
    figures: Object.fromEntries(
      (all[summaryAt] ?? '').split(',').map((name, index) => [name, figures[index] ?? '']),
    ),
    dates: good.map(({ line }) => (line.occurred_at ?? '').slice(0, 10)).sort(),
    merchants: [...new Set(good.flatMap(({ merchant }) => (merchant === null ? [] : [merchant])))],
  };
}

interface ReadRow {
  readonly line: Line;
  readonly merchant: string | null;
}

function readRow(names: readonly string[], row: string, lineNo: string): ReadRow | null {
  const cells = row.slice(1).split(',`');
  if (cells.length !== names.length) return null;
  const cell: Cell = (...spellings) => {
    const at = names.findIndex((name) => spellings.includes(name));
    return at === -1 ? null : (cells[at] ?? '');
  };
  return names.includes('记账时间') ? fundFlowRow(cell, lineNo) : tradeRow(cell, lineNo);
}

function tradeRow(cell: Cell, lineNo: string): ReadRow | null {
  const yuan = (...names: string[]): bigint | null => amount(cell(...names) ?? '0', 2);
  const settlement = yuan('应结订单金额', '总金额');
  const refund = yuan('退款金额');
  const coupon = yuan('充值券退款金额', '代金券或立减优惠退款金额');
  const order = yuan('订单金额');
  const applied = yuan('申请退款金额');
  const fee = amount(cell('手续费') ?? '', 5);
  const time = timeOf(cell('交易时间') ?? '');
  const merchant = cell('商户号');
  if (settlement === null || refund === null || coupon === null || order === null) return null;
  if (applied === null || fee === null || time === null) return null;
  if ([settlement, refund, coupon, order, applied].some((minor) => minor < 0n)) return null;
  if (cell('货币种类') !== 'CNY' || merchant === '') return null;

  const state = cell('交易状态') ?? '';
  const type = { SUCCESS: 'payment', REFUND: 'refund', REVOKED: 'revoked' }[state];
  if (type === undefined) return null;
  const isRefund = type === 'refund';
  if (isRefund && cell('退款金额') === null) return null;
  const worth = isRefund
    ? cell('申请退款金额') === null
      ? refund
      : applied
    : cell('订单金额') === null
      ? settlement
      : order;
  return {
    merchant,
    line: {
      line_no: lineNo,
      line_type: type,
      occurred_at: `${time}+08`,
      transaction_id: orNull(cell('微信订单号')),
      payment_no: orNull(cell('商户订单号')),
      channel_refund_no: zeroOrNull(cell('微信退款单号')),
      refund_no: zeroOrNull(cell('商户退款单号')),
      amount_minor: String(worth),
      payer_minor: String(isRefund ? refund : settlement),
      fee_e5: String(fee),
      currency: 'CNY',
      status: orNull(isRefund ? cell('退款状态') : state),
      funding: orNull(cell('付款银行')),
    },
  };
}

function fundFlowRow(cell: Cell, lineNo: string): ReadRow | null {
  const type = { 收入: 'in', 支出: 'out' }[cell('收支类型') ?? ''];
  const moved = amount(cell('收支金额(元)') ?? '', 2);
  const time = timeOf(cell('记账时间') ?? '');
  if (type === undefined || moved === null || moved < 0n || time === null) return null;
  const channelNo = cell('微信支付业务单号') ?? '';
  const business = cell('业务类型') ?? '';
  const ofRefund = business === '退款' || business === '退款关闭' || channelNo.startsWith('5');
  return {
    merchant: null,
    line: {
      line_no: lineNo,
      line_type: type,
      occurred_at: `${time}+08`,
      transaction_id: ofRefund ? null : orNull(channelNo),
      payment_no: ofRefund ? null : orNull(cell('业务凭证号')),
      channel_refund_no: ofRefund ? orNull(channelNo) : null,
      refund_no: ofRefund ? orNull(cell('业务凭证号')) : null,
      amount_minor: String(moved),
      payer_minor: null,
      fee_e5: null,
      currency: 'CNY',
      status: orNull(business),
      funding: null,
    },
  };
}

/** Amounts of at most 15 digits, counting the decimals that a column has. */
function amount(text: string, decimals: number): bigint | null {
  const whole = /^-?([0-9]+)/.exec(text)?.[1] ?? '';
  return whole.length > 15 - decimals ? null : scaled(text, decimals);
}

function timeOf(text: string): string | null {
  const plain = text.replaceAll('：', ':');
  // Both colons are wide, or none is.
  if (text !== plain && text.split('：').length !== 3) return null;
  if (!/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/.test(plain)) return null;
  const instant = new Date(`${plain.replace(' ', 'T')}Z`);
  if (Number.isNaN(instant.getTime())) return null;
  return instant.toISOString().slice(0, 19).replace('T', ' ') === plain ? plain : null;
}

function orNull(text: string | null): string | null {
  return text === '' ? null : text;
}

/** A payment prints `0` where a refund has its number. */
function zeroOrNull(text: string | null): string | null {
  return text === '0' ? null : orNull(text);
}
