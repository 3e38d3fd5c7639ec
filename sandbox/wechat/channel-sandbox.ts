/** WeChat Pay's sandbox in the words that all channels share. */
import type { ChannelSandbox } from '../channel-sandbox.ts';
import type { Sandbox } from './server.ts';
import type { RefundTrouble } from './troubles.ts';

/** The first merchant of it. */
export function channelSandbox(sandbox: Sandbox): ChannelSandbox<RefundTrouble> {
  return sandbox;
}
