/** Reading UnionPay's notices: a form, decoded once, signed like an answer. Without a time window, so evidence only adds up. */
import type { CallbackMessage, CallbackReading, CallbackReply } from '../channel.ts';
import { decodeForm } from '../form.ts';
import type { Parameters } from '../sorted-pairs.ts';
import type { UnionpayAccount } from './account.ts';
import { whyNotGenuine } from './gateway.ts';
import { withoutEmpty } from './key-values.ts';
import { noticeReport } from './notice-report.ts';

/** txnType of a refund. */
const REFUND = '04';

export function readCallback(
  account: Pick<UnionpayAccount, 'merId' | 'certificates'>,
  message: CallbackMessage,
  wallNow: Date,
): CallbackReading {
  const form = decodeForm(message.body);
  if (form === null) return { verdict: 'refused', code: 'callback_undecipherable', why: 'not a form' };
  const fields = withoutEmpty(form);
  if (fields['signature'] === undefined)
    return { verdict: 'refused', code: 'callback_unsigned', why: 'no signature' };
  const distrust = whyNotGenuine(account, fields, wallNow);
  if (distrust !== null) return { verdict: 'refused', code: distrust.code, why: distrust.why };
  if (fields['merId'] !== account.merId)
    return { verdict: 'refused', code: 'callback_account_differs', why: 'for another merchant' };
  return readNotice(fields);
}

/** UnionPay gives a notice no id: number, time and code make one. */
function readNotice(fields: Parameters): CallbackReading {
  const { orderId, txnTime, respCode, txnType } = fields;
  if (orderId === undefined || txnTime === undefined || respCode === undefined)
    return { verdict: 'refused', code: 'callback_undecipherable', why: 'not a notice as documented' };
  const noticeId = `${orderId}/${txnTime}/${respCode}`;
  const eventType = `txn ${txnType ?? '??'}/${respCode}`.slice(0, 64);
  const report = txnType === REFUND ? noticeReport(fields) : null;
  return report === null
    ? { verdict: 'unhandled', noticeId, eventType }
    : { verdict: 'refund', noticeId, eventType, report };
}

/** Any 200 ends the repeats. */
export function unionpayCallbackReply(fault: { readonly status: number } | null): CallbackReply {
  const type = 'text/plain; charset=utf-8';
  if (fault === null) return { status: 200, body: { type, text: 'ok' } };
  return { status: fault.status, body: { type, text: 'fail' } };
}
