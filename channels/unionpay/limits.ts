import type { RefundNoRule } from '../../domain/ids.ts';
import type { ChannelLimits } from '../channel.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The order numbers that UnionPay takes. Ours are narrower, see below; those of other systems are in its files as well. */
export const UNIONPAY_ORDER_ID: RefundNoRule = {
  pattern: /^[0-9A-Za-z]{8,32}$/,
  says: '8 to 32 digits and letters',
  uniqueTailDigits: null,
};

/** UnionPay's documented rules for refunds and statements. */
export const UNIONPAY_LIMITS: ChannelLimits = {
  refundNo: {
    pattern: /^[0-9A-Za-z]{0,20}[0-9]{12}$/,
    says: '12 to 32 digits and letters, the last 12 of them digits that no other refund has',
    // They become the number by which the payer's bank knows the refund.
    uniqueTailDigits: 12,
  },
  // Eleven months, counted as the shortest that there are.
  refundableForMs: 334 * DAY_MS,
  partsPerPayment: 1_000,
  spacingPerPaymentMs: 0,
  // A refund may stay invisible for minutes after it was taken.
  absenceGraceMs: 5 * MINUTE_MS,
  silentAttemptsMax: 6,
  // Its advice for calls from a server, then the statement decides; a few questions a day do no harm.
  pollLadderMs: [
    ...[2, 4, 8, 16, 32].map((seconds) => seconds * SECOND_MS),
    ...[5, 30, 120].map((minutes) => minutes * MINUTE_MS),
    6 * HOUR_MS,
  ],
  // This channel does not tell of the way to the bank.
  bankLegPollMs: null,
  // The clearing day ends at 23:00; its file is there in the morning.
  statementReadyAfterMs: 9 * HOUR_MS,
  emptyAfterMs: 12 * HOUR_MS,
  statementKinds: ['trade'],
};
