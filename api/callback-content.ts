/** What a genuine notice says, in the words in which the inbox keeps it. */
import type { CallbackReading } from '../channels/channel.ts';
import { reportFacts } from '../domain/refund/report.ts';
import type { CallbackContent } from '../store/callbacks.ts';

export function contentOf(reading: Exclude<CallbackReading, { verdict: 'refused' }>): CallbackContent {
  switch (reading.verdict) {
    case 'unhandled':
      return { verdict: 'unhandled', noticeId: reading.noticeId, eventType: reading.eventType };
    case 'refund':
      return {
        verdict: 'refund',
        noticeId: reading.noticeId,
        eventType: reading.eventType,
        refundNo: reading.report.refundNo,
        report: reportFacts(reading.report),
      };
  }
}
