/** The ZM file: the trades of a clearing day, one a line of 607 bytes. */
import type { Field } from './fixed-record.ts';
import { ACQUIRER, MERCHANT_CATEGORY, NOTHING, SENDER, digits, record, withLetter } from './fixed-record.ts';
import type { Payment, Return } from './model.ts';
import { CARD_TYPES } from './model.ts';
import { traceTimeOf } from './numbers.ts';

/** A trade as a file of the day shows it: a planned trouble may have altered the amount. */
export interface ClearedTrade {
  readonly one: Payment | Return;
  readonly amountMinor: bigint;
}

const TERMINAL = '01080209';
const PAY_METHOD = '0201';
/** What kind of trade it is to the banks; the full list is not public, so those of returns are placeholders. */
const TRADE_CODES = { '01': 'S56', '04': 'S30', '31': 'S31' } as const;

export function zmFile(trades: readonly ClearedTrade[]): Buffer {
  return Buffer.concat(trades.map((trade) => record(zmFields(trade))));
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
    [13, NOTHING],
    [13, withLetter(net, 12)],
    [8, TERMINAL],
    [32, ''],
    [13, NOTHING],
    [13, NOTHING],
    [12, NOTHING.slice(0, 12)],
    [2, ''],
    [1, ''],
    [32, isReturn ? payment.orderId : ''],
    [98, ''],
  ];
}
