import type { RefundNoRule } from '../../domain/ids.ts';
import type { ChannelLimits } from '../channel.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** out_request_no: another payment may have a refund of the same number. */
export const ALIPAY_REFUND_NO: RefundNoRule = {
  pattern: /^[0-9A-Za-z_-]{1,64}$/,
  says: '1 to 64 digits, letters, _ and -',
  uniqueTailDigits: null,
  uniqueWithin: 'payment',
};

/** Alipay's documented rules for refunds and statements; the deadline is the contract's. */
export function alipayLimits(refundableForMs: number): ChannelLimits {
  return {
    refundNo: ALIPAY_REFUND_NO,
    refundableForMs,
    // Alipay documents no number of parts.
    partsPerPayment: 1_000,
    spacingPerPaymentMs: 3 * SECOND_MS,
    // "Query at the earliest ten seconds after the refund."
    absenceGraceMs: 10 * SECOND_MS,
    silentAttemptsMax: 6,
    pollLadderMs: [
      ...[10, 30].map((seconds) => seconds * SECOND_MS),
      ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE_MS),
      HOUR_MS,
    ],
    bankLegPollMs: DAY_MS,
    // Made by 09:00 on the next day; the channel asks to fetch after 10:00.
    statementReadyAfterMs: 10 * HOUR_MS,
    emptyAfterMs: 12 * HOUR_MS,
    statementKinds: ['trade', 'fund_flow'],
  };
}
