/** Builds one channel per configured account. */
import { randomBytes } from 'node:crypto';
import type { Channels } from '../activities/deps.ts';
import type { Channel } from '../channels/channel.ts';
import { wechatChannel } from '../channels/wechat/wechat-channel.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Accounts } from './accounts.ts';

export interface ChannelRegistry extends Channels {
  find(accountId: string): Channel | undefined;
  readonly accountIds: readonly string[];
}

export function buildChannels(accounts: Accounts, clock: Clock): ChannelRegistry {
  const byId = new Map(
    accounts.wechat.map((account) => [
      account.id,
      { account, channel: wechatChannel(account, { clock, randomBytes }) },
    ]),
  );
  const entry = (accountId: string) => {
    const found = byId.get(accountId);
    if (found === undefined) throw new AppError('account_unknown', { account_id: accountId });
    return found;
  };
  return {
    get: (accountId) => entry(accountId).channel,
    find: (accountId) => byId.get(accountId)?.channel,
    externalId: (accountId) => entry(accountId).account.mchid,
    accountIds: [...byId.keys()],
  };
}
