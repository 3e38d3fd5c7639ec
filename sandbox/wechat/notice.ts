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
  /** The body to post; sealed anew each time. */
  seal(apiV3Key: string): string;
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
  const noticeId = randomUUID();
  const eventType = `REFUND.${status}` as const;
  const content = JSON.stringify(noticeContent(refund, status, atMs, surplusMinor));
  return {
    refundNo: refund.outRefundNo,
    noticeId,
    eventType,
    url,
    refund,
    seal: (apiV3Key) =>
      JSON.stringify({
        id: noticeId,
        create_time: rfc3339(atMs),
        resource_type: 'encrypt-resource',
        event_type: eventType,
        summary: SUMMARY[status],
        resource: { original_type: 'refund', ...seal(apiV3Key, 'refund', content) },
      }),
  };
}
