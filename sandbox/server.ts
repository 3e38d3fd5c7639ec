/**
 * A WeChat Pay on loopback: the real APIv3 protocol on one side, plain JSON to make payments and trouble on the other,
 * and a ledger that nobody can talk into anything. It shares no protocol code with channels/: what both sides agree on is
 * what is written in the channel's documents.
 */
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { Bills } from './bills.ts';
import type { DeliveryView } from './callbacks.ts';
import { registerControlServer } from './control-server.ts';
import type { ChannelKeys } from './keys.ts';
import { makeChannelKeys } from './keys.ts';
import type { LedgerView } from './ledger.ts';
import type { NewOrder, Order, Refund, RefundStatus, SandboxMerchant } from './model.ts';
import { statusAt } from './model.ts';
import { registerPayServer } from './pay-server.ts';
import { DOCUMENTED_RATES, RateLimits } from './rates.ts';
import type { Rates } from './rates.ts';
import { RefundCalls } from './refund-calls.ts';
import type { TroublePlan, TroubleView } from './trouble-plan.ts';
import type { PublishedKeys } from './vault.ts';
import type { World } from './world.ts';
import { makeWorld } from './world.ts';

export interface SandboxOptions {
  readonly clock: Clock;
  /** At least one. Control calls that name no merchant mean the first. */
  readonly merchants: readonly SandboxMerchant[];
  /** Decides how long each refund takes, bank names, goods: the same seed and numbers, the same fates. Default 1. */
  readonly seed?: number;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** How others reach it, where that differs from host and port; bill addresses begin with it. */
  readonly publicUrl?: string;
  /** WeChat Pay's keys from an earlier start; made anew when absent. */
  readonly keys?: ChannelKeys;
  /** Hosts to which notices may go. Default: this machine. */
  readonly notifyHosts?: readonly string[];
  /** Limits on the wall clock; those not given are the documented ones. */
  readonly rates?: Partial<Rates>;
  readonly log?: (line: string) => void;
}

export interface RefundView {
  readonly mchid: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly amountMinor: bigint;
  readonly payerMinor: bigint;
  readonly origin: Refund['origin'];
  readonly status: RefundStatus;
  readonly acceptedAt: Date;
  /** When it ends, also when that is still to come; null: never. */
  readonly endsAt: Date | null;
  /** How often the number was sent, the first time included. */
  readonly attempts: number;
}

export type OrderView = Omit<Order, 'refunds' | 'paidAtMs'> & {
  readonly paidAt: Date;
  readonly refundCount: number;
};

export interface HandRefund {
  readonly mchid?: string;
  readonly outTradeNo: string;
  readonly amountMinor: bigint;
  readonly reason?: string;
}

export interface Sandbox {
  /** Base address, without a slash at the end. */
  readonly url: string;
  /** The first merchant. */
  readonly mchid: string;
  /** What merchants verify with, as it is now. */
  readonly keys: PublishedKeys;
  readonly plan: TroublePlan;
  /** Makes a paid order. @throws AppError `request_invalid` */
  pay(order: NewOrder): OrderView;
  /** A refund that somebody makes in the merchant console; its number begins with REF. @throws WechatProblem */
  refundByHand(refund: HandRefund): RefundView;
  /** Puts money on the merchant's balance and returns the new balance; ends troubles that waited for it. */
  topUp(mchid: string, minor: bigint): bigint;
  /** The witness. */
  ledger(): LedgerView;
  refunds(): readonly RefundView[];
  /** Every try of every notice, in the order in which they ended. */
  deliveries(): readonly DeliveryView[];
  /** What was planned and what came of it. */
  troubles(): readonly TroubleView[];
  /** Sends the notice of an ended refund once more. @throws AppError `not_found` */
  resendCallback(outRefundNo: string, mchid?: string): void;
  /** From now on a new platform certificate signs; the certificate list has both. */
  rotatePlatformCertificate(): PublishedKeys;
  /** Which kind of key signs callbacks from now on. At start: the public key. */
  signCallbacksWith(kind: 'public_key' | 'certificate'): void;
  /** Does what is due and waits until no callback is on its way; for clocks that are set by hand. */
  runDue(): Promise<void>;
  stop(): Promise<void>;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** Starts it and listens. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, merchants, log = () => undefined } = options;
  const [first] = merchants;
  if (first === undefined) throw new AppError('request_invalid', { merchants: 'at least one' });
  const keys = options.keys ?? makeChannelKeys(clock.wallNow());
  const world = makeWorld({ clock, merchants, keys, seed: options.seed ?? 1, log });
  const limits = new RateLimits({ ...DOCUMENTED_RATES, ...options.rates }, () => clock.wallNow().getTime());
  const hosts = new Set(options.notifyHosts ?? LOOPBACK);
  const calls = new RefundCalls(world, limits, (host) => hosts.has(host));

  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 512 } });
  let url = '';
  const bills = new Bills(world, () => url);
  const sandbox = sandboxOver(world, app, first.mchid, () => url);
  app.addHook('onResponse', async (request, reply) => {
    log(`${request.method} ${request.url.split('?')[0] ?? ''} ${String(reply.statusCode)}`);
  });
  await app.register((scope) => registerControlServer(scope, sandbox));
  await app.register((scope) => registerPayServer(scope, { world, calls, bills }));
  const address = await app.listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1' });
  url = options.publicUrl ?? address;
  return sandbox;
}

function sandboxOver(world: World, app: FastifyInstance, mchid: string, url: () => string): Sandbox {
  const { clock, agenda, callbacks, desk, ledger, orders, plan, vault } = world;
  const nowMs = (): number => clock.now().getTime();
  const merchantOf = (wanted: string | undefined): SandboxMerchant => {
    const merchant = world.merchants.get(wanted ?? mchid);
    if (merchant === undefined) throw new AppError('request_invalid', { mchid: 'is none of the sandbox' });
    return merchant;
  };
  return {
    mchid,
    plan,
    get url() {
      return url();
    },
    get keys() {
      return vault.published();
    },
    pay: (wanted) => {
      const order = orders.add(wanted, nowMs());
      if (order.tradeState === 'SUCCESS') ledger.orderPaid(order);
      return orderView(order);
    },
    refundByHand: ({ outTradeNo, amountMinor, reason = null, ...named }) => {
      agenda.look();
      const wanted = { outTradeNo, amountMinor, reason };
      return refundView(desk.acceptByHand(merchantOf(named.mchid), wanted, nowMs()), nowMs());
    },
    topUp: (wanted, minor) => {
      const merchant = merchantOf(wanted);
      ledger.topUp(merchant.mchid, minor, nowMs());
      plan.toppedUp();
      return ledger.balanceOf(merchant.mchid);
    },
    ledger: () => {
      agenda.look();
      return ledger.view();
    },
    refunds: () => desk.all().map((refund) => refundView(refund, nowMs())),
    deliveries: () => callbacks.deliveries(),
    troubles: () => plan.list(),
    resendCallback: (outRefundNo, wanted) => {
      agenda.look();
      const refund = desk.find(wanted ?? mchid, outRefundNo);
      if (refund === undefined || !callbacks.resend(refund)) throw new AppError('not_found', { outRefundNo });
    },
    rotatePlatformCertificate: () => vault.rotatePlatformCertificate(),
    signCallbacksWith: (kind) => vault.signCallbacksWith(kind),
    runDue: async () => {
      agenda.look();
      await callbacks.idle();
    },
    stop: async () => {
      agenda.stop();
      await callbacks.stop();
      await app.close();
    },
  };
}

function refundView(refund: Refund, nowMs: number): RefundView {
  const { order, verdict } = refund;
  return {
    mchid: refund.mchid,
    outRefundNo: refund.outRefundNo,
    refundId: refund.refundId,
    transactionId: order.transactionId,
    outTradeNo: order.outTradeNo,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    origin: refund.origin,
    status: statusAt(refund, nowMs),
    acceptedAt: new Date(refund.acceptedAtMs),
    endsAt: verdict === null ? null : new Date(verdict.atMs),
    attempts: refund.attempts,
  };
}

function orderView(order: Order): OrderView {
  const { refunds, paidAtMs, ...shown } = order;
  return { ...shown, paidAt: new Date(paidAtMs), refundCount: refunds.length };
}
