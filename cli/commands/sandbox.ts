/** `yuanlu sandbox`: a WeChat Pay on loopback, alone, for anybody's integration. */
import { resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { keptKeys, writeAccounts } from '../../sandbox/account-files.ts';
import { makeWechatKeys, merchantOf, wechatAccountFiles } from '../../sandbox/wechat/account-files.ts';
import { startSandbox } from '../../sandbox/wechat/server.ts';
import { turnableClock } from '../../sandbox/turnable-clock.ts';
import type { TurnableClock } from '../../sandbox/turnable-clock.ts';
import { untilStopped } from '../until-stopped.ts';

export interface SandboxFlags {
  readonly port: string;
  readonly host: string;
  readonly publicUrl?: string;
  readonly dir: string;
  readonly notifyBase: string;
  readonly rate: string;
  readonly start?: string;
  readonly seed: string;
}

const ACCOUNT_ID = 'wx-sandbox';
const PORT_MAX = 65_535;
/** A day in less than a second. Faster than that, retries of notices would fall together. */
const RATE_MAX = 100_000;
const SEED_MAX = 2 ** 31;

/** Runs until it is stopped. @throws AppError `config_invalid` naming every flag that is wrong */
export async function runSandbox(flags: SandboxFlags): Promise<void> {
  const { port, seed, clock, notifyBase, publicUrl } = settingsOf(flags);
  const folder = resolve(flags.dir);
  const keys = await keptKeys(folder, { wechat: () => makeWechatKeys(clock.wallNow()) });
  const notifyUrl = `${notifyBase.href.replace(/\/$/, '')}/callbacks/wechat/${ACCOUNT_ID}`;
  const sandbox = await startSandbox({
    ...{ clock, port, seed, host: flags.host },
    merchants: [merchantOf(keys.wechat.merchant, notifyUrl)],
    keys: keys.wechat.channel,
    notifyHosts: ['127.0.0.1', 'localhost', '[::1]', notifyBase.hostname],
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.href.replace(/\/$/, '') }),
    log: say,
  });
  try {
    const accounts = await writeAccounts(
      folder,
      { merchantId: 'sandbox-shop', merchantName: 'Sandbox shop', yuanluApiKey: keys.yuanluApiKey },
      [wechatAccountFiles(keys.wechat, { accountId: ACCOUNT_ID, apiBase: sandbox.url, notifyUrl })],
    );
    const { mchid, appid, certificateSerial } = keys.wechat.merchant;
    const facts = {
      ...{ url: sandbox.url, mchid, appid, certificate_serial: certificateSerial },
      ...{ public_key_id: keys.wechat.channel.publicKeyId, keys: folder, accounts },
    };
    process.stdout.write(`${JSON.stringify(facts)}\n`);
    say(`A WeChat Pay listens on ${sandbox.url}; GET ${sandbox.url}/sandbox lists what can be done with it.`);
    say(`Keys and an accounts file are in ${folder}. Ctrl-C stops it.`);
    await untilStopped();
  } finally {
    await sandbox.stop();
  }
}

interface Settings {
  readonly port: number;
  readonly seed: number;
  readonly clock: TurnableClock;
  readonly notifyBase: URL;
  readonly publicUrl: URL | undefined;
}

function settingsOf(flags: SandboxFlags): Settings {
  const errors: string[] = [];
  const whole = (name: string, text: string, max: number): number => {
    if (!/^[0-9]{1,10}$/.test(text) || Number(text) > max)
      errors.push(`--${name}: ${text} is not a whole number from 0 to ${String(max)}`);
    return Number(text);
  };
  const address = (name: string, text: string): URL => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '') return url;
    errors.push(`--${name}: ${text} is not an http address without a query`);
    return new URL('http://127.0.0.1');
  };
  const start = flags.start === undefined ? undefined : new Date(flags.start);
  if (start !== undefined && Number.isNaN(start.getTime()))
    errors.push(`--start: ${flags.start ?? ''} is no instant such as 2026-09-01T10:00:00+08:00`);
  const settings: Settings = {
    port: whole('port', flags.port, PORT_MAX),
    seed: whole('seed', flags.seed, SEED_MAX),
    clock: turnableClock({
      rate: whole('rate', flags.rate, RATE_MAX),
      ...(start === undefined || Number.isNaN(start.getTime()) ? {} : { start }),
    }),
    notifyBase: address('notify-base', flags.notifyBase),
    publicUrl: flags.publicUrl === undefined ? undefined : address('public-url', flags.publicUrl),
  };
  if (errors.length > 0) throw new AppError('config_invalid', { errors });
  return settings;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
