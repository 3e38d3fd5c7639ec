/**
 * A day of refunds at WeChat Pay and what our books say of it, made up: the same seed gives the same bytes. The bill has the
 * 27 columns of a trade bill of all kinds, in an order that has nothing to do with the order of the books, and differs from
 * the books in known ways.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { dice } from '../cli/demo/dice.ts';
import { formatYuan } from '../domain/money.ts';
import { beijingTimeOf } from '../domain/time/plain-date.ts';

export const ACCOUNT = 'wx-bench';
export const MERCHANT = 'bench';
export const MERCHANT_NO = '1900000109';
/** The day that is measured. */
export const BILL_DATE = '2026-11-23';
/** An earlier day, small, for a worker and its connections to have done it before. */
export const WARM_UP_DATE = '2026-10-21';
const WARM_UP_LINES = 3_000;

const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;

/** 11:00 in Beijing, so many days after the bill's: one for the import, two for a look at what is missing. */
export function hourAfter(billDate: string, days: 1 | 2): Date {
  return new Date(Date.parse(`${billDate}T11:00:00+08:00`) + days * DAY_MS);
}

/** What befalls a refund of the books, or a line of the bill. */
export type Difference =
  | 'none'
  /** In the books, not in the bill. */
  | 'missing'
  /** The bill shows one fen more. */
  | 'amount'
  /** The books say that it was asked for three days after the bill shows it. */
  | 'conflict'
  /** The bill has another number of ours; the channel's number is right. */
  | 'other_number'
  /** The line comes twice. */
  | 'twice'
  /** The bill has it, the books do not. */
  | 'unknown';

/** How often each happens, in thousandths. */
const SHARES: readonly (readonly [Difference, number])[] = [
  ['missing', 5],
  ['amount', 2],
  ['conflict', 3],
  ['other_number', 2],
  ['twice', 1],
  ['unknown', 5],
];

export interface MadeUpRefund {
  readonly index: number;
  readonly refundNo: string;
  readonly channelRefundNo: string;
  readonly transactionId: string;
  readonly paymentNo: string;
  readonly amountMinor: number;
  readonly acceptedAtMs: number;
  readonly difference: Difference;
}

export interface Expected {
  /** Lines of the bill. */
  readonly lines: number;
  readonly matched: number;
  readonly byChannelNumber: number;
  readonly breaks: Readonly<
    Record<
      'amount_differs' | 'state_conflict' | 'duplicate_line' | 'missing_in_books' | 'missing_at_channel',
      number
    >
  >;
}

/** A day of refunds that are told apart by their place in it: millions of them are held at once, their texts only while they are read. */
class Made implements MadeUpRefund {
  readonly index: number;
  readonly amountMinor: number;
  readonly difference: Difference;
  readonly #second: number;
  readonly #day: { readonly startMs: number; readonly digits: string };

  constructor(
    day: { readonly startMs: number; readonly digits: string },
    o: {
      readonly index: number;
      readonly amountMinor: number;
      readonly second: number;
      readonly difference: Difference;
    },
  ) {
    this.index = o.index;
    this.amountMinor = o.amountMinor;
    this.difference = o.difference;
    this.#second = o.second;
    this.#day = day;
  }

  get refundNo(): string {
    return `RF${this.#day.digits}${this.#padded}`;
  }

  get channelRefundNo(): string {
    return `503023021020${this.#day.digits.slice(2)}00${this.#padded}`;
  }

  get transactionId(): string {
    return `42000022${this.#day.digits}${this.#padded}`;
  }

  get paymentNo(): string {
    return `ORD${this.#day.digits}${this.#padded}`;
  }

  get acceptedAtMs(): number {
    return this.#day.startMs + this.#second * 1000;
  }

  get #padded(): string {
    return String(this.index).padStart(12, '0');
  }
}

/** Every refund of the day; those with the difference `unknown` are not in the books. */
export function makeUp(count: number, seed: number, billDate: string): readonly MadeUpRefund[] {
  const roll = dice(seed);
  const day = {
    startMs: Date.parse(`${billDate}T00:00:00+08:00`),
    digits: billDate.replaceAll('-', ''),
  };
  return Array.from({ length: count }, (_, index) => {
    const amountMinor = roll.between(1, 98_800);
    const second = roll.between(0, DAY_SECONDS - 1);
    return new Made(day, { index, amountMinor, second, difference: differenceOf(roll.between(0, 999)) });
  });
}

function differenceOf(thousandth: number): Difference {
  let edge = 0;
  for (const [difference, share] of SHARES) {
    edge += share;
    if (thousandth < edge) return difference;
  }
  return 'none';
}

/** The refunds of the small day before, in all books: a worker has been up for them. */
export function warmUpRefunds(seed: number): readonly MadeUpRefund[] {
  return makeUp(WARM_UP_LINES, seed + 1, WARM_UP_DATE);
}

/** When the books say that it was asked for. */
export function requestedAt(refund: MadeUpRefund): Date {
  const early = refund.difference === 'conflict' ? 3 * DAY_MS : -60_000;
  return new Date(refund.acceptedAtMs + early);
}

/** What matching must find, counted from the differences that were made up. */
export function expectedOf(refunds: readonly MadeUpRefund[]): Expected {
  const of = (difference: Difference): number =>
    refunds.filter((one) => one.difference === difference).length;
  return {
    lines: refunds.length - of('missing') + of('twice'),
    matched: of('none') + of('other_number') + of('twice'),
    byChannelNumber: of('other_number'),
    breaks: {
      amount_differs: of('amount'),
      state_conflict: of('conflict'),
      duplicate_line: of('twice'),
      missing_in_books: of('unknown'),
      missing_at_channel: of('missing'),
    },
  };
}

const NAMES =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const SUMMARY_NAMES =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const BANKS = ['CFT', 'CMB_CREDIT', 'ICBC_DEBIT', 'PSBC_DEBIT', 'OTHERS'] as const;

/** Lines per piece that is handed to the packer. */
const PIECE_LINES = 1_000;

/** Writes the packed bill. */
export async function writeBill(path: string, refunds: readonly MadeUpRefund[]): Promise<void> {
  await pipeline(billText(refunds), createGzip(), createWriteStream(path));
}

function* billText(refunds: readonly MadeUpRefund[]): Generator<string> {
  yield `\uFEFF${NAMES}\r\n`;
  let lines = 0;
  let sum = 0;
  let piece: string[] = [];
  for (const refund of shuffled(refunds)) {
    if (refund.difference === 'missing') continue;
    const amount = refund.amountMinor + (refund.difference === 'amount' ? 1 : 0);
    const times = refund.difference === 'twice' ? 2 : 1;
    for (let time = 0; time < times; time += 1) piece.push(rowOf(refund, amount));
    lines += times;
    sum += amount * times;
    if (piece.length < PIECE_LINES) continue;
    yield piece.join('');
    piece = [];
  }
  yield piece.join('');
  const total = formatYuan(BigInt(sum));
  yield `${SUMMARY_NAMES}\r\n\`${String(lines)},\`0.00,\`${total},\`0.00,\`0.00000,\`0.00,\`${total}\r\n`;
}

/** Every refund once, far from its neighbours: steps of a number that shares no divisor with the count. */
function* shuffled(refunds: readonly MadeUpRefund[]): Generator<MadeUpRefund> {
  let step = Math.floor(refunds.length * 0.618_034) | 1;
  while (divisor(step, refunds.length) !== 1) step += 2;
  for (let turn = 0, at = 0; turn < refunds.length; turn += 1, at = (at + step) % refunds.length) {
    const refund = refunds[at];
    if (refund !== undefined) yield refund;
  }
}

function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other);
}

function rowOf(refund: MadeUpRefund, amountMinor: number): string {
  const { index, difference } = refund;
  const refundNo = difference === 'other_number' ? `REF${refund.channelRefundNo.slice(5)}` : refund.refundNo;
  const amount = formatYuan(BigInt(amountMinor));
  const fields = [
    beijingTimeOf(new Date(refund.acceptedAtMs)),
    'wx8888888888888888',
    MERCHANT_NO,
    '0',
    '',
    refund.transactionId,
    refund.paymentNo,
    `oUpF8u${String(index * 7_919).padStart(22, 'x')}`,
    'JSAPI',
    'REFUND',
    BANKS[index % BANKS.length] ?? 'CFT',
    'CNY',
    '0.00',
    '0.00',
    refund.channelRefundNo,
    refundNo,
    amount,
    '0.00',
    'ORIGINAL',
    index % 3 === 0 ? 'PROCESSING' : 'SUCCESS',
    '蓝牙耳机, 白色',
    `batch=${String(index % 977)}`,
    '0.00000',
    '0.60%',
    '0.00',
    amount,
    '',
  ];
  return `\`${fields.join(',`')}\r\n`;
}
