/**
 * A UnionPay gateway on loopback: the real ACP 5.1.0 protocol on one side, plain JSON to make payments and trouble on the
 * other, and a ledger that nobody can talk into anything. It shares no protocol code with channels/: what both sides agree
 * on is what is written in the channel's documents.
 */
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { ControlledSandbox, HandRefund } from '../control/controlled-sandbox.ts';
import { registerControlServer } from '../control/server.ts';
import type { SandboxBasics } from '../listening.ts';
import type { Keeping } from '../keeping.ts';
import { closing, keepBeforeAnswering, keepWorld } from '../keeping.ts';
import { keptWorld } from './kept-world.ts';
import { LOOPBACK, listen, newServer } from '../listening.ts';
import { Calls } from './calls.ts';
import { unionpayControl } from './control.ts';
import { registerGateway, sendFault } from './gateway-server.ts';
import type { ChannelKeys } from './keys.ts';
import type { NewOrder, SandboxMerchant } from './model.ts';
import { operatorOf } from './operator.ts';
import { SHAPES } from './shapes.ts';
import { Statements } from './statements.ts';
import type { RefundTrouble } from './troubles.ts';
import type { UnionpayMerchantView, UnionpayPaymentView, UnionpayRefundView } from './views.ts';
import type { PublishedCertificates } from './world.ts';
import { makeWorld } from './world.ts';

export interface SandboxOptions extends SandboxBasics {
  /** At least one. Control calls that name no merchant mean the first. */
  readonly merchants: readonly SandboxMerchant[];
  /** UnionPay's chain, which issued the merchants' certificates. */
  readonly keys: ChannelKeys;
}

export interface Sandbox extends ControlledSandbox<RefundTrouble> {
  /** What merchants verify with. */
  readonly keys: PublishedCertificates;
  /** Makes a paid order. @throws AppError `request_invalid` */
  pay(order: NewOrder): UnionpayPaymentView;
  /** Its number begins with MSP. @throws GatewayRefusal */
  refundByHand(refund: HandRefund): UnionpayRefundView;
  merchants(): readonly UnionpayMerchantView[];
  payments(): readonly UnionpayPaymentView[];
  refunds(): readonly UnionpayRefundView[];
}

/** Starts it and listens. @throws AppError `request_invalid` about merchants, `config_invalid` about a taken port */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, keys, log = () => undefined } = options;
  const merchants = checked(options.merchants);
  const world = makeWorld({ clock, merchants, keys, seed: options.seed ?? 1, log });
  const hosts = new Set(options.notifyHosts ?? LOOPBACK);
  const calls = new Calls(world, (host) => hosts.has(host));
  const statements = new Statements(world);

  const app = newServer((error, _request, reply) => {
    void sendFault(error, reply);
  }, log);
  let keeping: Keeping | null = null;
  keepBeforeAnswering(app, () => keeping);
  let url = '';
  const [first, ...others] = merchants;
  const merchantNos = [first.merId, ...others.map(({ merId }) => merId)] as const;
  const sandbox = operatorOf(
    world,
    closing(app, () => keeping),
    merchantNos,
    () => url,
  );
  await app.register((scope) => registerControlServer(scope, unionpayControl(sandbox)));
  await app.register((scope) => registerGateway(scope, { world, calls, statements }));
  if (options.keep !== undefined) keeping = await keepWorld(keptWorld(world, statements), options.keep);
  url = await listen(app, options, sandbox);
  return sandbox;
}

/** All merchants, once they are known to be usable. @throws AppError `request_invalid` */
function checked(merchants: readonly SandboxMerchant[]): readonly [SandboxMerchant, ...SandboxMerchant[]] {
  const [first, ...others] = merchants;
  if (first === undefined) throw new AppError('request_invalid', { merchants: 'at least one' });
  for (const { merId, certificatePem } of merchants) {
    const wrong = (issue: string): AppError =>
      new AppError('request_invalid', { [`merchant ${merId}`]: issue });
    if (!SHAPES.merId.test(merId)) throw wrong('its number is not 15 digits or letters');
    if (merchants.filter((one) => one.merId === merId).length > 1) throw wrong('is there twice');
    if (!isCertificate(certificatePem)) throw wrong('its certificate cannot be read');
  }
  return [first, ...others];
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey.asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
