/** Our own client at a shop's sandbox, as the shop's merchant. */
import { createPublicKey, randomBytes } from 'node:crypto';
import type { Channel } from '../../../channels/channel.ts';
import type { WechatAccount } from '../../../channels/wechat/account.ts';
import { wechatChannel } from '../../../channels/wechat/wechat-channel.ts';
import type { Shop } from './shop.ts';

export function ourChannel(shop: Shop, fundAccounts: WechatAccount['fundAccounts'] = ['basic']): Channel {
  const { sandbox, merchant } = shop;
  const account = {
    ...{ id: 'wx-1', merchantId: 'shop', mchid: merchant.mchid, appid: merchant.appid, fundAccounts },
    ...{
      apiBase: sandbox.url,
      notifyUrl: `${sandbox.url}/nowhere`,
      billHosts: new Set([new URL(sandbox.url).host]),
    },
    ...{ certificateSerial: merchant.serial, privateKey: merchant.privateKey },
    apiV3Key: Buffer.from(merchant.apiV3Key),
  };
  const publicKeys = new Map([[sandbox.keys.publicKeyId, createPublicKey(sandbox.keys.publicKeyPem)]]);
  const keys = { publicKeys, fetchPlatformCertificates: false };
  const now = (): Date => new Date();
  const clock = { now, wallNow: now, toWallMs: (ms: number) => ms };
  return wechatChannel({ ...account, ...keys }, { clock, randomBytes });
}
