/** `yuanlu sandbox`: WeChat Pay, Alipay and UnionPay on loopback, alone, for anybody's integration. */
import { join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { CHANNEL_NAMES } from '../../domain/refund/refund.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { SandboxBasics } from '../../sandbox/listening.ts';
import type { SandboxShops } from '../../sandbox/shops.ts';
import { openShops, shopKeys } from '../../sandbox/shops.ts';
import { turnableClock } from '../../sandbox/turnable-clock.ts';
import { systemClock } from '../../workers/clock.ts';
import { untilStopped } from '../until-stopped.ts';

export interface SandboxFlags {
  readonly port: string;
  readonly host: string;
  readonly publicHost?: string;
  readonly dir: string;
  readonly notifyBase: string;
  readonly rate: string;
  readonly start?: string;
  readonly seed: string;
}

/** The channels take this many ports, one after the other. */
const PORT_MAX = 65_536 - CHANNEL_NAMES.length;
/** A day in less than a second. Faster than that, retries of notices would fall together. */
const RATE_MAX = 100_000;
const SEED_MAX = 2 ** 31;

/** Runs until it is stopped. @throws AppError `config_invalid` naming every flag that is wrong */
export async function runSandbox(flags: SandboxFlags): Promise<void> {
  const settings = settingsOf(flags);
  const folder = resolve(flags.dir);
  const keys = await shopKeys(folder, systemClock());
  const sandboxes = await openShops({
    ...{ folder, keys, merchant: { id: 'sandbox-shop', name: 'Sandbox shop' }, suffix: 'sandbox' },
    notifyBase: settings.notifyBase.href.replace(/\/$/, ''),
    basics: (channel) => basicsOf(settings, flags, channel),
  });
  try {
    introduce(sandboxes, folder);
    await untilStopped();
  } finally {
    await sandboxes.stop();
  }
}

/** One line for programs on stdout, the rest for the person. */
function introduce({ shops, accountsFile }: SandboxShops, folder: string): void {
  const channels = Object.fromEntries(
    shops.map((shop) => [shop.channel, { url: shop.sandbox.url, account_id: shop.accountId, ...shop.facts }]),
  );
  process.stdout.write(`${JSON.stringify({ ...channels, keys: folder, accounts: accountsFile })}\n`);
  for (const { channel, sandbox } of shops)
    say(`${channel.padEnd(9)} ${sandbox.url}   GET ${sandbox.url}/sandbox lists what can be done with it`);
  say(`Keys and an accounts file are in ${folder}. Ctrl-C stops all.`);
}

/** Each channel has a port, and a time that can be turned, of its own. */
function basicsOf(
  { port, seed, time, notifyBase }: Settings,
  { host, publicHost, dir }: SandboxFlags,
  channel: ChannelName,
): SandboxBasics {
  const own = port === 0 ? 0 : port + CHANNEL_NAMES.indexOf(channel);
  return {
    ...{
      clock: turnableClock(time),
      port: own,
      seed,
      host,
      keep: { folder: join(resolve(dir), 'worlds'), say },
    },
    notifyHosts: ['127.0.0.1', 'localhost', '[::1]', notifyBase.hostname],
    ...(publicHost === undefined ? {} : { publicUrl: `http://${publicHost}:${String(own)}` }),
    log: (line) => {
      say(`${channel} ${line}`);
    },
  };
}

interface Settings {
  readonly port: number;
  readonly seed: number;
  readonly time: { readonly rate: number; readonly start?: Date };
  readonly notifyBase: URL;
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
    time: { rate: whole('rate', flags.rate, RATE_MAX), ...(start === undefined ? {} : { start }) },
    notifyBase: address('notify-base', flags.notifyBase),
  };
  if (flags.publicHost !== undefined) errors.push(...publicHostFaults(flags.publicHost, settings.port));
  if (errors.length > 0) throw new AppError('config_invalid', { errors });
  return settings;
}

/** The name is put before each channel's port, so it is a name only, and ports must be known beforehand. */
function publicHostFaults(host: string, port: number): readonly string[] {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host))
    return [`--public-host: ${host} is not the name of a host, without http and port`];
  return port === 0 ? ['--public-host: needs a --port, since others must know it'] : [];
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
