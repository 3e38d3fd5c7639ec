/**
 * A merchant with an account at every channel, each channel played by its sandbox: what `yuanlu dev`, `yuanlu demo` and
 * `yuanlu sandbox` start. A new channel gets its lines here.
 */
import type { Clock } from '../domain/clock.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { AccountFiles, AccountOptions, KeptKeys } from './account-files.ts';
import { keptKeys, writeAccounts } from './account-files.ts';
import { alipayAccountFiles, merchantOf as alipayMerchantOf } from './alipay/account-files.ts';
import type { AlipayKeys } from './alipay/keys.ts';
import { makeAlipayKeys } from './alipay/keys.ts';
import { startSandbox as startAlipay } from './alipay/server.ts';
import type { ControlledSandbox } from './control/controlled-sandbox.ts';
import type { SandboxBasics } from './listening.ts';
import type { UnionpayKeys } from './unionpay/account-files.ts';
import { makeUnionpayKeys, unionpayAccountFiles, unionpayMerchantOf } from './unionpay/account-files.ts';
import { startSandbox as startUnionpay } from './unionpay/server.ts';
import type { WechatKeys } from './wechat/account-files.ts';
import {
  makeWechatKeys,
  merchantOf as wechatMerchantOf,
  wechatAccountFiles,
} from './wechat/account-files.ts';
import type { Sandbox as WechatSandbox } from './wechat/server.ts';
import { startSandbox as startWechat } from './wechat/server.ts';

/** What all sandboxes are opened with; kept between starts. */
export type ShopKeys = KeptKeys<{
  readonly wechat: WechatKeys;
  readonly alipay: AlipayKeys;
  readonly unionpay: UnionpayKeys;
}>;

/** The merchant's account at one channel, and the sandbox that plays the channel. */
export interface SandboxShop {
  readonly channel: ChannelName;
  readonly accountId: string;
  readonly sandbox: ControlledSandbox;
  /** What a program needs to know to call the channel as this merchant, besides the keys. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface SandboxShops {
  readonly shops: readonly SandboxShop[];
  /** WeChat Pay's in its own words. */
  readonly wechat: WechatSandbox;
  readonly accountsFile: string;
  stop(): Promise<void>;
}

export interface ShopsPlan {
  /** Where the key files and the accounts file are written. */
  readonly folder: string;
  readonly keys: ShopKeys;
  readonly merchant: { readonly id: string; readonly name: string };
  /** What the names of accounts end in: `wx-demo` for `demo`. */
  readonly suffix: string;
  /** Notices go to this plus `/callbacks/{channel}/{account}`. No slash at the end. */
  readonly notifyBase: string;
  /** Where each sandbox listens, and by which clock it lives. */
  readonly basics: (channel: ChannelName) => SandboxBasics;
}

const SHORT_NAMES: Readonly<Record<ChannelName, string>> = { wechat: 'wx', alipay: 'ali', unionpay: 'up' };

/**
 * Keys of every channel: those of an earlier start in this folder, or new ones.
 * @throws AppError `config_invalid` when what is kept there cannot be read
 */
export function shopKeys(folder: string, { wallNow }: Pick<Clock, 'wallNow'>): Promise<ShopKeys> {
  return keptKeys(folder, {
    wechat: () => makeWechatKeys(wallNow()),
    alipay: () => makeAlipayKeys(wallNow()),
    unionpay: () => makeUnionpayKeys(wallNow()),
  });
}

/** Starts all sandboxes, or none. @throws AppError `config_invalid` about a taken port */
export async function openShops(o: ShopsPlan): Promise<SandboxShops> {
  const opened: OpenShop[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map(({ sandbox }) => sandbox.stop()));
  };
  try {
    const wechat = await openWechat(o.keys.wechat, accountAt(o, 'wechat'));
    opened.push(wechat);
    opened.push(await openAlipay(o.keys.alipay, accountAt(o, 'alipay')));
    opened.push(await openUnionpay(o.keys.unionpay, accountAt(o, 'unionpay')));
    const shop = {
      ...{ merchantId: o.merchant.id, merchantName: o.merchant.name },
      yuanluApiKey: o.keys.yuanluApiKey,
    };
    const accountsFile = await writeAccounts(
      o.folder,
      shop,
      opened.map(({ account }) => account),
    );
    return { shops: opened, wechat: wechat.sandbox, accountsFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface OpenShop extends SandboxShop {
  readonly account: AccountFiles;
}

interface AccountPlan {
  readonly basics: SandboxBasics;
  readonly accountId: string;
  readonly notifyUrl: string;
}

function accountAt(o: ShopsPlan, channel: ChannelName): AccountPlan {
  const accountId = `${SHORT_NAMES[channel]}-${o.suffix}`;
  return {
    basics: o.basics(channel),
    accountId,
    notifyUrl: `${o.notifyBase}/callbacks/${channel}/${accountId}`,
  };
}

function optionsOf({ accountId, notifyUrl }: AccountPlan, sandbox: { readonly url: string }): AccountOptions {
  return { accountId, notifyUrl, apiBase: sandbox.url };
}

async function openWechat(
  keys: WechatKeys,
  at: AccountPlan,
): Promise<OpenShop & { readonly sandbox: WechatSandbox }> {
  const merchants = [wechatMerchantOf(keys.merchant, at.notifyUrl)];
  const sandbox = await startWechat({ ...at.basics, keys: keys.channel, merchants });
  const { mchid, appid, certificateSerial } = keys.merchant;
  return {
    ...{ channel: 'wechat', accountId: at.accountId, sandbox },
    facts: {
      ...{ mchid, appid, certificate_serial: certificateSerial },
      public_key_id: keys.channel.publicKeyId,
    },
    account: wechatAccountFiles(keys, optionsOf(at, sandbox)),
  };
}

async function openAlipay(keys: AlipayKeys, at: AccountPlan): Promise<OpenShop> {
  const merchants = [alipayMerchantOf(keys.merchant, at.notifyUrl)];
  const sandbox = await startAlipay({ ...at.basics, keys: keys.channel, merchants });
  return {
    ...{ channel: 'alipay', accountId: at.accountId, sandbox },
    facts: { app_id: keys.merchant.appId, seller_id: keys.merchant.sellerId },
    account: alipayAccountFiles(keys, optionsOf(at, sandbox)),
  };
}

async function openUnionpay(keys: UnionpayKeys, at: AccountPlan): Promise<OpenShop> {
  const merchants = [unionpayMerchantOf(keys.merchant)];
  const sandbox = await startUnionpay({ ...at.basics, keys: keys.channel, merchants });
  return {
    ...{ channel: 'unionpay', accountId: at.accountId, sandbox },
    facts: { mer_id: keys.merchant.merId, cert_id: keys.merchant.certId },
    account: unionpayAccountFiles(keys, optionsOf(at, sandbox)),
  };
}
