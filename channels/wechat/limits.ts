import type { ChannelLimits } from '../channel.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** WeChat Pay's documented rules for refunds and statements (APIv3: create a refund, query a refund, trade bill). */
export const WECHAT_LIMITS: ChannelLimits = {
  refundNo: {
    pattern: /^[0-9A-Za-z_\-|*@]{1,64}$/,
    says: '1 to 64 digits, letters and _-|*@',
    uniqueTailDigits: null,
  },
  refundableForMs: 365 * DAY_MS,
  partsPerPayment: 50,
  spacingPerPaymentMs: MINUTE_MS,
  absenceGraceMs: MINUTE_MS,
  // Every minute for five minutes, then 5, 10, 20, 30 minutes; cards take days, so the gaps grow to six hours.
  silentAttemptsMax: null,
  pollLadderMs: [
    ...[1, 1, 1, 1, 1, 5, 10, 20, 30, 30].map((minutes) => minutes * MINUTE_MS),
    ...[1, 1, 2, 4, 6].map((hours) => hours * HOUR_MS),
  ],
  // This channel does not tell of the way to the bank: its own success is the last word.
  bankLegPollMs: null,
  // Made from 09:00 on the next day; the channel asks to fetch after 10:00.
  statementReadyAfterMs: 10 * HOUR_MS,
  emptyAfterMs: 12 * HOUR_MS,
  // As far as every merchant has them; the account says of which fund accounts besides.
  statementKinds: ['trade', 'fund_flow'],
};
