/** The overdue list for spreadsheets: numbers stay text, and nothing that a channel wrote becomes a formula. */
import { expect, test } from 'vitest';
import { WECHAT_DESK } from '../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../channels/wechat/proof-numbers.ts';
import { overdueCsv } from '../../cli/commands/overdue-csv.ts';
import { lateRefund } from '../../domain/overdue/late-refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import type { OverdueRow } from '../../store/overdue-list.ts';

const instant = new Date('2026-11-19T16:00:00Z');

const ROW: OverdueRow = {
  id: 1n,
  ...{ refundNo: 'RF1', merchantId: 'shop', accountId: 'wx-1', channel: 'wechat', externalId: '1900000109' },
  ...{ paymentNo: '20261101000000000034', amountMinor: 2_345n, currency: 'CNY' },
  ...{ state: 'processing', stateReason: null, level: 1, requestedAt: instant, acceptedAt: null },
  ...{ promiseAt: instant, alarmAt: null, escalateAt: null, overdueSince: instant },
  ...{ channelRefundNo: null, transactionId: '4200002026110100000000001', clearingDate: null, landsIn: null },
  ...{ flaw: null, bankLeg: null, lastAskedAt: instant, lastAnswer: '=HYPERLINK("http://x")' },
  ...{ unansweredAt: null, unansweredWhy: null },
};

test('a line for each refund, under one head', () => {
  const late = lateRefund(ROW, {
    channel: { desk: WECHAT_DESK, proofNumbers: wechatProofNumbers },
    now: new Date('2026-11-24T02:00:00Z'),
    calendar: chinaCalendar,
  });

  const [head = '', line = '', ...rest] = overdueCsv([late]).split('\r\n');

  expect(head).toMatch(/^\uFEFFrefund_no,merchant_id,channel,amount_minor,/);
  expect(line).toMatch(/^RF1,shop,wechat,2345,23\.45,3,promise_missed,processing,with_channel,/);
  expect(line).toContain(`"'=HYPERLINK(""http://x"")"`);
  expect(line).toContain('"4200002026110100000000001\t"');
  expect(line).toContain('微信退款单号 渠道尚未提供');
  expect(rest).toEqual(['']);
  expect(overdueCsv([]).split('\r\n')).toHaveLength(2);
});
