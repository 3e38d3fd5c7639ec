/** What a merchant of this sandbox holds: key files and an entry for the accounts file. */
import type { AccountFiles, AccountOptions } from '../account-files.ts';
import { placed } from '../account-files.ts';
import type { ChannelKeys, MerchantKeys } from './keys.ts';
import { makeChannelKeys, makeMerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';

/** docs/sandbox.md says what each is for. */
const FILES = {
  privateKey: 'apiclient_key.pem',
  publicKey: 'wechatpay_public_key.pem',
  platformCertificate: 'wechatpay_platform_cert.pem',
  apiV3Key: 'api_v3_key',
} as const;

export interface WechatKeys {
  readonly merchant: MerchantKeys;
  readonly channel: ChannelKeys;
}

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeWechatKeys(wallNow: Date): WechatKeys {
  return { merchant: makeMerchantKeys(), channel: makeChannelKeys(wallNow) };
}

/** Another merchant at the same WeChat Pay. */
export function wechatKeysBeside({ channel }: WechatKeys): WechatKeys {
  return { merchant: makeMerchantKeys(), channel };
}

/** What the sandbox is told about a merchant: everything but the private key. */
export function merchantOf(keys: MerchantKeys, notifyUrl: string): SandboxMerchant {
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = keys;
  return { mchid, appid, certificateSerial, publicKeyPem, apiV3Key, notifyUrl };
}

export function wechatAccountFiles({ merchant, channel }: WechatKeys, o: AccountOptions): AccountFiles {
  const names = placed(FILES, o);
  return {
    files: {
      [names.privateKey]: merchant.privateKeyPem,
      [names.publicKey]: channel.publicKeyPem,
      [names.platformCertificate]: channel.platform.certificatePem,
      [names.apiV3Key]: merchant.apiV3Key,
    },
    entry: {
      id: o.accountId,
      channel: 'wechat',
      mchid: merchant.mchid,
      appid: merchant.appid,
      api_base: o.apiBase,
      notify_url: o.notifyUrl,
      certificate_serial: merchant.certificateSerial,
      private_key_file: names.privateKey,
      api_v3_key_file: names.apiV3Key,
      public_keys: [{ id: channel.publicKeyId, file: names.publicKey }],
      fetch_platform_certificates: true,
      bill_hosts: [new URL(o.apiBase).host],
    },
  };
}
