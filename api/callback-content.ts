/** What a notice says, in the words in which the inbox keeps it. */
import type { CallbackReading, RefundReport } from '../channels/channel.ts';
import type { ChannelReport } from '../domain/refund/observation.ts';
import type { CallbackContent } from '../store/callbacks.ts';

export function contentOf(reading: CallbackReading): CallbackContent {
  switch (reading.verdict) {
    case 'refused':
      return { verdict: 'refused', code: reading.code };
    case 'unhandled':
      return { verdict: 'unhandled', noticeId: reading.noticeId, eventType: reading.eventType };
    case 'refund':
      return {
        verdict: 'refund',
        noticeId: reading.noticeId,
        eventType: reading.eventType,
        refundNo: reading.report.refundNo,
        report: reportOf(reading.report),
      };
  }
}

/** The report as evidence; what the channel left out stays out. */
function reportOf(report: RefundReport): Omit<ChannelReport, 'source' | 'ref' | 'at'> {
  return {
    kind: 'channel_report',
    status: report.status,
    ...(report.channelRefundNo === null ? {} : { channelRefundNo: report.channelRefundNo }),
    ...(report.transactionId === null ? {} : { transactionId: report.transactionId }),
    ...(report.amountMinor === null ? {} : { amountMinor: report.amountMinor.toString() }),
    ...(report.payerAmountMinor === null ? {} : { payerAmountMinor: report.payerAmountMinor.toString() }),
    ...(report.acceptedAt === null ? {} : { acceptedAt: report.acceptedAt.toISOString() }),
    ...(report.succeededAt === null ? {} : { succeededAt: report.succeededAt.toISOString() }),
    ...(report.landsIn === null ? {} : { landsIn: report.landsIn }),
  };
}
