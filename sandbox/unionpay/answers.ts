/** The fields that UnionPay answers and sends, as documented. They are signed elsewhere. */
import { wordsOf } from './codes.ts';
import type { Payment, Return, Transaction } from './model.ts';
import { CARD_TYPES, clearedAtMs, codeAt } from './model.ts';
import { clearingDateOf, settleDateOf, traceTimeOf } from './numbers.ts';
import type { Fields } from './signing.ts';

const VERSION = { version: '5.1.0', encoding: 'UTF-8' };
/** What an answer repeats of the request, as far as it was there. */
const REPEATED = [
  ...['txnType', 'txnSubType', 'bizType', 'accessType', 'merId', 'orderId', 'txnTime', 'txnAmt'],
  ...['currencyCode', 'origQryId', 'reqReserved', 'settleDate', 'fileType'],
];

/** Any answer: what was asked, and a code. */
export function plainAnswer(asked: Fields, respCode: string, respMsg = wordsOf(respCode)): Fields {
  const repeated = REPEATED.flatMap((name) => {
    const value = asked[name] ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(repeated), ...VERSION, respCode, respMsg };
}

/** The answer to a refund that was taken. `surplusMinor` is for a planned lie about the amount. */
export function takenAnswer(asked: Fields, one: Return, surplusMinor: bigint): Fields {
  return {
    ...plainAnswer(asked, '00'),
    queryId: one.queryId,
    origQryId: one.payment.queryId,
    txnAmt: String(one.amountMinor + surplusMinor),
  };
}

/** The answer to a question about a trade that is known. @param origRespCode what came of it, where something else is to be said */
export function stateAnswer(
  one: Payment | Return,
  nowMs: number,
  surplusMinor = 0n,
  origRespCode = codeOf(one, nowMs),
): Fields {
  return {
    ...tradeFields(one, nowMs, surplusMinor),
    ...VERSION,
    respCode: '00',
    respMsg: wordsOf('00'),
    origRespCode,
    origRespMsg: wordsOf(origRespCode),
    issuerIdentifyMode: '0',
  };
}

/** A notice: what came of a return. Some fields are there and empty, as with the real channel. */
export function noticeFields(one: Return, respCode: string, nowMs: number, surplusMinor: bigint): Fields {
  return {
    ...tradeFields(one, nowMs, surplusMinor),
    ...VERSION,
    respCode,
    respMsg: wordsOf(respCode),
    exchangeRate: '',
    exchangeDate: '',
  };
}

function codeOf(one: Payment | Return, nowMs: number): string {
  return one.txnType === '01' ? one.respCode : codeAt(one, nowMs);
}

function tradeFields(one: Payment | Return, nowMs: number, surplusMinor: bigint): Fields {
  const payment = one.txnType === '01' ? one : one.payment;
  const amount = String(one.amountMinor + surplusMinor);
  return {
    ...numbersOf(one),
    ...(one.txnType === '01' ? {} : { origQryId: payment.queryId }),
    ...{ txnAmt: amount, currencyCode: '156', settleAmt: amount, settleCurrencyCode: '156' },
    ...settled(one, nowMs),
    ...{ payCardType: CARD_TYPES[payment.source], accNo: payment.accNo },
    ...(one.reqReserved === '' ? {} : { reqReserved: one.reqReserved }),
  };
}

function numbersOf(one: Transaction): Fields {
  const { merId, txnType, bizType, orderId, txnTime, queryId, traceNo } = one;
  return {
    ...{ accessType: '0', merId, txnType, txnSubType: txnType === '01' ? '01' : '00', bizType },
    ...{ orderId, txnTime, queryId, traceNo, traceTime: traceTimeOf(one.acceptedAtMs) },
  };
}

/** The clearing day is known once the money left. */
function settled(one: Payment | Return, nowMs: number): Fields {
  const atMs = clearedAtMs(one, nowMs);
  return atMs === null ? {} : { settleDate: settleDateOf(clearingDateOf(atMs)) };
}
