/** Putting a refund to the channel: one end for each answer, and nothing sent that may not be. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import type { HoldReason, Observation } from '../../domain/refund/observation.ts';
import type { RefundReport } from '../../domain/refund/report.ts';
import { observe } from '../../store/observations.ts';
import { countOf, minute, refundOf, said, sumsOf, turnedDown } from '../store/books.ts';
import { held, refused } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aPayment, aRefund, attemptOf, evidenceOf, refOf, rowOf, toTheEnd, workbench } from './workbench.ts';

const HALF_HOUR_MS = 30 * 60_000;

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(minute(1));
  bench.clock.rate = 1;
  bench.useChannel();
});

afterAll(async () => {
  await bench.close();
});

/** A refund whose payment is confirmed, as the workflow hands it over. */
async function confirmed(o: Parameters<typeof aRefund>[1] = {}): Promise<RefundRef> {
  const ref = await aRefund(bench, o);
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  return ref;
}

function reported(ref: RefundRef, o: Partial<RefundReport>) {
  const report: RefundReport = {
    ...{ status: 'processing', refundNo: ref.refundNo, channelRefundNo: null, transactionId: null },
    ...{ amountMinor: null, payerAmountMinor: null, acceptedAt: null, succeededAt: null, landsIn: null },
    ...o,
  };
  return { outcome: 'reported', report, responseId: 'REQ-1' } as const;
}

describe('a refund that the channel takes', () => {
  test('is processing, and the order says what was asked for', async () => {
    const ref = await confirmed({ amountMinor: 2345n, captured: 10_000n });

    const { result, attempts } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toEqual({ ...ref, state: 'processing', reason: null });
    expect(attempts).toBe(1);
    const { payment } = await rowOf(bench, ref);
    expect(bench.channel.orders).toEqual([
      {
        refundNo: ref.refundNo,
        requestedAt: minute(1),
        paymentNo: payment.paymentNo,
        transactionId: payment.transactionId,
        paidAt: payment.paidAt,
        amountMinor: 2345n,
        capturedMinor: 10_000n,
        currency: 'CNY',
        reason: null,
      },
    ]);
  });

  test('keeps what the channel said of it, and its window starts when the channel took it', async () => {
    const ref = await confirmed();
    bench.clock.set(minute(7));

    await toTheEnd(bench, submitRefund(bench.deps), ref);

    const row = await rowOf(bench, ref);
    expect(row.acceptedAt).toEqual(minute(7));
    expect(row.promiseAt).toEqual(minute(27)); // change at WeChat Pay: 20 minutes
    expect(row.channelRefundNo).toContain(ref.refundNo);
    expect(row.landsIn).toBe('balance of the payer');
    expect(row.lastAnswer).toBe('processing');
  });

  test('I6: has its attempt committed before the first byte leaves', async () => {
    const ref = await confirmed();
    const seen: number[] = [];
    bench.channel.beforeOrder = async () => {
      const started = `observations where refund_id = $1 and kind = 'attempt_started'`;
      seen.push(await countOf(bench.db, started, [ref.refundId]));
    };

    await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(seen).toEqual([1]);
  });

  test('and says is done at once has succeeded', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', reported(ref, { status: 'success', amountMinor: 2345n }));

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('succeeded');
  });

  test.each([
    ['closed', 'failed', 'closed'],
    ['abnormal', 'needs_action', 'abnormal'],
  ] as const)('and says is %s ends as %s', async (status, state, reason) => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', reported(ref, { status }));

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toMatchObject({ state, reason });
  });

  test.each([
    ['one fen less', 2344n],
    ['one fen more', 2346n],
    ['a hundred times as much', 234_500n],
  ])(
    'F33 I5: with %s than was asked for is for a person and is not sent again',
    async (_what, amountMinor) => {
      const ref = await confirmed({ amountMinor: 2345n });
      bench.channel.script('submitRefund', reported(ref, { amountMinor }));

      const first = await toTheEnd(bench, submitRefund(bench.deps), ref);
      const again = await toTheEnd(bench, submitRefund(bench.deps), ref);

      expect(first.result).toMatchObject({ state: 'needs_action', reason: 'amount_mismatch' });
      expect(again.result).toEqual(first.result);
      expect(bench.channel.orders).toHaveLength(1);
    },
  );
});

describe('a refund that the channel does not take', () => {
  test('F10 I2: for good has failed, and its amount is free again, once', async () => {
    const ref = await confirmed({ amountMinor: 2345n });
    const { payment } = await rowOf(bench, ref);
    bench.channel.script('submitRefund', refused('PARAM_ERROR'));

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);
    await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toMatchObject({ state: 'failed', reason: 'refused' });
    expect(await sumsOf(bench.db, payment.id)).toMatchObject({ reserved: 0n, counted: 0n });
    expect(bench.channel.orders).toHaveLength(1);
  });

  test.each<HoldReason>(['payer_account_closed', 'account_config', 'blocked'])(
    'because of %s waits for a person; no retry by itself',
    async (reason) => {
      const ref = await confirmed();
      bench.channel.script('submitRefund', held(reason));

      const { result, attempts } = await toTheEnd(bench, submitRefund(bench.deps), ref);

      expect(result).toMatchObject({ state: 'needs_action', reason });
      expect(attempts).toBe(1);
      expect((await rowOf(bench, ref)).lastAnswer).toBe(reason.toUpperCase());
    },
  );

  test('I6: is sent again under its number with its content when it is submitted again', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', held('payer_account_closed'));
    await toTheEnd(bench, submitRefund(bench.deps), ref);
    bench.clock.pass(3_600_000);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    const [first, second] = bench.channel.orders;
    expect(second).toEqual(first);
    expect(bench.channel.ledger.movements).toEqual([
      expect.objectContaining({ refundNo: ref.refundNo, amountMinor: 2345n }),
    ]);
  });

  test('F12: because the balance is short says so meanwhile, and goes on by itself after the top-up', async () => {
    const ref = await confirmed();
    bench.channel.script(
      'submitRefund',
      held('short_balance', { code: 'NOT_ENOUGH' }),
      held('short_balance'),
    );

    const first = await attemptOf(submitRefund(bench.deps), [ref]);
    const meanwhile = await rowOf(bench, ref);
    bench.clock.pass(HALF_HOUR_MS);
    const { result, waitsMs } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(first).toMatchObject({ code: 'channel_busy', againAfterMs: HALF_HOUR_MS, benign: true });
    expect(meanwhile).toMatchObject({ state: 'needs_action', stateReason: 'short_balance' });
    expect(waitsMs).toEqual([HALF_HOUR_MS]);
    expect(result.state).toBe('processing');
    expect(bench.channel.ledger.movements).toHaveLength(1);
  });

  test.each([
    ['half an hour later', {}, HALF_HOUR_MS],
    ['when the channel says', { retryAfterMs: 75_000 }, 75_000],
  ] as const)('because of something that passes goes on by itself %s', async (_when, o, waitMs) => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', held('try_later', o));

    const { result, waitsMs } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(waitsMs).toEqual([waitMs]);
    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(2);
  });

  test('F11: because it is called too often is no failure: it is sent again when the channel says', async () => {
    const ref = await confirmed();
    bench.channel.script(
      'submitRefund',
      held('rate_limited', { retryAfterMs: 90_000 }),
      held('rate_limited'),
    );

    const first = await attemptOf(submitRefund(bench.deps), [ref]);
    const meanwhile = await rowOf(bench, ref);
    bench.clock.pass(90_000);
    const { result, waitsMs } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(first).toMatchObject({ code: 'channel_busy', againAfterMs: 90_000, benign: true });
    expect(meanwhile).toMatchObject({ state: 'requested', stateReason: null });
    expect(waitsMs).toEqual([60_000]); // a minute where the channel does not say
    expect(result.state).toBe('processing');
  });

  test('keeps each attempt with its number and the word of the channel', async () => {
    const ref = await confirmed();
    bench.channel.script(
      'submitRefund',
      held('short_balance', { code: 'NOT_ENOUGH' }),
      refused('INVALID_REQUEST'),
    );

    await toTheEnd(bench, submitRefund(bench.deps), ref);

    const evidence = (await evidenceOf(bench, ref)).filter((one) => one.source === 'submit');
    expect(evidence.map((one) => ('attempt' in one ? [one.attempt, one.kind] : one.kind))).toEqual([
      [1, 'attempt_started'],
      [1, 'attempt_held'],
      [2, 'attempt_started'],
      [2, 'attempt_refused'],
    ]);
    expect(evidence).toContainEqual(expect.objectContaining({ attempt: 1, channelCode: 'NOT_ENOUGH' }));
  });
});

describe('a refund that may not be sent', () => {
  const told: readonly [string, readonly Observation[]][] = [
    ['the channel has it', [said('processing', 1)]],
    ['it has succeeded', [said('success', 1)]],
    ['it was closed', [said('closed', 1)]],
    ['it is abnormal', [said('abnormal', 1)]],
    ['another amount was reported', [said('processing', 1, { amountMinor: '1' })]],
    ['the evidence contradicts itself', [said('success', 1), said('closed', 1)]],
    ['it was refused for good', [turnedDown(1, 1)]],
    [
      'its payment differs',
      [
        {
          kind: 'payment_mismatch',
          source: 'payment',
          ref: 'x',
          at: minute(2).toISOString(),
          fields: ['currency'],
        },
      ],
    ],
  ];

  test.each(told)('because %s is not put to the channel, nor asked about', async (_why, evidence) => {
    const ref = await confirmed();
    const before = await observe(bench.db.pool, ref.refundId, evidence);
    const asked = bench.channel.calls.length;

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toMatchObject({ state: before.state, reason: before.stateReason });
    expect(bench.channel.calls).toHaveLength(asked);
  });
});

describe('F11: two refunds of one payment', () => {
  test('keep the distance that the channel wants, and the second leaves no attempt before its turn', async () => {
    const payment = await aPayment(bench, 10_000n);
    const first = refOf(await refundOf(bench.db.pool, 100n, payment));
    const second = refOf(await refundOf(bench.db.pool, 200n, payment));
    await toTheEnd(bench, submitRefund(bench.deps), first);
    bench.clock.pass(20_000);

    const ended = await attemptOf(submitRefund(bench.deps), [second]);

    expect(ended).toMatchObject({ code: 'channel_busy', againAfterMs: 40_000, benign: true });
    expect(await evidenceOf(bench, second)).toEqual([]);
    bench.clock.pass(40_000);
    const { result } = await toTheEnd(bench, submitRefund(bench.deps), second);
    expect(result.state).toBe('processing');
    expect(bench.channel.ledger.paidFor(payment.paymentNo)).toBe(300n);
  });

  test('sent at the same moment by two workers go one after the other', async () => {
    const payment = await aPayment(bench, 10_000n);
    const refs = [
      refOf(await refundOf(bench.db.pool, 100n, payment)),
      refOf(await refundOf(bench.db.pool, 200n, payment)),
    ];

    const ends = await Promise.all(refs.map((ref) => attemptOf(submitRefund(bench.deps), [ref])));

    expect(ends.map((ended) => ended.how).toSorted()).toEqual(['failure', 'result']);
    expect(bench.channel.orders).toHaveLength(1);
  });

  test('do not hold up a refund of another payment', async () => {
    await toTheEnd(bench, submitRefund(bench.deps), await confirmed());

    const { attempts } = await toTheEnd(bench, submitRefund(bench.deps), await confirmed());

    expect(attempts).toBe(1);
  });
});

test('waits are given in business time: at a hundred times the speed, half an hour is eighteen seconds', async () => {
  const ref = await confirmed();
  bench.clock.rate = 100;
  bench.channel.script('submitRefund', held('short_balance'));

  const ended = await attemptOf(submitRefund(bench.deps), [ref]);

  expect(ended).toMatchObject({ againAfterMs: 18_000 });
});

test('a refund that nobody recorded cannot be submitted', async () => {
  const ended = await attemptOf(submitRefund(bench.deps), [
    { refundId: '999999', merchantId: 'shop', refundNo: 'NOBODY' },
  ]);

  expect(ended).toMatchObject({ code: 'refund_unknown', forGood: true });
  expect(bench.channel.orders).toEqual([]);
});
