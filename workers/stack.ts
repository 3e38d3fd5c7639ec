/**
 * The whole system in one process, on engines of its own: what `yuanlu dev`, `yuanlu demo` and the end-to-end tests run.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Splitting } from '../activities/deps.ts';
import type { ReleaseLimits } from '../domain/refund/limits.ts';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import type { AccountsPlan, SandboxShop } from '../sandbox/shops.ts';
import { openShops, shopKeys } from '../sandbox/shops.ts';
import type { Sandbox as WechatSandbox } from '../sandbox/wechat/server.ts';
import { migrate } from '../store/migrate.ts';
import type { RunningApi } from './api-server.ts';
import { chooseApiPort, startApi } from './api-server.ts';
import { prepareKeyPairs } from '../sandbox/key-pair.ts';
import { bundleWorkflows } from './bundle.ts';
import { systemClock, virtualClock } from './clock.ts';
import type { VirtualClock, VirtualTime } from './clock.ts';
import type { Config } from './config.ts';
import { PLAIN_TEMPORAL } from './config.ts';
import { DEFAULT_SPLITTING } from './config-splitting.ts';
import type { Context } from './context.ts';
import { openContext } from './context.ts';
import type { Engines } from './engines/engines.ts';
import { startEngines } from './engines/engines.ts';
import { keptWebhookKeys } from './notice-courier.ts';
import { keptReceiptKeys } from './receipt-desk.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { endTemporalCore } from './temporal-logs.ts';
import { startWorker } from './worker.ts';

export interface StackOptions {
  readonly dataDir: string;
  readonly keepData: boolean;
  readonly apiPort: number;
  /** Called when the engines are up, so that no business time passes before anything can happen. */
  readonly virtualTime: (() => VirtualTime) | null;
  /** How often the scheduler looks; a cron line with 5 or 6 fields. */
  readonly schedule: string;
  readonly lookBackDays: number;
  readonly pollFloorMs: number;
  readonly seed: number;
  readonly logLevel: Config['logLevel'];
  readonly temporalUi: boolean;
  /** Temporal keeps its data in a file: slower, survives a kill. */
  readonly durableTemporal: boolean;
  /** Parts of the system that somebody else runs, for example as processes of their own. */
  readonly without?: readonly ('worker' | 'scheduler')[];
  /** Limits above which a refund waits for two people; none when left out. */
  readonly releaseLimits?: ReleaseLimits;
  /** Which statements several workers load together; what a deployment has when left out. */
  readonly splitting?: Splitting;
  /** Accounts at every channel beside those of the demo merchant. */
  readonly others?: readonly AccountsPlan[];
  readonly say: (line: string) => void;
}

export interface Stack {
  readonly config: Config;
  readonly context: Context;
  /** The clock of the whole stack where days pass in seconds; null in real time. */
  readonly virtual: VirtualClock | null;
  readonly engines: Engines;
  /** The demo merchant's account at each channel, with the sandbox that plays it; then the others. */
  readonly shops: readonly SandboxShop[];
  /** WeChat Pay's sandbox in its own words. */
  readonly wechat: WechatSandbox;
  readonly api: RunningApi;
  /** A key of the demo merchant with every scope. */
  readonly apiKey: string;
  readonly merchantId: string;
  stop(): Promise<void>;
}

/** Of a merchant at three channels, and of the channels. */
const SHOP_KEY_PAIRS = 12;

const MERCHANT = { id: 'demo-shop', name: 'Demo shop' };

export async function startStack(o: StackOptions): Promise<Stack> {
  const closers: (() => Promise<void>)[] = [];
  const stop = (): Promise<void> => closeAll(closers);
  try {
    return await assemble(o, closers, stop);
  } catch (error) {
    await stop();
    await endTemporalCore();
    throw error;
  }
}

/** Last opened, first closed. One that fails keeps no other from closing: no server may be left behind. */
async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).toReversed())
    await close().catch((error: unknown) => failures.push(error));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, 'several parts did not stop in order');
}

async function assemble(
  o: StackOptions,
  closers: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const apiPort = await chooseApiPort(o.apiPort);
  await mkdir(o.dataDir, { recursive: true });
  // The engines take their time to start; what needs none of them is done meanwhile. Where keys are kept they are made once, at the first start.
  const meanwhile = Promise.all([bundleWorkflows(), prepareKeyPairs(o.keepData ? 0 : SHOP_KEY_PAIRS)]);
  meanwhile.catch(() => undefined);
  const engines = await startEngines({
    dataDir: o.dataDir,
    keepData: o.keepData,
    // What is thrown away at the end need not survive a power cut; a kill of the server it does survive.
    throwAway: !o.keepData,
    postgres: true,
    temporal: true,
    temporalUi: o.temporalUi,
    temporalInMemory: !o.durableTemporal,
    log: o.say,
  });
  closers.push(() => engines.stop());
  await migrate(engines.databaseUrl);

  const [bundle] = await meanwhile;
  const folder = join(o.dataDir, 'keys');
  const keys = await shopKeys(folder, systemClock());
  const virtualTime = o.virtualTime === null ? null : o.virtualTime();
  const virtual = virtualTime === null ? null : virtualClock(virtualTime);
  const clock = virtual ?? systemClock();
  const sandboxes = await openShops({
    ...{ folder, keys, merchant: MERCHANT, suffix: 'demo', others: o.others ?? [] },
    notifyBase: `http://127.0.0.1:${String(apiPort)}`,
    basics: () => ({
      ...{ clock, seed: o.seed },
      ...(o.keepData ? { keep: { folder: join(o.dataDir, 'sandboxes'), say: o.say } } : {}),
    }),
  });
  closers.push(() => sandboxes.stop());

  const config: Config = {
    production: false,
    databaseUrl: engines.databaseUrl,
    databasePool: 24,
    temporalAddress: engines.temporalAddress,
    temporalNamespace: 'default',
    temporalSecurity: PLAIN_TEMPORAL,
    accountsFile: sandboxes.accountsFile,
    filesDir: join(o.dataDir, 'files'),
    filesS3: null,
    apiHost: '127.0.0.1',
    apiPort,
    publicUrl: `http://127.0.0.1:${String(apiPort)}`,
    trustedProxies: [],
    receiptKeysFile: await keptReceiptKeys(join(folder, 'receipt-keys.json')),
    releaseLimits: o.releaseLimits ?? NO_LIMITS,
    webhookKeysFile: await keptWebhookKeys(join(folder, 'webhook-keys')),
    logLevel: o.logLevel,
    lookBackDays: o.lookBackDays,
    schedule: o.schedule,
    pollFloorMs: o.pollFloorMs,
    splitting: o.splitting ?? DEFAULT_SPLITTING,
    virtualTime,
  };
  const context = await openContext(config, 'yuanlu', clock);
  closers.push(() => context.close());
  await ensureSearchAttributes(context.temporal.client, config.temporalNamespace);

  const api = await startApi(context);
  closers.push(() => api.stop());
  if (!(o.without ?? []).includes('worker')) {
    const worker = await startWorker(context, { bundle });
    closers.push(() => worker.stop());
  }
  if (!(o.without ?? []).includes('scheduler')) {
    const scheduler = await startScheduler(context);
    closers.push(() => scheduler.stop());
  }
  const { shops, wechat } = sandboxes;
  const apiKey = keys.yuanluApiKey;
  return { config, context, virtual, engines, shops, wechat, api, apiKey, merchantId: MERCHANT.id, stop };
}
