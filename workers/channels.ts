/** Which channels there are, and one of them for each configured account. A new channel gets its line here. */
import { randomBytes } from 'node:crypto';
import type { Channels } from '../activities/deps.ts';
import { readAlipayAccount } from '../channels/alipay/read-account.ts';
import type { Channel, ReadAccount } from '../channels/channel.ts';
import type { KeepUnbelieved } from '../channels/unbelieved.ts';
import { readUnionpayAccount } from '../channels/unionpay/read-account.ts';
import { readWechatAccount } from '../channels/wechat/read-account.ts';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { Accounts } from './accounts.ts';

export const READ_ACCOUNT: Readonly<Record<ChannelName, ReadAccount>> = {
  wechat: readWechatAccount,
  alipay: readAlipayAccount,
  unionpay: readUnionpayAccount,
};

export interface ChannelRegistry extends Channels {
  find(accountId: string): Channel | undefined;
  readonly accountIds: readonly string[];
}

/** `keeper` gives what keeps an account's answers that cannot be believed; without it they are gone. */
export function buildChannels(
  { accounts }: Accounts,
  clock: Clock,
  keeper?: (accountId: string) => KeepUnbelieved,
): ChannelRegistry {
  const byId = new Map(
    accounts.map((account) => {
      const keeping = keeper === undefined ? {} : { keepUnbelieved: keeper(account.id) };
      return [account.id, { account, channel: account.open({ clock, randomBytes, ...keeping }) }];
    }),
  );
  const entry = (accountId: string) => {
    const found = byId.get(accountId);
    if (found === undefined) throw new AppError('account_unknown', { account_id: accountId });
    return found;
  };
  return {
    get: (accountId) => entry(accountId).channel,
    find: (accountId) => byId.get(accountId)?.channel,
    externalId: (accountId) => entry(accountId).account.externalId,
    accountIds: [...byId.keys()],
  };
}
