import type { ChannelAccount } from '../channel.ts';
import { loadWechatAccount } from './account.ts';
import { wechatChannel } from './wechat-channel.ts';

/** A WeChat Pay merchant. @throws AppError `config_invalid` */
export function readWechatAccount(entry: unknown, readFile: (path: string) => string): ChannelAccount {
  const account = loadWechatAccount(entry, readFile);
  return {
    id: account.id,
    merchantId: account.merchantId,
    channel: 'wechat',
    externalId: account.mchid,
    addresses: { api_base: account.apiBase, notify_url: account.notifyUrl },
    // Its merchant certificate is named by serial only; platform certificates are fetched while it runs.
    certificates: [],
    open: (deps) => wechatChannel(account, deps),
  };
}
