import type { ChannelAccount, ReadKeyFile } from '../channel.ts';
import { loadUnionpayAccount } from './account.ts';
import { unionpayChannel } from './unionpay-channel.ts';

/** A UnionPay merchant. @throws AppError `config_invalid` */
export function readUnionpayAccount(entry: unknown, readFile: ReadKeyFile, wallNow: Date): ChannelAccount {
  const account = loadUnionpayAccount(entry, readFile, wallNow);
  return {
    id: account.id,
    merchantId: account.merchantId,
    channel: 'unionpay',
    externalId: account.merId,
    addresses: { gateway_base: account.gatewayBase, file_url: account.fileUrl, back_url: account.backUrl },
    certificates: account.ownCertificates,
    open: (deps) => unionpayChannel(account, deps),
  };
}
