/** The overdue refunds at the end of the demo: by channel, every number once, and whom it is for. */
import { describe, expect, test } from 'vitest';
import { toOverdueResource } from '../../api/overdue-resource.ts';
import { ALIPAY_DESK } from '../../channels/alipay/desk.ts';
import { alipayProofNumbers } from '../../channels/alipay/proof-numbers.ts';
import { WECHAT_DESK } from '../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../channels/wechat/proof-numbers.ts';
import { overdueText } from '../../cli/demo/overdue-text.ts';
import { lateRefund } from '../../domain/overdue/late-refund.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { LATE_ROW } from './late-row.ts';

const CHANNELS = {
  wechat: { desk: WECHAT_DESK, proofNumbers: wechatProofNumbers },
  alipay: { desk: ALIPAY_DESK, proofNumbers: alipayProofNumbers },
} as const;

function entry(refundNo: string, channel: Extract<ChannelName, keyof typeof CHANNELS> = 'wechat') {
  const now = new Date('2026-11-24T02:00:00Z');
  const row = { ...LATE_ROW, refundNo, channel };
  return toOverdueResource(lateRefund(row, { channel: CHANNELS[channel], now, calendar: chinaCalendar }));
}

describe('the overdue list of the demo', () => {
  test('says of each number whom it is for, once for a channel, and shows it for every refund', () => {
    const text = overdueText([entry('RF1'), entry('RF2', 'alipay'), entry('RF3')]);

    expect(text).toContain(
      "  微信退款单号 (WeChat Pay refund number): for WeChat Pay's support; for the payer's bank; for WeChat Pay's merchant service",
    );
    expect(text.match(/微信退款单号 \(/g)).toHaveLength(1);
    expect(text).toContain(
      "  refund (商户退款单号, merchant refund number): for WeChat Pay's merchant service",
    );
    expect(text).toMatch(/^wechat: 2 refunds late$/m);
    expect(text).toMatch(
      /^RF1 +23\.45 +3 +promise_missed +processing .*not given yet +4200002026110100000000001$/m,
    );
  });

  test('says what the payer tells the bank where no number is for it', () => {
    expect(overdueText([entry('RF2', 'alipay')])).toContain(ALIPAY_DESK.atTheBank.en);
    expect(overdueText([entry('RF1')])).not.toContain(WECHAT_DESK.atTheBank.en);
  });

  test('shows ten of a channel and counts the rest', () => {
    const text = overdueText(Array.from({ length: 12 }, (_, n) => entry(`RF${String(n)}`)));

    expect(text).toMatch(/^and 2 more$/m);
    expect(text).not.toContain('RF10 ');
    expect(overdueText([])).toBe('Nothing is overdue.');
  });
});
