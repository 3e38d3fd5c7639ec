/** A notice: the envelope that WeChat Pay posts, with the sealed news inside. */
import { randomUUID } from 'node:crypto';
import { noticeContent } from './answers.ts';
import type { AnyNotice } from '../notice-tries.ts';
import { rfc3339 } from '../instants.ts';
import type { Refund, Verdict } from './model.ts';
import { seal } from './signing.ts';

export interface Notice extends AnyNotice {
  readonly eventType: `REFUND.${Verdict}`;
  readonly refund: Refund;
  readonly status: Verdict;
  readonly atMs: number;
  /** The news, to be sealed. */
  readonly content: string;
}

const SUMMARY: Readonly<Record<Verdict, string>> = {
  SUCCESS: '退款成功',
  CLOSED: '退款关闭',
  ABNORMAL: '退款异常',
};

/** @param surplusMinor by how much its amount is too high */
export function makeNotice(
  refund: Refund,
  url: string,
  { status, atMs }: { readonly status: Verdict; readonly atMs: number },
  surplusMinor: bigint,
): Notice {
  return {
    refundNo: refund.outRefundNo,
    noticeId: randomUUID(),
    eventType: `REFUND.${status}`,
    ...{ url, refund, status, atMs },
    content: JSON.stringify(noticeContent(refund, status, atMs, surplusMinor)),
  };
}

/** The body to post; sealed anew each time. */
export function sealedNotice(
  { noticeId, eventType, status, atMs, content }: Notice,
  apiV3Key: string,
): string {
  return JSON.stringify({
    id: noticeId,
    create_time: rfc3339(atMs),
    resource_type: 'encrypt-resource',
    event_type: eventType,
    summary: SUMMARY[status],
    resource: { original_type: 'refund', ...seal(apiV3Key, 'refund', content) },
  });
}
