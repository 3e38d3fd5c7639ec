/**
 * The witness under anything: random sequences of calls, repeats, troubles and time. Never is a number paid twice, never
 * more than was captured, and every movement has two ends.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import type { ControlStep } from '../ledger-traffic.ts';
import { controlSteps, recount, takeControlStep, which } from '../ledger-traffic.ts';
import type { PaidOrder, Shop, Wish } from './shop.ts';
import { startShop } from './shop.ts';

const ORDERS = 4;
const TOTAL = 1_000;

type Step =
  | { readonly act: 'ask'; readonly order: number; readonly fen: number; readonly trouble: Fields | null }
  | { readonly act: 'repeat'; readonly which: number; readonly otherAmount: boolean }
  | { readonly act: 'back'; readonly which: number }
  | ControlStep;

const trouble = fc.constantFrom<Fields | null>(
  null,
  { kind: 'lost_answer' },
  { kind: 'lost_answer', how: 'half', times: 2 },
  { kind: 'lost_answer', accepted: false },
  { kind: 'error_5xx', times: 2 },
  { kind: 'error_5xx', accepted: false },
  { kind: 'wrong_signature' },
  { kind: 'probe', on: 'query' },
  { kind: 'late_visible' },
  { kind: 'frequency_limited' },
  { kind: 'not_enough' },
  { kind: 'refused', times: 1 },
  { kind: 'abnormal' },
  { kind: 'abnormal' },
  { kind: 'abnormal' },
  { kind: 'closed' },
  { kind: 'closed' },
  { kind: 'late_success', days: 2 },
  { kind: 'stuck' },
  { kind: 'other_amount', fen: 3 },
  { kind: 'callback_forged' },
);
const order = fc.nat({ max: ORDERS - 1 });
const part = fc.integer({ min: 1, max: TOTAL });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('ask' as const), order, fen: part, trouble }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('repeat' as const), which, otherAmount: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('back' as const), which }) },
  ...controlSteps({ payments: ORDERS, totalMinor: TOTAL, seconds: [1, 60, 300, 90_000] }),
);

interface Sent {
  readonly wishes: Wish[];
  /** Numbers of abnormal refunds that were sent back to the merchant. */
  readonly back: Set<string>;
}

async function take(shop: Shop, orders: readonly PaidOrder[], all: Sent, one: Step): Promise<void> {
  const { wishes: sent, back } = all;
  const asked = 'order' in one ? orders[one.order] : undefined;
  const known = 'which' in one ? sent[one.which % Math.max(sent.length, 1)] : undefined;
  switch (one.act) {
    case 'ask': {
      if (asked === undefined) return;
      const wish = shop.wish(asked, one.fen);
      if (one.trouble !== null) await shop.plan(wish.out_refund_no, one.trouble);
      sent.push(wish);
      await sendAnyhow(shop, wish);
      return;
    }
    case 'repeat': {
      if (known === undefined) return;
      const amount = known['amount'] as { refund: number };
      const other = { ...amount, refund: amount.refund + 1 };
      await sendAnyhow(shop, one.otherAmount ? { ...known, amount: other } : known);
      return;
    }
    case 'back': {
      const refundNo = known?.out_refund_no ?? 'none';
      const refundId =
        shop.sandbox.refunds().find((refund) => refund.refundNo === refundNo)?.refundId ?? 'none';
      const body = { out_refund_no: refundNo, type: 'MERCHANT_BANK_CARD' };
      const target = `/v3/refund/domestic/refunds/${refundId}/apply-abnormal-refund`;
      if ((await shop.callRaw('POST', target, { body })).status === 200) back.add(refundNo);
      return;
    }
    default:
      await takeControlStep(shop, one, {
        paymentNo: 'payment' in one ? orders[one.payment]?.payment_no : undefined,
        refundNo: known?.out_refund_no,
      });
  }
}

/** Whatever the answer, none is an answer, too. */
async function sendAnyhow(shop: Shop, wish: Wish): Promise<void> {
  await shop.callRaw('POST', '/v3/refund/domestic/refunds', { body: wish }).catch(() => undefined);
}

async function expectAllIsWell(
  shop: Shop,
  orders: readonly PaidOrder[],
  back: ReadonlySet<string>,
): Promise<void> {
  const { balances, paid } = await recount(shop.control, ({ voucher }) => voucher);
  const ledger = shop.sandbox.ledger();

  expect(ledger.balances).toEqual(Object.fromEntries(balances));
  expect(ledger.balanced).toBe(true);
  expect(ledger.doublePayments).toBe(0);
  expect(ledger.overRefundedPayments).toEqual([]);
  expect(balances.get(`merchant:${shop.merchant.mchid}`)).toBeGreaterThanOrEqual(0n);

  const refunds = shop.sandbox.refunds();
  for (const [number, payments] of paid) {
    expect(payments, number).toHaveLength(1);
    expect(payments[0]).toBe(refunds.find((one) => one.refundNo === number)?.payerMinor);
  }
  const succeeded = refunds.filter(({ status, refundNo }) => status === 'SUCCESS' && !back.has(refundNo));
  // Where a coupon paid nearly all, the payer's share of a fen may be none: nothing moves then.
  expect([...paid.keys()].toSorted()).toEqual(numbersOf(succeeded.filter((one) => one.payerMinor > 0n)));
  expect(ledger.paidOut.map(({ refundNo }) => refundNo).toSorted()).toEqual(numbersOf(succeeded));
  // Money under way is that of refunds without an end: accepted, or stopped at a dead card.
  const underWay = refunds.filter(({ status }) => status === 'PROCESSING' || status === 'ABNORMAL');
  expect(balances.get(`in_transit:${shop.merchant.mchid}`) ?? 0n).toBe(
    underWay.reduce((sum, one) => sum + one.payerMinor, 0n),
  );
  for (const { transaction_id: id } of orders) {
    const held = refunds.filter((one) => one.transactionId === id && one.status !== 'CLOSED');
    expect(held.reduce((sum, one) => sum + one.amountMinor, 0n)).toBeLessThanOrEqual(BigInt(TOTAL));
  }
}

function numbersOf(refunds: readonly { readonly refundNo: string }[]): readonly string[] {
  return refunds.map(({ refundNo }) => refundNo).toSorted();
}

test('I1 I2 I18: after any calls, repeats, troubles and time no number is paid twice, no order beyond its total, and all postings balance', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      fc.constantFrom(0n, 1_500n, 100_000_000n),
      fc.constantFrom('0', '300', '999'),
      async (steps, balanceMinor, coupon) => {
        const shop = await startShop({ balanceMinor });
        try {
          const orders: PaidOrder[] = [];
          for (let index = 0; index < ORDERS; index += 1) {
            orders.push(await shop.pay(TOTAL, coupon === '0' ? {} : { coupon_minor: coupon }));
          }
          const sent: Sent = { wishes: [], back: new Set() };
          for (const one of steps) {
            await take(shop, orders, sent, one);
            await expectAllIsWell(shop, orders, sent.back);
          }
          await shop.turn(30 * 86_400);
          await expectAllIsWell(shop, orders, sent.back);
        } finally {
          await shop.stop();
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('I1: a month of refunds that are each sent again and again pays each once, to the fen', async () => {
  const shop = await startShop();
  try {
    const wishes: Wish[] = [];
    for (let day = 0; day < 30; day += 1) {
      for (let index = 0; index < 3; index += 1) {
        const wish = shop.wish(await shop.pay(TOTAL, { coupon_minor: '123' }), 100 + day);
        if (index === 1) await shop.plan(wish.out_refund_no, { kind: 'lost_answer', times: 2 });
        wishes.push(wish);
        for (let attempt = 0; attempt < 3; attempt += 1) await sendAnyhow(shop, wish);
      }
      await shop.turn(86_400);
    }

    const { paidOut, doublePayments } = shop.sandbox.ledger();

    expect(doublePayments).toBe(0);
    expect(paidOut.map(({ refundNo }) => refundNo).toSorted()).toEqual(
      wishes.map((wish) => wish.out_refund_no).toSorted(),
    );
    const asked = wishes.reduce((sum, wish) => sum + (wish['amount'] as { refund: number }).refund, 0);
    expect(paidOut.reduce((sum, one) => sum + one.amountMinor, 0n)).toBe(BigInt(asked));
  } finally {
    await shop.stop();
  }
});
