/** A sandbox with one merchant, and the accounts file that lets the system talk to it. Keys live as long as the data do. */
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { keptKeys, merchantOf, writeSandboxAccount } from '../sandbox/wechat/account-files.ts';
import type { Sandbox } from '../sandbox/wechat/server.ts';
import { startSandbox } from '../sandbox/wechat/server.ts';

export interface SandboxPlan {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly seed: number;
  /** Port of the api process: callbacks go there. */
  readonly apiPort: number;
}

export interface SandboxStack {
  readonly sandbox: Sandbox;
  readonly accountsFile: string;
  /** The API key that the accounts file lets in. */
  readonly apiKey: string;
  readonly merchantId: string;
  readonly accountId: string;
  readonly mchid: string;
}

const MERCHANT_ID = 'demo-shop';
const ACCOUNT_ID = 'wx-demo';

export async function sandboxWithAccounts(o: SandboxPlan): Promise<SandboxStack> {
  const folder = join(o.dataDir, 'keys');
  const keys = await keptKeys(folder, o.clock.wallNow());
  const notifyUrl = `http://127.0.0.1:${String(o.apiPort)}/callbacks/wechat/${ACCOUNT_ID}`;
  const sandbox = await startSandbox({
    clock: o.clock,
    merchants: [merchantOf(keys.merchant, notifyUrl)],
    keys: keys.channel,
    seed: o.seed,
  });
  const accountsFile = await writeSandboxAccount(folder, keys, {
    accountId: ACCOUNT_ID,
    merchantId: MERCHANT_ID,
    merchantName: 'Demo shop',
    apiBase: sandbox.url,
    notifyUrl,
  });
  const facts = { merchantId: MERCHANT_ID, accountId: ACCOUNT_ID, mchid: keys.merchant.mchid };
  return { sandbox, accountsFile, apiKey: keys.yuanluApiKey, ...facts };
}
