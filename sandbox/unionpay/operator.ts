/** What whoever runs the sandbox can see and do: the programming interface that tests, the demo and /sandbox share. */
import { AppError } from '../../domain/errors.ts';
import type { ActParts } from '../control/acts.ts';
import { actsOf, meantOf, noNotice } from '../control/acts.ts';
import { ledgerPayment } from './ledger-entries.ts';
import { isSuccess } from './model.ts';
import type { Sandbox } from './server.ts';
import { merchantView, paymentView, refundView } from './views.ts';
import type { World } from './world.ts';

/** @param merchantNos The first is meant where none is named. @param url Known once the server listens. */
export function operatorOf(
  world: World,
  server: ActParts<never>['server'],
  merchantNos: readonly [string, ...string[]],
  url: () => string,
): Sandbox {
  const { agenda, notices, clock, desk, ledger, payments, plan } = world;
  const nowMs = (): number => clock.now().getTime();
  return {
    ...actsOf({ clock, agenda, ledger, plan, merchantNos, notices: notices.tries, server }),
    get url() {
      return url();
    },
    keys: world.published,
    pay: (wanted) => {
      const payment = payments.add(wanted, nowMs());
      if (isSuccess(payment.respCode)) ledger.paid(ledgerPayment(payment));
      return paymentView(payment);
    },
    refundByHand: ({ merchantNo, paymentNo, amountMinor, reason = '' }) => {
      agenda.look();
      const payment = payments.byOrderId(meantOf(merchantNos, merchantNo), paymentNo);
      if (payment === undefined) throw new AppError('not_found', { payment_no: paymentNo });
      return refundView(desk.acceptByHand(payment, amountMinor, reason, nowMs()), nowMs());
    },
    merchants: () =>
      [...world.merchants.values()].map((one) => merchantView(one, ledger.balanceOf(one.merId))),
    payments: () => payments.all().map(paymentView),
    refunds: () => desk.all().map((one) => refundView(one, nowMs())),
    resendCallback: (refundNo, merchantNo) => {
      agenda.look();
      const one = desk.newest(meantOf(merchantNos, merchantNo), refundNo);
      if (one === undefined || !notices.tries.resend(one)) throw noNotice(refundNo);
    },
  };
}
