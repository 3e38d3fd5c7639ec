/** What whoever runs the sandbox can see and do: the programming interface that tests, the demo and /sandbox share. */
import type { ActParts } from '../control/acts.ts';
import { actsOf, meantOf, noNotice } from '../control/acts.ts';
import { ledgerPayment } from './ledger-entries.ts';
import type { SandboxMerchant } from './model.ts';
import type { Sandbox } from './server.ts';
import { transfer } from './transfer.ts';
import { merchantView, orderView, refundView } from './views.ts';
import type { World } from './world.ts';

/** @param first The merchant that is meant where none is named. @param url Known once the server listens. */
export function operatorOf(
  world: World,
  server: ActParts<never>['server'],
  first: SandboxMerchant,
  url: () => string,
): Sandbox {
  const { agenda, callbacks, clock, desk, ledger, orders, plan, vault } = world;
  const nowMs = (): number => clock.now().getTime();
  const merchantNos: [string, ...string[]] = [first.mchid, ...world.merchants.keys()];
  const merchantOf = (wanted: string | undefined): SandboxMerchant =>
    world.merchants.get(meantOf(merchantNos, wanted)) ?? first;
  return {
    ...actsOf({ clock, agenda, ledger, plan, merchantNos, notices: callbacks.tries, server }),
    get url() {
      return url();
    },
    get keys() {
      return vault.published();
    },
    pay: (wanted) => {
      const order = orders.add(wanted, nowMs());
      if (order.tradeState === 'SUCCESS') ledger.paid(ledgerPayment(order));
      return orderView(order);
    },
    refundByHand: ({ merchantNo, paymentNo, amountMinor, reason = null }) => {
      agenda.look();
      const wanted = { outTradeNo: paymentNo, amountMinor, reason };
      return refundView(desk.acceptByHand(merchantOf(merchantNo), wanted, nowMs()), nowMs());
    },
    merchants: () =>
      [...world.merchants.values()].map((one) => merchantView(one, ledger.balanceOf(one.mchid))),
    payments: () => orders.all().map(orderView),
    refunds: () => desk.all().map((refund) => refundView(refund, nowMs())),
    resendCallback: (refundNo, merchantNo) => {
      agenda.look();
      const refund = desk.find(merchantOf(merchantNo).mchid, refundNo);
      if (refund === undefined || !callbacks.tries.resend(refund)) throw noNotice(refundNo);
    },
    transfer: (wanted, merchantNo) =>
      transfer(ledger, meantOf(merchantNos, merchantNo), { ...wanted, atMs: nowMs() }),
    rotatePlatformCertificate: () => vault.rotatePlatformCertificate(),
    signCallbacksWith: (kind) => vault.signCallbacksWith(kind),
  };
}
