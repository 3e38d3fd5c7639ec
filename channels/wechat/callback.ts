/** Reading WeChat Pay's refund notices: verify the raw bytes, then decrypt, then read. Nothing is applied here. */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { CallbackMessage, CallbackReading, CallbackReply } from '../channel.ts';
import type { WechatAccount } from './account.ts';
import { open } from './decrypt.ts';
import type { KeyRing } from './keys.ts';
import { parseJson } from './keys.ts';
import { noticeReport } from './reports.ts';
import { noticeSchema, refundNoticeSchema } from './schemas.ts';
import { verifyMessage } from './verification.ts';

const REFUND_EVENTS: ReadonlySet<string> = new Set(['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED']);

export async function readCallback(
  account: Pick<WechatAccount, 'mchid' | 'apiV3Key'>,
  keys: KeyRing,
  clock: Clock,
  message: CallbackMessage,
): Promise<CallbackReading> {
  const verdict = await verifyMessage(
    { header: (name) => message.headers[name], body: message.body },
    keys,
    clock.wallNow(),
  );
  if (!verdict.genuine) return { verdict: 'refused', code: verdict.code, why: verdict.why };
  try {
    return readNotice(account, message.body);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { verdict: 'refused', code: error.code, why: error.message };
  }
}

function readNotice(account: Pick<WechatAccount, 'mchid' | 'apiV3Key'>, body: Buffer): CallbackReading {
  const notice = noticeSchema.safeParse(parseJson(body));
  if (!notice.success) throw new AppError('callback_undecipherable', { why: 'not a notice as documented' });
  const { id: noticeId, event_type: eventType, resource } = notice.data;
  if (!REFUND_EVENTS.has(eventType)) return { verdict: 'unhandled', noticeId, eventType };
  const content = refundNoticeSchema.safeParse(parseJson(open(resource, account.apiV3Key)));
  if (!content.success)
    throw new AppError('callback_undecipherable', { why: 'the content is not a refund as documented' });
  if (content.data.mchid !== account.mchid)
    throw new AppError('callback_account_differs', { why: 'the notice is for another merchant' });
  const report = noticeReport(content.data);
  return report === null
    ? { verdict: 'unhandled', noticeId, eventType }
    : { verdict: 'refund', noticeId, eventType, report };
}

/** 204 for a notice that was kept; anything else, with the documented body, makes the channel send it again. */
export function wechatCallbackReply(
  fault: { readonly status: number; readonly title: string } | null,
): CallbackReply {
  if (fault === null) return { status: 204, body: null };
  const text = JSON.stringify({ code: 'FAIL', message: fault.title });
  return { status: fault.status, body: { type: 'application/json; charset=utf-8', text } };
}
