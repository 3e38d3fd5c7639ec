/**
 * The witness under anything: random sequences of calls, repeats, troubles and time. Never is a number paid twice, never
 * more than was captured, and every movement has two ends.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import type { UnionpayPaymentView } from '../../../sandbox/unionpay/views.ts';
import type { Fields } from './merchant.ts';
import type { Shop } from './shop.ts';
import { startShop } from './shop.ts';

const PAYMENTS = 4;
const TOTAL = 1_000;

type Step =
  | {
      readonly act: 'ask';
      readonly payment: number;
      readonly fen: number;
      readonly cancels: boolean;
      readonly trouble: RefundTrouble | null;
    }
  | { readonly act: 'repeat'; readonly which: number; readonly otherAmount: boolean }
  | { readonly act: 'hand'; readonly payment: number; readonly fen: number }
  | { readonly act: 'turn'; readonly seconds: number }
  | { readonly act: 'top-up' | 'withdraw'; readonly fen: number }
  | { readonly act: 'resend'; readonly which: number };

const trouble = fc.constantFrom<RefundTrouble | null>(
  null,
  { kind: 'lost_answer' },
  { kind: 'lost_answer', how: 'half', times: 2 },
  { kind: 'lost_answer', accepted: false },
  { kind: 'error_5xx', times: 2 },
  { kind: 'error_5xx', accepted: false },
  { kind: 'wrong_signature' },
  { kind: 'unknown_code', code: '03', times: 2 },
  { kind: 'unknown_code', accepted: false },
  { kind: 'try_later' },
  { kind: 'not_enough' },
  { kind: 'refused', times: 1 },
  { kind: 'accepted_then_failed' },
  { kind: 'accepted_then_failed', code: '01' },
  { kind: 'flawed' },
  { kind: 'late_success', days: 2 },
  { kind: 'stuck' },
  { kind: 'bank_returned', days: 1 },
  { kind: 'other_amount', fen: 3 },
  { kind: 'callback_forged' },
);
const payment = fc.nat({ max: PAYMENTS - 1 });
const fen = fc.integer({ min: 1, max: TOTAL });
const which = fc.nat({ max: 30 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ act: fc.constant('ask' as const), payment, fen, trouble },
      cancels: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('repeat' as const), which, otherAmount: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('hand' as const), payment, fen }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('turn' as const), seconds: fc.constantFrom(1, 60, 600, 90_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constantFrom('top-up' as const, 'withdraw' as const), fen }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('resend' as const), which }) },
);

interface Traffic {
  readonly shop: Shop;
  readonly payments: readonly UnionpayPaymentView[];
  readonly sent: (Fields & { readonly orderId: string })[];
}

async function take({ shop, payments, sent }: Traffic, one: Step): Promise<void> {
  const asked = 'payment' in one ? payments[one.payment] : undefined;
  const known = 'which' in one ? sent[one.which % Math.max(sent.length, 1)] : undefined;
  switch (one.act) {
    case 'ask': {
      if (asked === undefined) return;
      const wish = shop.wish(asked, one.cancels ? TOTAL : one.fen, one.cancels ? { txnType: '31' } : {});
      if (one.trouble !== null) shop.plan(wish.orderId, one.trouble);
      sent.push(wish);
      await sendAnyhow(shop, wish);
      return;
    }
    case 'repeat':
      if (known !== undefined)
        await sendAnyhow(
          shop,
          one.otherAmount ? { ...known, txnAmt: String(Number(known['txnAmt']) + 1) } : known,
        );
      return;
    case 'hand':
      anyhow(() =>
        shop.sandbox.refundByHand({ paymentNo: asked?.paymentNo ?? '', amountMinor: BigInt(one.fen) }),
      );
      return;
    case 'turn':
      await shop.turn(one.seconds);
      return;
    case 'top-up':
      shop.sandbox.topUp(BigInt(one.fen));
      return;
    case 'withdraw':
      anyhow(() => shop.sandbox.withdraw(BigInt(one.fen)));
      return;
    case 'resend':
      anyhow(() => shop.sandbox.resendCallback(known?.orderId ?? 'none'));
  }
}

/** Whatever the answer, none is an answer, too. */
async function sendAnyhow(shop: Shop, wish: Fields): Promise<void> {
  await shop.callRaw('backTransReq', wish).catch(() => undefined);
}

/** What is refused is refused. */
function anyhow(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

/** What a careful reader of the movements alone finds out. */
function recount({ sandbox }: Shop): {
  readonly balances: ReadonlyMap<string, bigint>;
  readonly paid: ReadonlyMap<string, readonly bigint[]>;
} {
  const balances = new Map<string, bigint>();
  const paid = new Map<string, bigint[]>();
  for (const one of sandbox.postings()) {
    expect(one.amountMinor).toBeGreaterThan(0n);
    expect(one.from).not.toBe(one.to);
    balances.set(one.from, (balances.get(one.from) ?? 0n) - one.amountMinor);
    balances.set(one.to, (balances.get(one.to) ?? 0n) + one.amountMinor);
    if (one.kind === 'refund_paid')
      paid.set(one.voucher, [...(paid.get(one.voucher) ?? []), one.amountMinor]);
  }
  return { balances, paid };
}

function expectAllIsWell({ shop, payments }: Traffic): void {
  const { balances, paid } = recount(shop);
  const ledger = shop.sandbox.ledger();

  expect([...balances.values()].reduce((sum, minor) => sum + minor, 0n)).toBe(0n);
  expect(ledger.balances).toEqual(Object.fromEntries(balances));
  expect(ledger).toMatchObject({ balanced: true, doublePayments: 0, overRefundedPayments: [] });

  const refunds = shop.sandbox.refunds();
  const done = refunds.filter(({ status }) => status === '00' || status === 'A6');
  expect([...paid.keys()].toSorted()).toEqual(done.map(({ refundNo }) => refundNo).toSorted());
  for (const { refundNo, amountMinor } of done) expect(paid.get(refundNo), refundNo).toEqual([amountMinor]);
  // Money under way is that of refunds without an end.
  const underWay = refunds.filter(({ status }) => status === '05');
  expect(balances.get(`in_transit:${shop.sandbox.merchantNo}`) ?? 0n).toBe(
    underWay.reduce((sum, one) => sum + one.amountMinor, 0n),
  );
  for (const { transactionId } of payments) {
    const held = [...done, ...underWay].filter((one) => one.transactionId === transactionId);
    expect(held.reduce((sum, one) => sum + one.amountMinor, 0n)).toBeLessThanOrEqual(BigInt(TOTAL));
  }
}

test('I1 I2 I18: after any calls, repeats, troubles and time no number is paid twice, no payment beyond its amount, and all postings balance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const shop = await startShop();
      try {
        const payments = Array.from({ length: PAYMENTS }, () => shop.pay(TOTAL));
        const traffic: Traffic = { shop, payments, sent: [] };
        for (const one of steps) {
          await take(traffic, one);
          expectAllIsWell(traffic);
        }
        await shop.turn(30 * 86_400);
        expectAllIsWell(traffic);
      } finally {
        await shop.sandbox.stop();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
