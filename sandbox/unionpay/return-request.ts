/** What a merchant asks for with txnType 04 (退货) or 31 (消费撤销), once its fields are as documented. */
import { GatewayRefusal } from './codes.ts';
import type { Return } from './model.ts';
import type { OriginalNames } from './payments.ts';
import { needed, neededAmount, neededTime, optional } from './shapes.ts';
import type { Fields } from './signing.ts';

export interface ReturnRequest
  extends Pick<
    Return,
    'txnType' | 'bizType' | 'channelType' | 'orderId' | 'txnTime' | 'amountMinor' | 'reqReserved'
  > {
  readonly backUrl: string;
  readonly original: OriginalNames;
}

/** @throws GatewayRefusal 13, 10, or 32 for a kind of trade that this gateway has not */
export function readReturn(fields: Fields, isHostAllowed: (host: string) => boolean): ReturnRequest {
  const txnType = needed(fields, 'txnType');
  if (txnType !== '04' && txnType !== '31') throw new GatewayRefusal('32', 'txnType');
  if (needed(fields, 'txnSubType') !== '00') throw new GatewayRefusal('10', 'txnSubType');
  optional(fields, 'currencyCode');
  return {
    txnType,
    bizType: needed(fields, 'bizType'),
    channelType: needed(fields, 'channelType'),
    orderId: needed(fields, 'orderId'),
    txnTime: neededTime(fields),
    amountMinor: neededAmount(fields),
    reqReserved: optional(fields, 'reqReserved') ?? '',
    backUrl: backUrlOf(fields, isHostAllowed),
    original: originalOf(fields),
  };
}

/** The payment's queryId; or its number and its time, both. */
function originalOf(fields: Fields): OriginalNames {
  const queryId = optional(fields, 'origQryId');
  if (queryId !== undefined) return { queryId, orderId: optional(fields, 'origOrderId') };
  return { orderId: needed(fields, 'origOrderId'), txnTime: needed(fields, 'origTxnTime') };
}

/** The sandbox sends nothing to hosts that nobody named: a request must not make it call around. */
function backUrlOf(fields: Fields, isHostAllowed: (host: string) => boolean): string {
  const text = needed(fields, 'backUrl');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || !isHostAllowed(url.hostname))
    throw new GatewayRefusal('10', 'backUrl');
  return text;
}
