/** What a channel says of one refund, by whatever way it says it, and the same as evidence. */
import type { BankLeg, ChannelReport, ChannelStatus, FundAccount } from './observation.ts';

/** How the channel says a refund stands. */
export interface RefundReport {
  readonly status: ChannelStatus;
  readonly refundNo: string;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly amountMinor: bigint | null;
  readonly payerAmountMinor: bigint | null;
  /** What was given back of the payment so far, this refund included, where the channel names that sum. */
  readonly refundedSoFarMinor?: bigint;
  /** The merchant's number of the payment, and what was captured of it, where the channel's notices name them. */
  readonly paymentNo?: string;
  readonly capturedMinor?: bigint;
  /** What the payer's bank was given of it, where the channel names that part. */
  readonly bankAmountMinor?: bigint;
  /** Our own instant of the request, to the second, where the channel's notices name a refund by number and time. */
  readonly requestedAt?: Date;
  readonly acceptedAt: Date | null;
  readonly succeededAt: Date | null;
  readonly landsIn: string | null;
  /** It lands on the merchant's own account: the payer is not paid by it. Left out where it goes to the payer. */
  readonly returnedToMerchant?: true;
  /** The merchant's fund account that pays it, where it is not the ordinary one. */
  readonly fundAccount?: FundAccount;
  /** What the channel itself says is wrong with it, where it says so: see {@link ChannelReport}. */
  readonly flaw?: string;
  /** The day on which the channel clears it, as it prints it, where it names one. */
  readonly clearingDate?: string;
  /** The way from the channel to the payer's bank, where the channel tells of it; absent where it does not. */
  readonly bankLeg?: BankLegReport;
}

export interface BankLegReport {
  readonly status: BankLeg | 'none';
  /** When the channel expects the bank to have posted it. */
  readonly estimateAt: Date | null;
  /** When the bank itself acknowledged it, where the channel tells that. */
  readonly acknowledgedAt?: Date;
}

/** The report as evidence, still without its source. What the channel left out stays out. */
export function reportFacts(report: RefundReport): Omit<ChannelReport, 'source' | 'ref' | 'at'> {
  const { status, amountMinor, payerAmountMinor, channelRefundNo, transactionId, landsIn, bankLeg } = report;
  const { refundedSoFarMinor, bankAmountMinor, requestedAt, flaw, clearingDate } = report;
  const { paymentNo, capturedMinor, fundAccount, returnedToMerchant } = report;
  return {
    kind: 'channel_report',
    status,
    ...(amountMinor === null ? {} : { amountMinor: amountMinor.toString() }),
    ...(payerAmountMinor === null ? {} : { payerAmountMinor: payerAmountMinor.toString() }),
    ...(refundedSoFarMinor === undefined ? {} : { refundedSoFarMinor: refundedSoFarMinor.toString() }),
    ...(paymentNo === undefined ? {} : { paymentNo }),
    ...(capturedMinor === undefined ? {} : { capturedMinor: capturedMinor.toString() }),
    ...(bankAmountMinor === undefined ? {} : { bankAmountMinor: bankAmountMinor.toString() }),
    ...(requestedAt === undefined ? {} : { requestedAt: requestedAt.toISOString() }),
    ...(channelRefundNo === null ? {} : { channelRefundNo }),
    ...(transactionId === null ? {} : { transactionId }),
    ...(report.acceptedAt === null ? {} : { acceptedAt: report.acceptedAt.toISOString() }),
    ...(report.succeededAt === null ? {} : { succeededAt: report.succeededAt.toISOString() }),
    ...(landsIn === null ? {} : { landsIn }),
    ...(fundAccount === undefined ? {} : { fundAccount }),
    ...(returnedToMerchant === undefined ? {} : { returnedToMerchant }),
    ...(flaw === undefined ? {} : { flaw }),
    ...(clearingDate === undefined ? {} : { clearingDate }),
    ...(bankLeg === undefined ? {} : bankLegFacts(bankLeg)),
  };
}

function bankLegFacts(
  leg: BankLegReport,
): Pick<ChannelReport, 'bankLeg' | 'arrivalEstimateAt' | 'bankAcknowledgedAt'> {
  const { status, estimateAt, acknowledgedAt } = leg;
  return {
    bankLeg: status,
    ...(estimateAt === null ? {} : { arrivalEstimateAt: estimateAt.toISOString() }),
    ...(acknowledgedAt === undefined ? {} : { bankAcknowledgedAt: acknowledgedAt.toISOString() }),
  };
}
