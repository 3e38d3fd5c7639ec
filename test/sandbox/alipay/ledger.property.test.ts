/**
 * The witness under anything: random sequences of calls, repeats, troubles and time. Never is a number paid twice, never
 * more than was captured, and every movement has two ends.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import type { ControlStep } from '../ledger-traffic.ts';
import { controlSteps, recount, takeControlStep, which } from '../ledger-traffic.ts';
import type { PaidTrade, Shop, Wish } from './shop.ts';
import { DAY, startShop } from './shop.ts';

const TRADES = 4;
const TOTAL = 1_000;

type Step =
  | {
      readonly act: 'ask';
      readonly trade: number;
      readonly fen: number;
      readonly troubles: readonly Fields[];
    }
  | { readonly act: 'repeat'; readonly which: number; readonly how: 'same' | 'amount' | 'trade' }
  | { readonly act: 'query'; readonly which: number }
  | ControlStep;

const trouble = fc.constantFrom<Fields>(
  { kind: 'lost_answer' },
  { kind: 'lost_answer', how: 'half', times: 2 },
  { kind: 'lost_answer', accepted: false },
  { kind: 'error_5xx', times: 2 },
  { kind: 'error_5xx', accepted: false },
  { kind: 'system_error' },
  { kind: 'system_error', accepted: false, times: 2 },
  { kind: 'wrong_signature' },
  { kind: 'unsigned', on: 'query' },
  { kind: 'fund_change_n' },
  { kind: 'fund_change_n', seconds: 60 },
  { kind: 'silent_query', times: 2 },
  { kind: 'other_amount', fen: 3 },
  { kind: 'frequency_limited' },
  { kind: 'not_enough' },
  { kind: 'buyer_error' },
  { kind: 'refused', times: 1 },
  { kind: 'late_success', days: 2 },
  { kind: 'stuck' },
  { kind: 'dback_failed' },
  { kind: 'dback_lost' },
  { kind: 'callback_forged' },
);
const part = fc.integer({ min: 1, max: TOTAL });
const ofTrade = fc.nat({ max: TRADES - 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('ask' as const),
      trade: ofTrade,
      fen: part,
      troubles: fc.array(trouble, { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('repeat' as const),
      which,
      how: fc.constantFrom('same', 'same', 'amount', 'trade'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('query' as const), which }) },
  ...controlSteps({ payments: TRADES, totalMinor: TOTAL, seconds: [1, 3, 60, 90_000] }),
);

interface Traffic {
  readonly shop: Shop;
  readonly trades: readonly PaidTrade[];
  readonly sent: Wish[];
}

function yuan(fen: number): string {
  return `${String(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
}

async function take({ shop, trades, sent }: Traffic, one: Step): Promise<void> {
  const trade = 'trade' in one ? trades[one.trade] : undefined;
  const known = 'which' in one ? sent[one.which % Math.max(sent.length, 1)] : undefined;
  switch (one.act) {
    case 'ask': {
      if (trade === undefined) return;
      const wish = shop.wish(trade, yuan(one.fen));
      for (const planned of one.troubles) await shop.plan(wish, planned);
      sent.push(wish);
      await sendAnyhow(shop, wish);
      return;
    }
    case 'repeat': {
      if (known === undefined) return;
      const other = trades.find(({ transaction_id: no }) => no !== known.trade_no)?.transaction_id ?? '';
      const change = {
        same: {},
        amount: { refund_amount: `${known.refund_amount}`.replace(/\d$/, '9') },
        trade: { trade_no: other },
      };
      await sendAnyhow(shop, { ...known, ...change[one.how] });
      return;
    }
    case 'query':
      if (known === undefined) return;
      await shop.callRaw('alipay.trade.fastpay.refund.query', {
        trade_no: known.trade_no,
        out_request_no: known.out_request_no,
      });
      return;
    default:
      await takeControlStep(shop, one, {
        paymentNo: 'payment' in one ? trades[one.payment]?.payment_no : undefined,
        refundNo: known?.out_request_no,
      });
  }
}

/** Whatever the answer, none is an answer, too. */
async function sendAnyhow(shop: Shop, wish: Wish): Promise<void> {
  await shop.callRaw('alipay.trade.refund', wish).catch(() => undefined);
}

async function expectAllIsWell({ shop, trades }: Traffic): Promise<void> {
  // The trade's number and the refund's name a refund together.
  const { balances, paid } = await recount(shop.control, (one) => `${one.reference}/${one.voucher}`);
  const ledger = shop.sandbox.ledger();
  expect(ledger).toMatchObject({ balanced: true, doublePayments: 0, overRefundedPayments: [] });
  expect(ledger.balances).toEqual(Object.fromEntries(balances));
  expect(balances.get(`merchant:${shop.sandbox.merchantNo}`)).toBeGreaterThanOrEqual(0n);

  const refunds = shop.sandbox.refunds();
  const done = refunds.filter(({ hasEnded }) => hasEnded);
  const given = done.filter(({ payerMinor }) => payerMinor > 0n);
  expect(new Set(paid.keys())).toEqual(
    new Set(given.map(({ transactionId, refundNo }) => `${transactionId}/${refundNo}`)),
  );
  for (const [name, payments] of paid) expect(payments, name).toHaveLength(1);
  const underWay = refunds.filter(({ hasEnded }) => !hasEnded);
  expect(balances.get(`in_transit:${shop.sandbox.merchantNo}`) ?? 0n).toBe(
    underWay.reduce((sum, one) => sum + one.payerMinor, 0n),
  );
  for (const { transaction_id: no } of trades) {
    const held = refunds.filter((one) => one.transactionId === no);
    expect(held.reduce((sum, one) => sum + one.amountMinor, 0n)).toBeLessThanOrEqual(BigInt(TOTAL));
  }
}

test('I1 I2 I18: after any calls, repeats, troubles and time no refund is paid twice, no trade beyond its total, and all postings balance', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      fc.constantFrom(0n, 1_500n, 100_000_000n),
      fc.constantFrom('0', '300', '999'),
      fc.constantFrom('wallet', 'debit_card'),
      async (steps, balanceMinor, discount, source) => {
        const shop = await startShop({ balanceMinor });
        try {
          const trades: PaidTrade[] = [];
          for (let index = 0; index < TRADES; index += 1) {
            const more = discount === '0' ? {} : { discount_minor: discount };
            trades.push(await shop.pay(TOTAL, { source, ...more }));
          }
          const traffic = { shop, trades, sent: [] };
          for (const one of steps) {
            await take(traffic, one);
            await expectAllIsWell(traffic);
          }
          await shop.turn(30 * DAY);
          await expectAllIsWell(traffic);
        } finally {
          await shop.stop();
        }
      },
    ),
    { numRuns: 25 },
  );
});
