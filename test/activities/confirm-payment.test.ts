/** The channel, not the caller, says what was captured, when, and from which kind of account. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import { recordRefund } from '../../activities/refund/record-refund.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import type { PaymentReport } from '../../channels/channel.ts';
import type { FundingSource } from '../../domain/refund/refund.ts';
import { refundsWithoutWorkflow } from '../../store/refunds.ts';
import { fresh, minute, pay, refundOf } from '../store/books.ts';
import { held, unknown } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, attemptOf, evidenceOf, kindsOf, refOf, rowOf, toTheEnd, workbench } from './workbench.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(minute(1));
  bench.useChannel();
});

afterAll(async () => {
  await bench.close();
});

/** A refund whose payment the channel reports with differences; the merchant registered it with a channel number. */
async function refundWithReport(difference: Partial<PaymentReport>): Promise<RefundRef> {
  const transactionId = fresh('4200');
  const payment = await pay(bench.db.pool, 2345n, { transactionId });
  const report: PaymentReport = {
    paymentNo: payment.paymentNo,
    transactionId,
    capturedMinor: 2345n,
    currency: 'CNY',
    paidAt: minute(-60),
    fundingSource: 'wallet',
  };
  bench.channel.script('queryPayment', {
    outcome: 'reported',
    payment: { ...report, ...difference },
    responseId: 'REQ-1',
  });
  return refOf(await refundOf(bench.db.pool, 2345n, payment));
}

describe('a refund that its run begins with, since the API has committed it', () => {
  test('is carried by a workflow from then on', async () => {
    const ref = await aRefund(bench);

    await toTheEnd(bench, confirmPayment(bench.deps), ref);

    const orphans = await refundsWithoutWorkflow(bench.db.pool, { olderThan: minute(9999), limit: 100 });
    expect(orphans.map((one) => one.refundNo)).not.toContain(ref.refundNo);
  });

  test('has a date after which somebody looks before the channel is asked anything', async () => {
    const ref = await aRefund(bench, { fundingSource: 'debit_card' });
    bench.channel.script('queryPayment', unknown('no answer'));

    const ended = await attemptOf(confirmPayment(bench.deps), [ref]);

    expect(ended).toMatchObject({ how: 'failure', code: 'channel_unreachable' });
    // Asked for on Tuesday 24 November; from an unknown source the widest window holds: 3 and 7 business days.
    const row = await rowOf(bench, ref);
    expect(row.promiseAt?.toISOString()).toBe('2026-11-27T16:00:00.000Z');
    expect(row.alarmAt?.toISOString()).toBe('2026-12-03T16:00:00.000Z');
  });
});

describe('a payment that the channel reports as it was registered', () => {
  test('is confirmed, and what only the channel knows is filled in', async () => {
    const ref = await refundWithReport({ fundingSource: 'debit_card', paidAt: minute(-90) });

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toEqual({ ...ref, state: 'requested', reason: null });
    const { payment } = await rowOf(bench, ref);
    expect(payment).toMatchObject({
      fundingSource: 'debit_card',
      paidAt: minute(-90),
      confirmedAt: minute(1),
    });
    expect(await kindsOf(bench, ref)).toEqual(['payment_confirmed']);
  });

  test('is not asked about again', async () => {
    const ref = await aRefund(bench);
    await toTheEnd(bench, confirmPayment(bench.deps), ref);

    await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(bench.channel.calls).toEqual(['queryPayment']);
  });

  test('serves the other refunds of that payment as well', async () => {
    const ref = await aRefund(bench, { captured: 5000n });
    const { payment } = await rowOf(bench, ref);
    await toTheEnd(bench, confirmPayment(bench.deps), ref);
    const sibling = refOf(await refundOf(bench.db.pool, 100n, payment));

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), sibling);

    expect(result.state).toBe('requested');
    expect(bench.channel.calls).toEqual(['queryPayment']);
  });

  // Asked for on Tuesday 24 November 2026, 10:01 in Beijing; no holiday near. Windows: channels.md, section 4.
  test.each<[FundingSource, string, string]>([
    ['wallet', '2026-11-24T02:21:00.000Z', '2026-11-25T02:01:00.000Z'],
    ['debit_card', '2026-11-27T16:00:00.000Z', '2026-12-01T16:00:00.000Z'],
    ['credit_card', '2026-11-27T16:00:00.000Z', '2026-12-03T16:00:00.000Z'],
  ])(
    'from a %s gets the window of that source in place of the widest one',
    async (source, promise, alarm) => {
      const ref = await aRefund(bench, { fundingSource: source });
      await toTheEnd(bench, recordRefund(bench.deps), ref);

      await toTheEnd(bench, confirmPayment(bench.deps), ref);

      const row = await rowOf(bench, ref);
      expect(row.promiseAt?.toISOString()).toBe(promise);
      expect(row.alarmAt?.toISOString()).toBe(alarm);
    },
  );
});

describe('F14: a payment that the channel reports otherwise', () => {
  test.each<[string, Partial<PaymentReport>, string]>([
    ['another number of the merchant', { paymentNo: 'SOMEBODY-ELSES' }, 'payment_no'],
    ['another number of the channel', { transactionId: '4200-ANOTHER' }, 'transaction_id'],
    ['one fen less', { capturedMinor: 2344n }, 'captured_minor'],
    ['one fen more', { capturedMinor: 2346n }, 'captured_minor'],
    ['another currency', { currency: 'HKD' }, 'currency'],
  ])(
    'with %s is for a person, and the payment stays as it was registered',
    async (_what, difference, field) => {
      const ref = await refundWithReport(difference);
      const before = (await rowOf(bench, ref)).payment;

      const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

      expect(result).toMatchObject({ state: 'needs_action', reason: 'payment_mismatch' });
      expect(await evidenceOf(bench, ref)).toMatchObject([{ kind: 'payment_mismatch', fields: [field] }]);
      expect((await rowOf(bench, ref)).payment).toEqual(before);
    },
  );

  test('in several fields names them all', async () => {
    const ref = await refundWithReport({ capturedMinor: 1n, currency: 'USD' });

    await toTheEnd(bench, confirmPayment(bench.deps), ref);

    const [evidence] = await evidenceOf(bench, ref);
    expect(evidence).toMatchObject({ fields: ['captured_minor', 'currency'] });
  });

  test('with a channel number that another payment holds is for a person', async () => {
    const other = await aRefund(bench);
    await toTheEnd(bench, confirmPayment(bench.deps), other);
    const taken = (await rowOf(bench, other)).payment.transactionId;
    const ref = await aRefund(bench);
    const { paymentNo } = (await rowOf(bench, ref)).payment;
    bench.channel.script('queryPayment', {
      outcome: 'reported',
      responseId: null,
      payment: {
        ...{ paymentNo, transactionId: taken ?? '', capturedMinor: 2345n, currency: 'CNY' },
        ...{ paidAt: minute(0), fundingSource: 'wallet' },
      },
    });

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason: 'payment_mismatch' });
    expect(await evidenceOf(bench, ref)).toMatchObject([{ fields: ['transaction_id'] }]);
  });

  test('is asked about again when somebody has mended it, and then goes on', async () => {
    const ref = await refundWithReport({ capturedMinor: 1n });
    await toTheEnd(bench, confirmPayment(bench.deps), ref);
    const { payment } = await rowOf(bench, ref);
    bench.channel.takePayment({
      ...{ paymentNo: payment.paymentNo, transactionId: payment.transactionId ?? '', capturedMinor: 2345n },
      ...{ currency: 'CNY', paidAt: minute(0), fundingSource: 'wallet' },
    });
    bench.clock.pass(60_000);

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toMatchObject({ state: 'requested', reason: null });
  });

  test('and still differs after somebody asked again stays with a person, with both words kept', async () => {
    const ref = await refundWithReport({ capturedMinor: 1n });
    await toTheEnd(bench, confirmPayment(bench.deps), ref);
    bench.clock.pass(60_000);

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result.reason).toBe('payment_mismatch');
    expect(await kindsOf(bench, ref)).toEqual(['payment_mismatch', 'payment_mismatch']);
  });
});

describe('a payment that the channel does not have', () => {
  test('as an order at all is for a person', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', { outcome: 'absent', responseId: null });

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason: 'payment_mismatch' });
  });

  test('because it cannot be asked without the time is for a person, who reads that the time is missing', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', { outcome: 'absent', lacks: 'paid_at', responseId: null });

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason: 'payment_mismatch' });
    expect(await evidenceOf(bench, ref)).toMatchObject([{ kind: 'payment_mismatch', fields: ['paid_at'] }]);
  });

  test('as paid is for a person', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', { outcome: 'unpaid', channelState: 'NOTPAY', responseId: null });

    const { result } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason: 'payment_mismatch' });
    expect((await rowOf(bench, ref)).payment.confirmedAt).toBeNull();
  });
});

describe('a channel that gives no answer about a payment', () => {
  test('because it is called too often is asked when it says', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', held('rate_limited', { retryAfterMs: 7_000 }), held('rate_limited'));

    const { result, waitsMs } = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(result.state).toBe('requested');
    expect(waitsMs).toEqual([7_000, 60_000]);
  });

  test('because it is busy ends the attempt as expected, not as an error', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', held('rate_limited'));

    const ended = await attemptOf(confirmPayment(bench.deps), [ref]);

    expect(ended).toMatchObject({ how: 'failure', code: 'channel_busy', benign: true, forGood: false });
  });

  test('because it cannot be reached leaves no evidence and is asked again', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', unknown());

    const ended = await attemptOf(confirmPayment(bench.deps), [ref]);

    expect(ended).toMatchObject({ how: 'failure', code: 'channel_unreachable', forGood: false });
    expect(await kindsOf(bench, ref)).toEqual([]);
  });

  test('I17: because our account is refused is asked again once somebody has mended the account', async () => {
    const ref = await aRefund(bench);
    bench.channel.script('queryPayment', held('account_config', { code: 'NO_AUTH' }));

    const ended = await attemptOf(confirmPayment(bench.deps), [ref]);
    const later = await toTheEnd(bench, confirmPayment(bench.deps), ref);

    expect(ended).toMatchObject({ how: 'failure', code: 'channel_config', forGood: false });
    expect(later.result.state).toBe('requested');
  });
});

test('I17: a refund whose account this process does not serve waits for a process that does', async () => {
  const ref = await aRefund(bench);
  await bench.db.owner.query(
    `insert into channel_accounts (id, merchant_id, channel, external_id) values ('moved-away', 'shop', 'wechat', '77')
     on conflict do nothing`,
  );
  const elsewhere = { ...bench.deps.channels, get: () => bench.deps.channels.get('moved-away') };

  const ended = await attemptOf(confirmPayment({ ...bench.deps, channels: elsewhere }), [ref]);

  expect(ended).toMatchObject({ how: 'failure', code: 'account_unknown', forGood: false });
});
