import type { ChannelAccount } from '../channel.ts';
import { loadAlipayAccount } from './account.ts';
import { alipayChannel } from './alipay-channel.ts';

/** An Alipay application of a merchant. @throws AppError `config_invalid` */
export function readAlipayAccount(
  entry: unknown,
  readFile: (path: string) => string,
  wallNow: Date,
): ChannelAccount {
  const account = loadAlipayAccount(entry, readFile, wallNow);
  return {
    id: account.id,
    merchantId: account.merchantId,
    channel: 'alipay',
    externalId: account.sellerId,
    addresses: { gateway_url: account.gatewayUrl },
    certificates: account.trust.mode === 'key' ? [] : account.trust.certificates,
    open: (deps) => alipayChannel(account, deps),
  };
}
