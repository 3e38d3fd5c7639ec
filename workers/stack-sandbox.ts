/** A sandbox for each channel, and the accounts file that lets the system talk to them. Keys live as long as the data do. */
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import { keptKeys, writeAccounts } from '../sandbox/account-files.ts';
import type { ChannelSandbox } from '../sandbox/channel-sandbox.ts';
import { makeWechatKeys, merchantOf, wechatAccountFiles } from '../sandbox/wechat/account-files.ts';
import type { Sandbox as WechatSandbox } from '../sandbox/wechat/server.ts';
import { startSandbox as startWechat } from '../sandbox/wechat/server.ts';

export interface SandboxPlan {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly seed: number;
  /** Port of the api process: callbacks go there. */
  readonly apiPort: number;
}

/** The merchant's account at one channel, and the sandbox that plays the channel. */
export interface SandboxShop {
  readonly channel: ChannelName;
  readonly accountId: string;
  readonly sandbox: ChannelSandbox;
}

export interface SandboxStack {
  readonly shops: readonly SandboxShop[];
  /** WeChat Pay's in its own words. */
  readonly wechat: WechatSandbox;
  readonly accountsFile: string;
  /** The API key that the accounts file lets in. */
  readonly apiKey: string;
  readonly merchantId: string;
  stop(): Promise<void>;
}

const MERCHANT_ID = 'demo-shop';
const WECHAT = 'wx-demo';

export async function sandboxWithAccounts(o: SandboxPlan): Promise<SandboxStack> {
  const folder = join(o.dataDir, 'keys');
  const keys = await keptKeys(folder, { wechat: () => makeWechatKeys(o.clock.wallNow()) });
  const notifyUrl = (channel: ChannelName, accountId: string): string =>
    `http://127.0.0.1:${String(o.apiPort)}/callbacks/${channel}/${accountId}`;

  const toWechat = notifyUrl('wechat', WECHAT);
  const wechat = await startWechat({
    ...{ clock: o.clock, seed: o.seed, keys: keys.wechat.channel },
    merchants: [merchantOf(keys.wechat.merchant, toWechat)],
  });
  const accountsFile = await writeAccounts(
    folder,
    { merchantId: MERCHANT_ID, merchantName: 'Demo shop', yuanluApiKey: keys.yuanluApiKey },
    [wechatAccountFiles(keys.wechat, { accountId: WECHAT, apiBase: wechat.url, notifyUrl: toWechat })],
  );
  const shops: SandboxShop[] = [{ channel: 'wechat', accountId: WECHAT, sandbox: wechat }];
  return {
    ...{ shops, wechat, accountsFile, apiKey: keys.yuanluApiKey, merchantId: MERCHANT_ID },
    stop: async () => {
      await Promise.all(shops.map(({ sandbox }) => sandbox.stop()));
    },
  };
}
