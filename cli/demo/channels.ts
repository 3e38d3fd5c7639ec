/** The channels of the demo. A new channel gets its line here. */
import type { DemoChannels } from './trouble.ts';
import { WECHAT } from './wechat.ts';

export const DEMO_CHANNELS: DemoChannels = [WECHAT];
