/** F9: which channels send an abnormal refund elsewhere, and that one which cannot says so. */
import { describe, expect, test } from 'vitest';
import type { ChannelName } from '../../../domain/refund/refund.ts';
import { atEveryChannel } from './stands.ts';

/** Alipay puts what a bank does not take into the payer's wallet; at UnionPay it is arranged with the acquirer. */
const BANKS: Readonly<Record<ChannelName, number | null>> = { wechat: 15, alipay: null, unionpay: null };

describe('an abnormal refund', () => {
  atEveryChannel((stand) => {
    test('can be sent elsewhere where the channel has a call for it, and only there', () => {
      expect(stand.channel().redirect?.banks.length ?? null).toBe(BANKS[stand.name]);
    });

    test.each([0n, -1n])('I14: of %d fen is never sent on', async (amountMinor) => {
      const { redirect } = stand.channel();
      if (redirect === null) return;
      const order = { ...stand.order, channelRefundNo: '50300807092021020105990201735', amountMinor };
      const before = stand.sent().length;

      await expect(redirect.send(order, { to: 'merchant_account' })).rejects.toMatchObject({
        code: 'amount_invalid',
      });
      expect(stand.sent()).toHaveLength(before);
    });
  });
});
