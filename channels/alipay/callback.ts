/**
 * Reading Alipay's notices. Two roads: a refund makes Alipay send the trade's notice again to the address given at the
 * payment, and the end of the way to the bank comes as a message of its own. Neither has a time window: notices are told
 * apart by their id, and evidence only moves a refund forward.
 */
import type { CallbackMessage, CallbackReading, CallbackReply } from '../channel.ts';
import { decodeForm } from '../form.ts';
import type { Parameters } from '../sorted-pairs.ts';
import type { AlipayAccount } from './account.ts';
import type { AnswerKeys } from './answer-keys.ts';
import { depositBackReport, tradeNoticeReport } from './reports.ts';
import { depositBackNoticeSchema, tradeNoticeSchema } from './schemas.ts';
import { isNoticeSignedBy } from './signing.ts';

const DEPOSIT_BACK = 'alipay.trade.refund.depositback.completed';

export async function readCallback(
  account: Pick<AlipayAccount, 'appId' | 'sellerId'>,
  keys: AnswerKeys,
  message: CallbackMessage,
): Promise<CallbackReading> {
  const fields = decodeForm(message.body);
  if (fields === null) return refused('callback_undecipherable', 'not a form');
  if ((fields['sign'] ?? '') === '') return refused('callback_unsigned', 'no signature');
  if (fields['sign_type'] !== 'RSA2')
    return refused('callback_signature_invalid', 'signed with another algorithm');
  const found = await keys.find(fields['alipay_cert_sn'] ?? null);
  if (!found.known) return refused(found.code, found.why);
  if (!found.keys.some((key) => isNoticeSignedBy(fields, key)))
    return refused('callback_signature_invalid', 'the signature is not over this content');
  if (fields['app_id'] !== account.appId)
    return refused('callback_account_differs', 'for another application');
  if (fields['seller_id'] !== undefined && fields['seller_id'] !== account.sellerId)
    return refused('callback_account_differs', 'for another merchant');
  return fields['msg_method'] === undefined ? readTradeNotice(fields) : readAppMessage(fields);
}

function refused(
  code: Extract<CallbackReading, { verdict: 'refused' }>['code'],
  why: string,
): CallbackReading {
  return { verdict: 'refused', code, why };
}

/** Only notices with the marks of a refund are about one: the same notice tells of payments and closed trades. */
function readTradeNotice(fields: Parameters): CallbackReading {
  const noticeId = fields['notify_id'] ?? '';
  const eventType = `trade/${fields['trade_status'] ?? 'unknown'}`.slice(0, 64);
  if (noticeId === '') return refused('callback_undecipherable', 'no notice id');
  // What is empty is not signed: it is as good as not there.
  const isRefund = (fields['refund_fee'] ?? '') !== '' && (fields['gmt_refund'] ?? '') !== '';
  if (!isRefund) return { verdict: 'unhandled', noticeId, eventType };
  const notice = tradeNoticeSchema.safeParse(fields);
  if (!notice.success) return refused('callback_undecipherable', 'not a refund notice as documented');
  // Without a number of our own Alipay names the trade there: a refund that another product made.
  const isOurs =
    notice.data.out_biz_no !== notice.data.out_trade_no && notice.data.out_biz_no !== notice.data.trade_no;
  if (!isOurs) return { verdict: 'unhandled', noticeId, eventType };
  return { verdict: 'refund', noticeId, eventType, report: tradeNoticeReport(notice.data) };
}

function readAppMessage(fields: Parameters): CallbackReading {
  const noticeId = fields['notify_id'] ?? '';
  const eventType = (fields['msg_method'] ?? '').slice(0, 64);
  if (noticeId === '') return refused('callback_undecipherable', 'no notice id');
  if (eventType !== DEPOSIT_BACK) return { verdict: 'unhandled', noticeId, eventType };
  const content = depositBackNoticeSchema.safeParse(parseJson(fields['biz_content'] ?? ''));
  if (!content.success) return refused('callback_undecipherable', 'not a deposit-back message as documented');
  return { verdict: 'refund', noticeId, eventType, report: depositBackReport(content.data) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one word that ends the repeats, seven characters and nothing around them; anything else brings them on. */
export function alipayCallbackReply(fault: { readonly status: number } | null): CallbackReply {
  const type = 'text/plain; charset=utf-8';
  if (fault === null) return { status: 200, body: { type, text: 'success' } };
  return { status: fault.status, body: { type, text: 'fail' } };
}
