/** `yuanlu sandbox` as a stranger starts it: one line of JSON, keys in files that work, the same keys and orders next time. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKeyring } from '../../api/keys.ts';
import type { SandboxFlags } from '../../cli/commands/sandbox.ts';
import { runSandbox } from '../../cli/commands/sandbox.ts';
import { loadAccounts } from '../../workers/accounts.ts';
import type { Answer } from './exchange.ts';
import type { Merchant } from './wechat/merchant.ts';
import { exchange } from './exchange.ts';
import { authorization, credentialsFor, keyOfPem, signatureFault } from './wechat/merchant.ts';

const COMMAND = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));
const START_MS = 60_000;

interface Facts {
  readonly wechat: {
    readonly url: string;
    readonly account_id: string;
    readonly mchid: string;
    readonly appid: string;
    readonly certificate_serial: string;
    readonly public_key_id: string;
  };
  readonly alipay: { readonly url: string; readonly app_id: string; readonly seller_id: string };
  readonly unionpay: { readonly url: string; readonly mer_id: string; readonly cert_id: string };
  readonly keys: string;
  readonly accounts: string;
}

const CHANNELS = ['wechat', 'alipay', 'unionpay'] as const;

interface Running {
  readonly facts: Facts;
  readonly child: ChildProcess;
  /** Asks it to stop. Gives back the exit code, and everything that was on stdout. */
  stop(): Promise<{ readonly code: number | null; readonly stdout: string }>;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-sandbox-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the command and waits for its line on stdout. */
async function startCommand(...flags: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [COMMAND, 'sandbox', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  onTestFinished(() => {
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (part: Buffer) => {
      stdout += part.toString();
      if (stdout.includes('\n')) resolve(stdout);
    });
  });
  const first = await Promise.race([
    line,
    ended.then(() => Promise.reject(new Error(`it ended: ${stderr}`))),
  ]);
  return {
    child,
    facts: JSON.parse(first) as Facts,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      return { code, stdout };
    },
  };
}

/** What a stranger knows: the line on stdout and the files. */
async function merchantFrom({ facts }: Running): Promise<Merchant> {
  const read = (name: string): Promise<string> => readFile(join(facts.keys, name), 'utf8');
  return {
    mchid: facts.wechat.mchid,
    appid: facts.wechat.appid,
    serial: facts.wechat.certificate_serial,
    privateKey: createPrivateKey(await read('apiclient_key.pem')),
    publicKeyPem: '',
    apiV3Key: await read('api_v3_key'),
  };
}

async function query(running: Running, outTradeNo: string): Promise<Answer> {
  const merchant = await merchantFrom(running);
  const target = `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${merchant.mchid}`;
  return exchange({
    method: 'GET',
    url: running.facts.wechat.url + target,
    headers: {
      accept: 'application/json',
      'user-agent': 'test',
      'wechatpay-serial': running.facts.wechat.public_key_id,
      authorization: authorization(credentialsFor(merchant, 'GET', target, Buffer.alloc(0))),
    },
  });
}

/** Ports are free ones, and so differ from start to start. */
function withoutUrls(facts: Facts): object {
  return { ...facts, ...Object.fromEntries(CHANNELS.map((name) => [name, { ...facts[name], url: '' }])) };
}

describe('started alone', () => {
  test('it gives a stranger all that is needed, keeps keys and orders, and stops when asked', {
    timeout: 3 * START_MS,
  }, async () => {
    const dir = await newFolder();
    const flags = ['--port', '0', '--dir', dir, '--rate', '0', '--start', '2026-09-01T10:00:00+08:00'];
    const first = await startCommand(...flags);
    const order = Buffer.from('{"payment_no":"ORDER0001","amount_minor":"1000"}');
    for (const channel of CHANNELS) {
      const url = `${first.facts[channel].url}/sandbox/payments`;
      expect((await exchange({ method: 'POST', url, headers: {}, body: order })).status, channel).toBe(201);
    }

    const answer = await query(first, 'ORDER0001');
    const stopped = await first.stop();
    const second = await startCommand(...flags);
    const after = await query(second, 'ORDER0001');

    const pem = await readFile(join(dir, 'wechatpay_public_key.pem'), 'utf8');
    const known = new Map([[first.facts.wechat.public_key_id, keyOfPem(pem)]]);
    expect(answer.status).toBe(200);
    expect(signatureFault(answer.headers, answer.bytes, known)).toBeNull();
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ success_time: '2026-09-01T10:00:00+08:00' });
    expect(stopped.code).toBe(0);
    expect(stopped.stdout.trim().split('\n')).toHaveLength(1);
    // Keys are kept, and what the sandboxes know.
    expect([after.status, after.bytes.toString()]).toEqual([200, answer.bytes.toString()]);
    expect(withoutUrls(second.facts)).toEqual(withoutUrls(first.facts));
    expect((await second.stop()).code).toBe(0);
  });

  test('its accounts file is one that Yuanlu loads, and its API key opens it', {
    timeout: START_MS,
  }, async () => {
    const dir = await newFolder();
    const running = await startCommand(
      '--port',
      '0',
      '--dir',
      dir,
      '--notify-base',
      'http://127.0.0.1:8099/',
    );

    const accounts = loadAccounts(running.facts.accounts, { production: false, wallNow: new Date() });

    const { wechat, alipay, unionpay } = running.facts;
    expect(accounts.rows).toMatchObject([
      { id: 'wx-sandbox', channel: 'wechat', externalId: wechat.mchid },
      { id: 'ali-sandbox', channel: 'alipay', externalId: alipay.seller_id },
      { id: 'up-sandbox', channel: 'unionpay', externalId: unionpay.mer_id },
    ]);
    const key = (await readFile(join(dir, 'yuanlu_api_key'), 'utf8')).trim();
    expect(createKeyring(accounts.keys).find(key)).toMatchObject({ id: 'sandbox' });
    const text = await readFile(running.facts.accounts, 'utf8');
    expect(text).toContain(`"api_base": "${wechat.url}"`);
    expect(text).toContain(`"gateway_url": "${alipay.url}/gateway.do"`);
    expect(text).toContain(`"gateway_base": "${unionpay.url}/gateway/api"`);
    expect(text).toContain('"notify_url": "http://127.0.0.1:8099/callbacks/wechat/wx-sandbox"');
    expect(text).toContain('"back_url": "http://127.0.0.1:8099/callbacks/unionpay/up-sandbox"');
    for (const name of await readdir(dir)) {
      expect(((await stat(join(dir, name))).mode & 0o077).toString(8), name).toBe('0');
    }
    await running.stop();
  });
});

describe('flags and files that cannot be used', () => {
  const good = (dir: string): SandboxFlags => ({
    ...{ port: '0', host: '127.0.0.1', dir, notifyBase: 'http://127.0.0.1:8080', rate: '1', seed: '1' },
  });

  test.each<[string, Partial<SandboxFlags>, string]>([
    ['a port that is a word', { port: 'http' }, '--port'],
    ['a port beyond 65535', { port: '65536' }, '--port'],
    ['a port after which there are none for the other channels', { port: '65534' }, '--port'],
    ['a port below 0', { port: '-1' }, '--port'],
    ['a rate with a fraction', { rate: '0.5' }, '--rate'],
    ['a rate beyond reason', { rate: '100001' }, '--rate'],
    ['a seed that is no number', { seed: '0x1' }, '--seed'],
    ['a start that is no instant', { start: 'tomorrow' }, '--start'],
    ['a notify base that is no address', { notifyBase: 'localhost:8080' }, '--notify-base'],
    ['a notify base with a query', { notifyBase: 'http://localhost/?a=1' }, '--notify-base'],
    ['a public name with a scheme', { port: '9100', publicHost: 'http://sandbox' }, '--public-host'],
    ['a public name with a port', { port: '9100', publicHost: 'sandbox:9100' }, '--public-host'],
    ['a public name without a port that others could know', { publicHost: 'sandbox' }, '--public-host'],
  ])('%s is refused by its name, and nothing is written', async (_, change, flag) => {
    const dir = await newFolder();

    await expect(runSandbox({ ...good(dir), ...change })).rejects.toMatchObject({
      code: 'config_invalid',
      details: { errors: [expect.stringContaining(flag) as unknown] },
    });
    expect(await readdir(dir)).toEqual([]);
  });

  test('all that is wrong is told at once', async () => {
    const flags = { ...good(await newFolder()), port: 'x', rate: 'y', start: 'z', notifyBase: '' };

    await expect(runSandbox(flags)).rejects.toMatchObject({ details: { errors: { length: 4 } } });
  });

  test.each([
    ['no JSON', 'keys'],
    ['JSON of something else', '{"merchant":{}}'],
    ['a half-written file', '{"merchant":{"mchid":"19'],
  ])('kept keys that are %s are refused and left as they are', async (_, text) => {
    const dir = await newFolder();
    const path = join(dir, 'keys.json');
    await writeFile(path, text);

    await expect(runSandbox(good(dir))).rejects.toMatchObject({
      code: 'config_invalid',
      details: { errors: [expect.stringContaining('remove it') as unknown] },
    });
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(dir)).toEqual(['keys.json']);
  });
});
