/** Every channel's stand. */
import { afterAll, describe } from 'vitest';
import type { ChannelName } from '../../../domain/refund/refund.ts';
import { openAlipayStand } from './alipay-stand.ts';
import type { Stand } from './stand.ts';
import { openUnionpayStand } from './unionpay-stand.ts';
import { openWechatStand } from './wechat-stand.ts';

export const STANDS: Readonly<Record<ChannelName, () => Promise<Stand>>> = {
  wechat: openWechatStand,
  alipay: openAlipayStand,
  unionpay: openUnionpayStand,
};

/** Makes promises about every channel. The stand is open while its tests run. */
export function atEveryChannel(promises: (stand: Stand) => void): void {
  for (const [name, open] of Object.entries(STANDS)) {
    describe(name, async () => {
      const stand = await open();
      afterAll(() => stand.stop());
      promises(stand);
    });
  }
}
