/**
 * An Alipay on loopback: the real gateway protocol (v2) on one side, plain JSON to make payments and trouble on the other,
 * and a ledger that nobody can talk into anything. It shares no protocol code with channels/: what both sides agree on is
 * what is written in the channel's documents.
 */
import { AppError } from '../../domain/errors.ts';
import type { ControlledSandbox, HandRefund } from '../control/controlled-sandbox.ts';
import { registerControlServer } from '../control/server.ts';
import { isRsaPublicKey } from '../key-pair.ts';
import type { SandboxBasics } from '../listening.ts';
import type { Keeping } from '../keeping.ts';
import { closing, keepBeforeAnswering, keepWorld } from '../keeping.ts';
import { keptWorld } from './kept-world.ts';
import { LOOPBACK, listen, newServer } from '../listening.ts';
import { Bills } from './bills.ts';
import { alipayControl } from './control.ts';
import { registerGateway, sendGatewayError } from './gateway-server.ts';
import type { CertificateFlaw, ChannelKeys } from './keys.ts';
import type { NewTrade, SandboxMerchant } from './model.ts';
import { operatorOf } from './operator.ts';
import { RefundCalls } from './refund-calls.ts';
import type { RefundTrouble } from './troubles.ts';
import type { AlipayMerchantView, AlipayRefundView, TradeView } from './views.ts';
import { makeWorld } from './world.ts';

export interface SandboxOptions extends SandboxBasics {
  /** At least one. Control calls that name no merchant mean the first. */
  readonly merchants: readonly SandboxMerchant[];
  /** Alipay's keys, made by `makeAlipayKeys`. */
  readonly keys: ChannelKeys;
}

export interface Sandbox extends ControlledSandbox<RefundTrouble> {
  /** What merchants verify with. */
  readonly keys: Omit<ChannelKeys, 'privateKeyPem' | 'issuer'>;
  /** Applications in certificate mode meet another certificate of Alipay's from now on. Returns its serial. */
  renewCertificate(flaw?: CertificateFlaw): string;
  /** Makes a paid trade. @throws AppError `request_invalid` */
  pay(trade: NewTrade): TradeView;
  /** @throws AlipayProblem */
  refundByHand(refund: HandRefund): AlipayRefundView;
  merchants(): readonly AlipayMerchantView[];
  payments(): readonly TradeView[];
  refunds(): readonly AlipayRefundView[];
}

/** Starts it and listens. @throws AppError `request_invalid` about merchants, `config_invalid` about a taken port */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, keys, merchants, log = () => undefined } = options;
  const first = firstOfChecked(merchants);
  const notifyHosts = options.notifyHosts ?? LOOPBACK;
  const world = makeWorld({ clock, merchants, keys, notifyHosts, seed: options.seed ?? 1, log });
  const app = newServer((error, request, reply) => {
    void sendGatewayError(error, request, reply);
  }, log);
  let keeping: Keeping | null = null;
  keepBeforeAnswering(app, () => keeping);
  let url = '';
  const bills = new Bills(world, () => url);
  const parts = { world, calls: new RefundCalls(world), bills };
  const sandbox = operatorOf(
    world,
    closing(app, () => keeping),
    first,
    () => url,
  );
  await app.register((scope) => registerControlServer(scope, alipayControl(sandbox)));
  await app.register((scope) => registerGateway(scope, parts));
  if (options.keep !== undefined) keeping = await keepWorld(keptWorld(world, bills), options.keep);
  url = await listen(app, options, sandbox);
  return sandbox;
}

/** The first merchant, once all are known to be usable. @throws AppError `request_invalid` */
function firstOfChecked(merchants: readonly SandboxMerchant[]): SandboxMerchant {
  const [first] = merchants;
  if (first === undefined) throw new AppError('request_invalid', { merchants: 'at least one' });
  for (const { appId, sellerId, publicKeyPem } of merchants) {
    const wrong = (issue: string): AppError =>
      new AppError('request_invalid', { [`merchant ${sellerId}`]: issue });
    if (merchants.filter((one) => one.sellerId === sellerId || one.appId === appId).length > 1)
      throw wrong('is there twice');
    if (!isRsaPublicKey(publicKeyPem)) throw wrong('its public key cannot be read');
  }
  return first;
}
