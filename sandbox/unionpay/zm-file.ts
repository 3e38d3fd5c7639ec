/**
 * The ZM file: the trades of a clearing day, one a line of 607 bytes; and the ZME file: what was put right by hand, lines
 * of 339. Fields stand at fixed places counted in bytes of GBK, a blank between them; lines end in CR LF.
 */
import { toGb18030 } from '../gb18030.ts';
import type { Payment, Return } from './model.ts';
import { traceTimeOf } from './numbers.ts';

/** A trade as a file of the day shows it: a planned trouble may have altered the amount. */
export interface ClearedTrade {
  readonly one: Payment | Return;
  readonly amountMinor: bigint;
}

type Field = readonly [width: number, text: string];

/** Of the acquirer and of the front that sent it: the sandbox has one of each. */
const ACQUIRER = '48260000';
const SENDER = '00049992';
/** What the merchant sells. */
const MERCHANT_CATEGORY = '5999';
const TERMINAL = '01080209';
const PAY_METHOD = '0201';
/** What kind of trade it is to the banks; the full list is not public, so those of returns are placeholders. */
const TRADE_CODES = { '01': 'S56', '04': 'S30', '31': 'S31' } as const;
const ADJUSTED = 'E30';
const CARD_TYPES = { debit_card: '01', credit_card: '02' } as const;
const NO_TWELVE = '000000000000';

export function zmFile(trades: readonly ClearedTrade[]): Buffer {
  return Buffer.concat(trades.map((trade) => record(zmFields(trade))));
}

/** @param settleDate the clearing day, `MMdd` */
export function zmeFile(trades: readonly ClearedTrade[], settleDate: string): Buffer {
  return Buffer.concat(trades.map((trade) => record(zmeFields(trade, settleDate))));
}

/** What the merchant gains by a trade, and what it pays for it: a refund is negative in both. */
export function gainsOf({ one, amountMinor }: ClearedTrade): { gross: bigint; fee: bigint; net: bigint } {
  const sign = one.txnType === '01' ? 1n : -1n;
  const gross = sign * amountMinor;
  const fee = sign * one.feeMinor;
  return { gross, fee, net: gross - fee };
}

function zmFields(trade: ClearedTrade): readonly Field[] {
  const { one } = trade;
  const payment = one.txnType === '01' ? one : one.payment;
  const isReturn = one.txnType !== '01';
  const { fee, net } = gainsOf(trade);
  return [
    [3, TRADE_CODES[one.txnType]],
    [11, ACQUIRER],
    [11, SENDER],
    [6, one.traceNo],
    [10, traceTimeOf(one.acceptedAtMs)],
    [19, payment.accNo],
    [12, digits(trade.amountMinor, 12)],
    [4, MERCHANT_CATEGORY],
    [2, one.channelType],
    [21, one.queryId],
    [2, '02'],
    [32, one.orderId],
    [2, CARD_TYPES[payment.source]],
    [6, isReturn ? payment.traceNo : ''],
    [10, isReturn ? traceTimeOf(payment.acceptedAtMs) : ''],
    [13, withLetter(-fee, 12)],
    [13, withLetter(net, 12)],
    [4, PAY_METHOD],
    [15, ''],
    [2, one.txnType],
    [2, isReturn ? '00' : '01'],
    [6, one.bizType],
    [2, ''],
    [4, ''],
    [32, ''],
    [1, ''],
    [21, isReturn ? payment.queryId : ''],
    [15, one.merId],
    [1, ''],
    [15, '000000000000000'],
    [32, ''],
    [13, ` ${NO_TWELVE}`],
    [13, withLetter(net, 12)],
    [8, TERMINAL],
    [32, ''],
    [13, ` ${NO_TWELVE}`],
    [13, ` ${NO_TWELVE}`],
    [12, ` ${NO_TWELVE.slice(1)}`],
    [2, ''],
    [1, ''],
    [32, isReturn ? payment.orderId : ''],
    [98, ''],
  ];
}

/** A line here names the trade that is put right by the banks' numbers only: trace number, time, clearing day, amount. */
function zmeFields(trade: ClearedTrade, settleDate: string): readonly Field[] {
  const { one } = trade;
  const payment = one.txnType === '01' ? one : one.payment;
  const { fee, net } = gainsOf(trade);
  return [
    [3, ADJUSTED],
    [11, ACQUIRER],
    [11, SENDER],
    [6, one.traceNo],
    [10, traceTimeOf(one.acceptedAtMs)],
    [19, payment.accNo],
    [12, digits(trade.amountMinor, 12)],
    [4, MERCHANT_CATEGORY],
    [2, one.channelType],
    [2, CARD_TYPES[payment.source]],
    [6, one.traceNo],
    [10, traceTimeOf(one.acceptedAtMs)],
    [4, settleDate],
    [12, digits(one.amountMinor, 12)],
    [13, withLetter(-fee, 12)],
    [13, withLetter(net, 12)],
    [15, ''],
    [15, one.merId],
    [1, ''],
    [12, ` ${NO_TWELVE.slice(1)}`],
    [2, ''],
    [135, ''],
  ];
}

function record(fields: readonly Field[]): Buffer {
  const cells = fields.map(([width, text]) => {
    const bytes = toGb18030(text);
    if (bytes.length > width) throw new Error(`${text} has no room in ${String(width)} bytes`);
    return Buffer.concat([bytes, Buffer.alloc(width - bytes.length, ' ')]).toString('latin1');
  });
  return Buffer.from(`${cells.join(' ')}\r\n`, 'latin1');
}

function digits(minor: bigint, width: number): string {
  return String(minor).padStart(width, '0');
}

/** `C` is the merchant's gain, `D` what it pays. */
function withLetter(minor: bigint, width: number): string {
  return minor < 0n ? `D${digits(-minor, width)}` : `C${digits(minor, width)}`;
}
