/** Merchant m1's account wx-1 as a real WeChat Pay account of a sandbox on loopback, and notices that WeChat Pay would sign. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Channel } from '../../channels/channel.ts';
import { loadWechatAccount } from '../../channels/wechat/account.ts';
import { wechatChannel } from '../../channels/wechat/wechat-channel.ts';
import type { ChannelKeys, MerchantKeys } from '../../sandbox/wechat/keys.ts';
import { makeChannelKeys, makeMerchantKeys } from '../../sandbox/wechat/keys.ts';
import type { Sandbox } from '../../sandbox/wechat/server.ts';
import { startSandbox } from '../../sandbox/wechat/server.ts';
import type { Spoilt } from '../../sandbox/wechat/signing.ts';
import { seal, signatureHeaders, signerOf } from '../../sandbox/wechat/signing.ts';
import { NOW } from './api-under-test.ts';

export interface WechatShop {
  readonly keys: MerchantKeys;
  readonly channelKeys: ChannelKeys;
  readonly sandbox: Sandbox;
  /** Business time and wall time of the channel's client and of the sandbox; set by hand. */
  readonly clock: { at: Date; wallAt: Date };
  readonly channel: Channel;
}

/** `apiPort`: where the sandbox sends its notices. */
export async function wechatShop(apiPort: number): Promise<WechatShop> {
  const keys = makeMerchantKeys();
  const channelKeys = makeChannelKeys(NOW);
  const at = { at: NOW, wallAt: NOW };
  const clock = { now: () => at.at, wallNow: () => at.wallAt, toWallMs: (ms: number) => ms };
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = keys;
  const sandbox = await startSandbox({
    clock,
    merchants: [{ mchid, appid, certificateSerial, publicKeyPem, apiV3Key }],
    keys: channelKeys,
  });
  const files: Readonly<Record<string, string>> = {
    'merchant.pem': keys.privateKeyPem,
    'v3.txt': apiV3Key,
    'public.pem': channelKeys.publicKeyPem,
  };
  const account = loadWechatAccount(
    {
      id: 'wx-1',
      merchant_id: 'm1',
      channel: 'wechat',
      mchid,
      appid,
      api_base: sandbox.url,
      notify_url: `http://127.0.0.1:${String(apiPort)}/callbacks/wechat/wx-1`,
      certificate_serial: certificateSerial,
      private_key_file: 'merchant.pem',
      api_v3_key_file: 'v3.txt',
      public_keys: [{ id: channelKeys.publicKeyId, file: 'public.pem' }],
      fetch_platform_certificates: true,
    },
    (path) => files[path] ?? '',
  );
  return { keys, channelKeys, sandbox, clock: at, channel: wechatChannel(account, { clock, randomBytes }) };
}

export interface NoticeParts {
  readonly refundNo: string;
  readonly amountFen?: number;
  readonly status?: 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
  readonly noticeId?: string;
  readonly eventType?: string;
  readonly mchid?: string;
  /** Fields beside the documented ones, in the sealed part. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly apiV3Key?: string;
}

/** The body of a notice as channels.md §1.4 documents it. */
export function noticeBody(shop: WechatShop, o: NoticeParts): string {
  const status = o.status ?? 'SUCCESS';
  const content = {
    mchid: o.mchid ?? shop.keys.mchid,
    transaction_id: '4200002026112400000000001',
    out_trade_no: 'ORD-1',
    refund_id: `503${o.refundNo.replaceAll(/[^0-9]/g, '').slice(0, 20)}`,
    out_refund_no: o.refundNo,
    refund_status: status,
    ...(status === 'SUCCESS' ? { success_time: '2026-11-24T10:29:00+08:00' } : {}),
    user_received_account: '招商银行信用卡0403',
    amount: {
      total: 10_000,
      refund: o.amountFen ?? 100,
      payer_total: 10_000,
      payer_refund: o.amountFen ?? 100,
    },
    ...o.more,
  };
  return JSON.stringify({
    id: o.noticeId ?? randomUUID(),
    create_time: '2026-11-24T10:29:00+08:00',
    resource_type: 'encrypt-resource',
    event_type: o.eventType ?? `REFUND.${status}`,
    summary: '退款成功',
    resource: {
      original_type: 'refund',
      ...seal(o.apiV3Key ?? shop.keys.apiV3Key, 'refund', JSON.stringify(content)),
    },
  });
}

/** Headers that sign a body with WeChat Pay's public-key-mode key, at the given instant of the wall. */
export function signedHeaders(
  shop: WechatShop,
  body: string,
  o: { readonly at?: Date; readonly spoilt?: Spoilt } = {},
): Record<string, string> {
  const signer = signerOf(shop.channelKeys.publicKeyId, shop.channelKeys.privateKeyPem);
  return { 'content-type': 'application/json', ...signatureHeaders(signer, body, o.at ?? NOW, o.spoilt) };
}
