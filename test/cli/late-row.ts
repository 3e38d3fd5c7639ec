/** A flagged refund as the books list it. */
import type { OverdueRow } from '../../store/overdue-list.ts';

const instant = new Date('2026-11-19T16:00:00Z');

export const LATE_ROW: OverdueRow = {
  id: 1n,
  ...{ refundNo: 'RF1', merchantId: 'shop', accountId: 'wx-1', channel: 'wechat', externalId: '1900000109' },
  ...{ paymentNo: '20261101000000000034', amountMinor: 2_345n, currency: 'CNY' },
  ...{ state: 'processing', stateReason: null, level: 1, requestedAt: instant, acceptedAt: null },
  goodsReceivedAt: null,
  ...{ promiseAt: instant, alarmAt: null, escalateAt: null, overdueSince: instant },
  ...{ channelRefundNo: null, transactionId: '4200002026110100000000001', clearingDate: null, landsIn: null },
  ...{ flaw: null, bankLeg: null, lastAskedAt: instant, lastAnswer: '=HYPERLINK("http://x")' },
  ...{ unansweredAt: null, unansweredWhy: null },
};
