/**
 * A merchant with an account at every channel, each channel played by its sandbox: what `yuanlu dev`, `yuanlu demo` and
 * `yuanlu sandbox` start. Further merchants, and further accounts of the same one, may stand beside it at the same
 * sandboxes. A new channel gets its lines here.
 */
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { AccountFiles, AccountOptions, KeptKeys } from './account-files.ts';
import { keptKeys, newApiKey, writeAccounts } from './account-files.ts';
import { alipayAccountFiles, merchantOf as alipayMerchantOf } from './alipay/account-files.ts';
import type { AlipayKeys } from './alipay/keys.ts';
import { alipayKeysBeside, makeAlipayKeys } from './alipay/keys.ts';
import { startSandbox as startAlipay } from './alipay/server.ts';
import type { ControlledSandbox } from './control/controlled-sandbox.ts';
import type { SandboxBasics } from './listening.ts';
import type { UnionpayKeys } from './unionpay/account-files.ts';
import {
  makeUnionpayKeys,
  unionpayAccountFiles,
  unionpayKeysBeside,
  unionpayMerchantOf,
} from './unionpay/account-files.ts';
import { startSandbox as startUnionpay } from './unionpay/server.ts';
import type { WechatKeys } from './wechat/account-files.ts';
import {
  makeWechatKeys,
  merchantOf as wechatMerchantOf,
  wechatAccountFiles,
  wechatKeysBeside,
} from './wechat/account-files.ts';
import type { Sandbox as WechatSandbox } from './wechat/server.ts';
import { startSandbox as startWechat } from './wechat/server.ts';

/** What all sandboxes are opened with; kept between starts. */
export type ShopKeys = KeptKeys<{
  readonly wechat: WechatKeys;
  readonly alipay: AlipayKeys;
  readonly unionpay: UnionpayKeys;
}>;

/** A merchant's account at one channel, and the sandbox that plays the channel. */
export interface SandboxShop {
  readonly channel: ChannelName;
  readonly accountId: string;
  readonly merchantId: string;
  /** Lets programs into the API as this merchant. */
  readonly apiKey: string;
  /** The merchant's number at the channel. */
  readonly merchantNo: string;
  readonly sandbox: ControlledSandbox;
  /** What a program needs to know to call the channel as this merchant, besides the keys. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface SandboxShops {
  /** One per channel, then those of {@link ShopsPlan.others}. */
  readonly shops: readonly SandboxShop[];
  /** WeChat Pay's in its own words. */
  readonly wechat: WechatSandbox;
  readonly accountsFile: string;
  stop(): Promise<void>;
}

/** An account at every channel. */
export interface AccountsPlan {
  readonly merchant: { readonly id: string; readonly name: string };
  /** What the names of accounts end in: `wx-demo` for `demo`. */
  readonly suffix: string;
}

export interface ShopsPlan extends AccountsPlan {
  /** Where the key files and the accounts file are written. */
  readonly folder: string;
  readonly keys: ShopKeys;
  /** Accounts beside the first, of the same merchant or of others. Their keys are made anew at each start. */
  readonly others?: readonly AccountsPlan[];
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
  const opened: OpenChannel[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map(({ sandbox }) => sandbox.stop()));
  };
  const seats = seatsOf(o);
  try {
    const wechat = await openWechat(o.basics('wechat'), seats);
    opened.push(wechat);
    opened.push(await openAlipay(o.basics('alipay'), seats));
    opened.push(await openUnionpay(o.basics('unionpay'), seats));
    const accountsFile = await writeAllAccounts(o.folder, seats, opened);
    return { shops: shopsOf(seats, opened), wechat: wechat.sandbox, accountsFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Accounts at every channel, with what the sandboxes are opened with. */
interface Seat extends AccountsPlan {
  readonly keys: ShopKeys;
  readonly apiKey: string;
  readonly notifyBase: string;
  /** Below the plan's folder. */
  readonly keysIn?: string;
}

type Seats = readonly [Seat, ...Seat[]];

interface OpenAccount {
  readonly merchantNo: string;
  readonly facts: SandboxShop['facts'];
  readonly files: AccountFiles;
}

interface OpenChannel {
  readonly channel: ChannelName;
  readonly sandbox: ControlledSandbox;
  /** In the order of the seats. */
  readonly accounts: readonly OpenAccount[];
}

/** The plan's own first. Accounts of one merchant share its API key; no two share a key of a channel. */
function seatsOf({ merchant, suffix, keys, notifyBase, others = [], basics }: ShopsPlan): Seats {
  const apiKeys = new Map([[merchant.id, keys.yuanluApiKey]]);
  const beside = others.map((other) => {
    const apiKey = apiKeys.get(other.merchant.id) ?? newApiKey();
    apiKeys.set(other.merchant.id, apiKey);
    const wallNow = basics('wechat').clock.wallNow();
    const own: ShopKeys = {
      yuanluApiKey: apiKey,
      wechat: wechatKeysBeside(keys.wechat),
      alipay: alipayKeysBeside(keys.alipay, wallNow),
      unionpay: unionpayKeysBeside(keys.unionpay, wallNow),
    };
    return { ...other, keys: own, apiKey, notifyBase, keysIn: other.suffix };
  });
  return [{ merchant, suffix, keys, apiKey: keys.yuanluApiKey, notifyBase }, ...beside];
}

function shopsOf(seats: Seats, opened: readonly OpenChannel[]): readonly SandboxShop[] {
  return seats.flatMap((seat, index) =>
    opened.flatMap(({ channel, sandbox, accounts }) =>
      accounts.slice(index, index + 1).map(({ merchantNo, facts }) => ({
        ...{ channel, accountId: accountIdOf(seat, channel), sandbox },
        ...{ merchantId: seat.merchant.id, apiKey: seat.apiKey, merchantNo, facts },
      })),
    ),
  );
}

function writeAllAccounts(folder: string, seats: Seats, opened: readonly OpenChannel[]): Promise<string> {
  const merchantIds = [...new Set(seats.map(({ merchant }) => merchant.id))];
  const [first, ...others] = merchantIds.map((id) => {
    const own = [...seats.entries()].filter(([, { merchant }]) => merchant.id === id);
    const { merchant, apiKey } = own[0]?.[1] ?? seats[0];
    return {
      ...{ merchantId: id, merchantName: merchant.name, yuanluApiKey: apiKey },
      accounts: own.flatMap(([index]) => opened.flatMap((one) => one.accounts[index]?.files ?? [])),
    };
  });
  if (first === undefined) throw new AppError('invariant_broken', { sentence: 'a plan has a merchant' });
  return writeAccounts(folder, first, first.accounts, others);
}

function accountIdOf({ suffix }: Pick<Seat, 'suffix'>, channel: ChannelName): string {
  return `${SHORT_NAMES[channel]}-${suffix}`;
}

function notifyUrlOf(seat: Seat, channel: ChannelName): string {
  return `${seat.notifyBase}/callbacks/${channel}/${accountIdOf(seat, channel)}`;
}

function optionsOf(seat: Seat, channel: ChannelName, { url }: { readonly url: string }): AccountOptions {
  return {
    ...{ accountId: accountIdOf(seat, channel), notifyUrl: notifyUrlOf(seat, channel), apiBase: url },
    ...(seat.keysIn === undefined ? {} : { keysIn: seat.keysIn }),
  };
}

async function openWechat(
  basics: SandboxBasics,
  seats: Seats,
): Promise<OpenChannel & { readonly sandbox: WechatSandbox }> {
  const merchants = seats.map((seat) =>
    wechatMerchantOf(seat.keys.wechat.merchant, notifyUrlOf(seat, 'wechat')),
  );
  const sandbox = await startWechat({ ...basics, keys: seats[0].keys.wechat.channel, merchants });
  const accounts = seats.map((seat) => {
    const { merchant, channel } = seat.keys.wechat;
    const { mchid, appid, certificateSerial } = merchant;
    return {
      merchantNo: mchid,
      facts: { mchid, appid, certificate_serial: certificateSerial, public_key_id: channel.publicKeyId },
      files: wechatAccountFiles(seat.keys.wechat, optionsOf(seat, 'wechat', sandbox)),
    };
  });
  return { channel: 'wechat', sandbox, accounts };
}

async function openAlipay(basics: SandboxBasics, seats: Seats): Promise<OpenChannel> {
  const merchants = seats.map((seat) =>
    alipayMerchantOf(seat.keys.alipay.merchant, notifyUrlOf(seat, 'alipay')),
  );
  const sandbox = await startAlipay({ ...basics, keys: seats[0].keys.alipay.channel, merchants });
  const accounts = seats.map((seat) => {
    const { appId, sellerId } = seat.keys.alipay.merchant;
    return {
      merchantNo: sellerId,
      facts: { app_id: appId, seller_id: sellerId },
      files: alipayAccountFiles(seat.keys.alipay, optionsOf(seat, 'alipay', sandbox)),
    };
  });
  return { channel: 'alipay', sandbox, accounts };
}

async function openUnionpay(basics: SandboxBasics, seats: Seats): Promise<OpenChannel> {
  const merchants = seats.map((seat) => unionpayMerchantOf(seat.keys.unionpay.merchant));
  const sandbox = await startUnionpay({ ...basics, keys: seats[0].keys.unionpay.channel, merchants });
  const accounts = seats.map((seat) => {
    const { merId, certId } = seat.keys.unionpay.merchant;
    return {
      merchantNo: merId,
      facts: { mer_id: merId, cert_id: certId },
      files: unionpayAccountFiles(seat.keys.unionpay, optionsOf(seat, 'unionpay', sandbox)),
    };
  });
  return { channel: 'unionpay', sandbox, accounts };
}
