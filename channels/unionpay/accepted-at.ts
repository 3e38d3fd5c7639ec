/** When UnionPay took a transaction. Our own `txnTime` says only when the refund was asked for, and is sent again unchanged. */
import { beijingDateOf, readBeijingTime } from '../../domain/time/plain-date.ts';
import type { Parameters } from '../sorted-pairs.ts';
import { timeNear } from './trace-time.ts';

/** Two digits of a kind (in old ones those of the century), `yyMMddHHmmss`, the trace number and one more. */
const QUERY_ID = /^\d{2}(\d{2})(\d{10})\d{7}$/;

/** By its trace, else by the number that it gave the transaction; null where neither says so. */
export function acceptedAtOf(fields: Parameters, requestedAt: Date): Date | null {
  return traceTimeOf(fields['traceTime'], requestedAt) ?? queryIdTimeOf(fields['queryId']);
}

/** `MMddHHmmss` in Beijing, in the year nearest to the request. */
function traceTimeOf(text: string | undefined, requestedAt: Date): Date | null {
  const time = text === undefined ? null : timeNear(beijingDateOf(requestedAt), text);
  return time === null ? null : readBeijingTime(time);
}

function queryIdTimeOf(queryId: string | undefined): Date | null {
  const parts = QUERY_ID.exec(queryId ?? '');
  if (parts === null) return null;
  const [, year = '', rest = ''] = parts;
  const time = timeNear(`20${year}-${rest.slice(0, 2)}-01`, rest);
  return time === null ? null : readBeijingTime(time);
}
