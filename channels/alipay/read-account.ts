import type { ChannelAccount } from '../channel.ts';
import { loadAlipayAccount } from './account.ts';
import { alipayChannel } from './alipay-channel.ts';

/** An Alipay application of a merchant. @throws AppError `config_invalid` */
export function readAlipayAccount(entry: unknown, readFile: (path: string) => string): ChannelAccount {
  const account = loadAlipayAccount(entry, readFile);
  return {
    id: account.id,
    merchantId: account.merchantId,
    channel: 'alipay',
    externalId: account.sellerId,
    addresses: { gateway_url: account.gatewayUrl },
    open: (deps) => alipayChannel(account, deps),
  };
}
