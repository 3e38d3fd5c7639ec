/** The channels of the demo. A new channel gets its line here. */
import { ALIPAY } from './alipay.ts';
import type { DemoChannels } from './trouble.ts';
import { UNIONPAY } from './unionpay.ts';
import { WECHAT } from './wechat.ts';

export const DEMO_CHANNELS: DemoChannels = [WECHAT, ALIPAY, UNIONPAY];
