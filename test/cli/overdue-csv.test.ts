/** The overdue list for spreadsheets: numbers stay text, and nothing that a channel wrote becomes a formula. */
import { expect, test } from 'vitest';
import { WECHAT_DESK } from '../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../channels/wechat/proof-numbers.ts';
import { overdueCsv } from '../../cli/commands/overdue-csv.ts';
import { lateRefund } from '../../domain/overdue/late-refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { LATE_ROW } from './late-row.ts';

test('a line for each refund, under one head', () => {
  const late = lateRefund(LATE_ROW, {
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
