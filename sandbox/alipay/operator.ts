/** What whoever runs the sandbox can see and do: the programming interface that tests, the demo and /sandbox share. */
import { AppError } from '../../domain/errors.ts';
import type { ActParts } from '../control/acts.ts';
import { actsOf, meantOf, noNotice } from '../control/acts.ts';
import { ledgerPayment } from './ledger-entries.ts';
import type { SandboxMerchant } from './model.ts';
import type { Sandbox } from './server.ts';
import { wasPaid } from './trades.ts';
import { merchantView, refundView, tradeView } from './views.ts';
import type { World } from './world.ts';

/** @param first The merchant that is meant where none is named. @param url Known once the server listens. */
export function operatorOf(
  world: World,
  server: ActParts<never>['server'],
  first: SandboxMerchant,
  url: () => string,
): Sandbox {
  const { agenda, callbacks, clock, desk, keys, ledger, plan, trades } = world;
  const nowMs = (): number => clock.now().getTime();
  const merchantNos: [string, ...string[]] = [first.sellerId, ...world.merchants.keys()];
  return {
    ...actsOf({ clock, agenda, ledger, plan, merchantNos, notices: callbacks.tries, server }),
    get url() {
      return url();
    },
    keys: {
      publicKeyPem: keys.publicKeyPem,
      certificatePem: keys.certificatePem,
      certificateSn: keys.certificateSn,
      rootPem: keys.rootPem,
      rootSn: keys.rootSn,
    },
    renewCertificate: (flaw) => world.signers.renew(first.sellerId, clock.wallNow(), flaw),
    pay: (wanted) => {
      const trade = trades.add(wanted, nowMs());
      if (wasPaid(trade)) ledger.paid(ledgerPayment(trade));
      return tradeView(trade, nowMs());
    },
    refundByHand: ({ merchantNo, paymentNo, amountMinor, reason = null }) => {
      agenda.look();
      if (amountMinor < 1n) throw new AppError('request_invalid', { amount_minor: 'is below 1' });
      const name = { tradeNo: undefined, outTradeNo: paymentNo };
      const trade = trades.named(meantOf(merchantNos, merchantNo), name);
      return refundView(desk.acceptByHand(trade, amountMinor, reason, nowMs()), nowMs());
    },
    merchants: () =>
      [...world.merchants.values()].map((one) => merchantView(one, ledger.balanceOf(one.sellerId))),
    payments: () => trades.all().map((trade) => tradeView(trade, nowMs())),
    refunds: () => desk.all().map((refund) => refundView(refund, nowMs())),
    resendCallback: (refundNo, merchantNo) => {
      agenda.look();
      const refund = desk.newest(meantOf(merchantNos, merchantNo), refundNo);
      if (refund === undefined || !callbacks.tries.resend(refund)) throw noNotice(refundNo);
    },
  };
}
