/**
 * A WeChat Pay on loopback: the real APIv3 protocol on one side, plain JSON to make payments and trouble on the other,
 * and a ledger that nobody can talk into anything. It shares no protocol code with channels/: what both sides agree on is
 * what is written in the channel's documents.
 */
import { AppError } from '../../domain/errors.ts';
import { Bills } from './bills.ts';
import type { ControlledSandbox, HandRefund } from '../control/controlled-sandbox.ts';
import { registerControlServer } from '../control/server.ts';
import { wechatControl } from './control.ts';
import type { ChannelKeys } from './keys.ts';
import { makeChannelKeys } from './keys.ts';
import { isRsaPublicKey } from '../key-pair.ts';
import type { SandboxBasics } from '../listening.ts';
import type { Keeping } from '../keeping.ts';
import { closing, keepBeforeAnswering, keepWorld } from '../keeping.ts';
import { keptWorld } from './kept-world.ts';
import { LOOPBACK, listen, newServer } from '../listening.ts';
import type { NewOrder, SandboxMerchant } from './model.ts';
import type { Balances, Transfer } from './transfer.ts';
import { operatorOf } from './operator.ts';
import { registerPayServer, sendProblem } from './pay-server.ts';
import { DOCUMENTED_RATES, RateLimits } from './rates.ts';
import type { Rates } from './rates.ts';
import { RefundCalls } from './refund-calls.ts';
import type { RefundTrouble } from './troubles.ts';
import type { PublishedKeys } from './vault.ts';
import type { OrderView, WechatMerchantView, WechatRefundView } from './views.ts';
import { makeWorld } from './world.ts';

export interface SandboxOptions extends SandboxBasics {
  /** At least one. Control calls that name no merchant mean the first. */
  readonly merchants: readonly SandboxMerchant[];
  /** WeChat Pay's keys from an earlier start; made anew when absent. */
  readonly keys?: ChannelKeys;
  /** Limits on the wall clock; those not given are the documented ones. */
  readonly rates?: Partial<Rates>;
}

export interface Sandbox extends ControlledSandbox<RefundTrouble> {
  /** What merchants verify with, as it is now. */
  readonly keys: PublishedKeys;
  /** Makes a paid order. @throws AppError `request_invalid` */
  pay(order: NewOrder): OrderView;
  /** Its number begins with REF. @throws WechatProblem */
  refundByHand(refund: HandRefund): WechatRefundView;
  merchants(): readonly WechatMerchantView[];
  payments(): readonly OrderView[];
  refunds(): readonly WechatRefundView[];
  /** Moves money between two fund accounts and returns what is on each of them. @throws AppError `request_invalid` */
  transfer(wanted: Transfer, merchantNo?: string): Balances;
  /** From now on a new platform certificate signs; the certificate list has both. */
  rotatePlatformCertificate(): PublishedKeys;
  /** Which kind of key signs callbacks from now on. At start: the public key. */
  signCallbacksWith(kind: 'public_key' | 'certificate'): void;
}

/** AES-256. */
const API_V3_KEY_BYTES = 32;

/** Starts it and listens. @throws AppError `request_invalid` about merchants, `config_invalid` about a taken port */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, merchants, log = () => undefined } = options;
  const first = firstOfChecked(merchants);
  const keys = options.keys ?? makeChannelKeys(clock.wallNow());
  const world = makeWorld({ clock, merchants, keys, seed: options.seed ?? 1, log });
  const limits = new RateLimits({ ...DOCUMENTED_RATES, ...options.rates }, () => clock.wallNow().getTime());
  const hosts = new Set(options.notifyHosts ?? LOOPBACK);
  const calls = new RefundCalls(world, limits, (host) => hosts.has(host));

  const app = newServer((error, request, reply) => {
    void sendProblem(error, request, reply);
  }, log);
  let keeping: Keeping | null = null;
  keepBeforeAnswering(app, () => keeping);
  let url = '';
  const bills = new Bills(world, () => url);
  const sandbox = operatorOf(
    world,
    closing(app, () => keeping),
    first,
    () => url,
  );
  await app.register((scope) => registerControlServer(scope, wechatControl(sandbox)));
  await app.register((scope) => registerPayServer(scope, { world, calls, bills }));
  if (options.keep !== undefined) keeping = await keepWorld(keptWorld(world, bills), options.keep);
  url = await listen(app, options, sandbox);
  return sandbox;
}

/** The first merchant, once all are known to be usable. @throws AppError `request_invalid` */
function firstOfChecked(merchants: readonly SandboxMerchant[]): SandboxMerchant {
  const [first] = merchants;
  if (first === undefined) throw new AppError('request_invalid', { merchants: 'at least one' });
  for (const { mchid, apiV3Key, publicKeyPem } of merchants) {
    const wrong = (issue: string): AppError =>
      new AppError('request_invalid', { [`merchant ${mchid}`]: issue });
    if (merchants.filter((one) => one.mchid === mchid).length > 1) throw wrong('is there twice');
    if (Buffer.byteLength(apiV3Key) !== API_V3_KEY_BYTES) throw wrong('its APIv3 key does not have 32 bytes');
    if (!isRsaPublicKey(publicKeyPem)) throw wrong('its public key cannot be read');
  }
  return first;
}
