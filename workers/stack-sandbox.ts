/** A sandbox with one merchant, and the accounts file that lets the system talk to it. Keys are made anew each time. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { MerchantKeys } from '../sandbox/keys.ts';
import { makeMerchantKeys } from '../sandbox/keys.ts';
import type { Sandbox } from '../sandbox/server.ts';
import { startSandbox } from '../sandbox/server.ts';
import { freePort } from './engines/free-port.ts';

export interface SandboxPlan {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly seed: number;
  /** The API key that the accounts file lets in. */
  readonly apiKey: string;
  /** Port of the api process, 0 for a free one: callbacks go there. */
  readonly apiPort: number;
  /** Port of the sandbox; a free one when absent. */
  readonly sandboxPort?: number;
}

export interface SandboxStack {
  readonly sandbox: Sandbox;
  readonly accountsFile: string;
  readonly merchantId: string;
  readonly accountId: string;
  readonly mchid: string;
  readonly apiPort: number;
}

const MERCHANT_ID = 'demo-shop';
const ACCOUNT_ID = 'wx-demo';

export async function sandboxWithAccounts(o: SandboxPlan): Promise<SandboxStack> {
  const keys = makeMerchantKeys();
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = keys;
  const sandbox = await startSandbox({
    clock: o.clock,
    merchants: [{ mchid, appid, certificateSerial, publicKeyPem, apiV3Key }],
    seed: o.seed,
    ...(o.sandboxPort === undefined ? {} : { port: o.sandboxPort }),
  });
  const apiPort = o.apiPort === 0 ? await freePort() : o.apiPort;
  const accountsFile = await writeAccounts(o, keys, sandbox, apiPort);
  return { sandbox, accountsFile, merchantId: MERCHANT_ID, accountId: ACCOUNT_ID, mchid, apiPort };
}

async function writeAccounts(
  o: SandboxPlan,
  keys: MerchantKeys,
  sandbox: Sandbox,
  apiPort: number,
): Promise<string> {
  const folder = join(o.dataDir, 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): Promise<void> =>
    writeFile(join(folder, name), text, { mode: 0o600 });
  await write('merchant-key.pem', keys.privateKeyPem);
  await write('api-v3-key.txt', keys.apiV3Key);
  await write('wechat-public-key.pem', sandbox.keys.publicKeyPem);
  const account = {
    id: ACCOUNT_ID,
    channel: 'wechat',
    mchid: keys.mchid,
    appid: keys.appid,
    api_base: sandbox.url,
    notify_url: `http://127.0.0.1:${String(apiPort)}/callbacks/wechat/${ACCOUNT_ID}`,
    certificate_serial: keys.certificateSerial,
    private_key_file: 'merchant-key.pem',
    api_v3_key_file: 'api-v3-key.txt',
    public_keys: [{ id: sandbox.keys.publicKeyId, file: 'wechat-public-key.pem' }],
    fetch_platform_certificates: true,
  };
  const key = {
    id: 'demo',
    sha256: createHash('sha256').update(o.apiKey).digest('hex'),
    scopes: ['refunds:read', 'refunds:write', 'payments:read', 'payments:write', 'statements:read'],
  };
  const merchants = [{ id: MERCHANT_ID, name: 'Demo shop', api_keys: [key], accounts: [account] }];
  await write('accounts.json', JSON.stringify({ merchants }, null, 2));
  return join(folder, 'accounts.json');
}
