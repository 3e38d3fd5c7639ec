import type { RefundReport } from '../../channels/channel.ts';
import type { ChannelReport, ObservationSource } from '../../domain/refund/observation.ts';

/** The channel's word about a refund as evidence. Absent facts stay absent rather than null. */
export function reportObservation(
  report: RefundReport,
  base: { readonly source: ObservationSource; readonly ref: string; readonly at: string },
): ChannelReport {
  return {
    ...base,
    kind: 'channel_report',
    status: report.status,
    ...(report.amountMinor === null ? {} : { amountMinor: report.amountMinor.toString() }),
    ...(report.payerAmountMinor === null ? {} : { payerAmountMinor: report.payerAmountMinor.toString() }),
    ...(report.channelRefundNo === null ? {} : { channelRefundNo: report.channelRefundNo }),
    ...(report.transactionId === null ? {} : { transactionId: report.transactionId }),
    ...(report.acceptedAt === null ? {} : { acceptedAt: report.acceptedAt.toISOString() }),
    ...(report.succeededAt === null ? {} : { succeededAt: report.succeededAt.toISOString() }),
    ...(report.landsIn === null ? {} : { landsIn: report.landsIn }),
  };
}
