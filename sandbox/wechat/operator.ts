/** What whoever runs the sandbox can see and do: the programming interface that tests, the demo and /sandbox share. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../domain/errors.ts';
import { ledgerPayment } from './ledger-entries.ts';
import type { SandboxMerchant } from './model.ts';
import type { Sandbox } from './server.ts';
import { isTurnable } from '../turnable-clock.ts';
import { orderView, postingView, refundView } from './views.ts';
import type { World } from './world.ts';

/** A clock is turned this far at most in one go. */
const TURN_DAYS_MAX = 400;
const DAY_MS = 86_400_000;

/** @param mchid The merchant that is meant where none is named. @param url Known once the server listens. */
export function operatorOf(world: World, app: FastifyInstance, mchid: string, url: () => string): Sandbox {
  const { agenda, callbacks, desk, ledger, plan, vault } = world;
  const nowMs = (): number => world.clock.now().getTime();
  const runDue = async (): Promise<void> => {
    agenda.look();
    await callbacks.idle();
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
    ...payments(world, mchid),
    merchants: () =>
      [...world.merchants.values()].map((one) => ({
        mchid: one.mchid,
        appid: one.appid,
        certificateSerial: one.certificateSerial,
        notifyUrl: one.notifyUrl ?? null,
        balanceMinor: ledger.balanceOf(one.mchid),
      })),
    orders: () => world.orders.all().map(orderView),
    refunds: () => desk.all().map((refund) => refundView(refund, nowMs())),
    ledger: () => {
      agenda.look();
      return ledger.view();
    },
    postings: () => {
      agenda.look();
      return ledger.postings().map(postingView);
    },
    deliveries: () => callbacks.deliveries(),
    troubles: () => plan.list(),
    resendCallback: (outRefundNo, wanted) => {
      agenda.look();
      const refund = desk.find(merchantOf(world, wanted ?? mchid).mchid, outRefundNo);
      if (refund === undefined || !callbacks.resend(refund)) throw noNotice(outRefundNo);
    },
    rotatePlatformCertificate: () => vault.rotatePlatformCertificate(),
    signCallbacksWith: (kind) => vault.signCallbacksWith(kind),
    clock: () => {
      const { clock } = world;
      return { now: clock.now(), rate: isTurnable(clock) ? clock.rate : null, turnable: isTurnable(clock) };
    },
    turnClock: (instant) => turnClock(world, instant, runDue),
    runDue,
    stop: async () => {
      agenda.stop();
      await callbacks.stop();
      await app.close();
    },
  };
}

function payments(world: World, mchid: string): Pick<Sandbox, 'pay' | 'refundByHand' | 'topUp' | 'withdraw'> {
  const { agenda, desk, ledger, orders, plan } = world;
  const nowMs = (): number => world.clock.now().getTime();
  return {
    pay: (wanted) => {
      const order = orders.add(wanted, nowMs());
      if (order.tradeState === 'SUCCESS') ledger.paid(ledgerPayment(order));
      return orderView(order);
    },
    refundByHand: ({ outTradeNo, amountMinor, reason = null, ...named }) => {
      agenda.look();
      const merchant = merchantOf(world, named.mchid ?? mchid);
      return refundView(desk.acceptByHand(merchant, { outTradeNo, amountMinor, reason }, nowMs()), nowMs());
    },
    topUp: (wanted, minor) => {
      const merchant = merchantOf(world, wanted);
      if (minor < 1n) throw new AppError('request_invalid', { amount_minor: 'is below 1' });
      ledger.topUp(merchant.mchid, minor, nowMs());
      plan.toppedUp();
      return ledger.balanceOf(merchant.mchid);
    },
    withdraw: (wanted, minor) => {
      const { mchid: whose } = merchantOf(world, wanted);
      const balance = ledger.balanceOf(whose);
      if (minor < 1n || minor > balance) {
        throw new AppError('request_invalid', { amount_minor: `is not between 1 and ${String(balance)}` });
      }
      ledger.withdraw(whose, minor, nowMs());
      return ledger.balanceOf(whose);
    },
  };
}

/** Goes from one instant at which something is due to the next, so that all happens in its time and its order. */
async function turnClock(world: World, instant: Date, runDue: () => Promise<void>): Promise<Date> {
  const { clock, agenda } = world;
  const aheadMs = instant.getTime() - clock.now().getTime();
  if (!isTurnable(clock)) {
    throw new AppError('request_invalid', { clock: 'is shared with other processes and cannot be turned' });
  }
  if (!(aheadMs >= 0 && aheadMs <= TURN_DAYS_MAX * DAY_MS)) {
    const limits = `is not between now and ${String(TURN_DAYS_MAX)} days from now`;
    throw new AppError('request_invalid', { to: limits });
  }
  for (
    let dueMs = agenda.nextDueMs();
    dueMs !== null && dueMs <= instant.getTime();
    dueMs = agenda.nextDueMs()
  ) {
    clock.turnTo(new Date(dueMs));
    await runDue();
  }
  clock.turnTo(instant);
  await runDue();
  return clock.now();
}

function merchantOf(world: World, mchid: string): SandboxMerchant {
  const merchant = world.merchants.get(mchid);
  if (merchant === undefined)
    throw new AppError('request_invalid', { mchid: `${mchid} is no merchant of this sandbox` });
  return merchant;
}

function noNotice(outRefundNo: string): AppError {
  const issue = 'has no notice: it is unknown, has not ended, or has no address to notify';
  return new AppError('not_found', { out_refund_no: `${outRefundNo} ${issue}` });
}
