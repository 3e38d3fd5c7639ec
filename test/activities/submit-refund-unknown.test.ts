/**
 * An attempt whose outcome nobody knows: it is asked about before anything is sent again, and what is sent again has the
 * same number and the same content. The channel's own ledger is the witness.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import type { QueryAnswer } from '../../channels/channel.ts';
import { nextAttempt, observe } from '../../store/observations.ts';
import { minute, said, sumsOf } from '../store/books.ts';
import { LIMITS, held, lostAfter, lostBefore, refused, unknown } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, attemptOf, kindsOf, rowOf, toTheEnd, workbench } from './workbench.ts';

const GRACE_MS = LIMITS.absenceGraceMs;
const [FIRST_WAIT_MS = 0] = LIMITS.pollLadderMs;

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

async function confirmed(): Promise<RefundRef> {
  const ref = await aRefund(bench);
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  return ref;
}

function paidOnce(ref: RefundRef): void {
  expect(bench.channel.ledger.movements).toEqual([
    expect.objectContaining({ refundNo: ref.refundNo, amountMinor: 2345n }),
  ]);
}

describe('an order without a trustworthy answer', () => {
  test('I7: leaves the refund unknown and its amount reserved, and asks to come back for the first question of the ladder', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);

    const ended = await attemptOf(submitRefund(bench.deps), [ref]);

    expect(ended).toMatchObject({ code: 'channel_unreachable', againAfterMs: FIRST_WAIT_MS, benign: true });
    const row = await rowOf(bench, ref);
    expect(row).toMatchObject({ state: 'unknown', stateReason: null });
    expect(row.lastAnswer).toContain('the answer was lost');
    expect((await sumsOf(bench.db, row.payment.id)).reserved).toBe(2345n);
  });

  test('F1 F3 F4 F5 I1: that the channel took is found by asking; no second order leaves', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(1);
    paidOnce(ref);
  });

  test('F2 I1 I6: that the channel never saw is sent again with the same number and content', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostBefore);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    const [first, second] = bench.channel.orders;
    expect(bench.channel.orders).toHaveLength(2);
    expect(second).toEqual(first);
    expect(bench.channel.calls.filter((call) => call !== 'queryPayment')).toEqual([
      'submitRefund',
      // At first it may only not be seen yet.
      'queryRefund',
      'queryRefund',
      'submitRefund',
    ]);
    paidOnce(ref);
  });

  test('F2: lost again and again is asked about before each resend, and paid once in the end', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostBefore, lostBefore, lostBefore, lostAfter);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(4);
    expect(new Set(bench.channel.orders.map((order) => JSON.stringify(order, textOfBigint))).size).toBe(1);
    paidOnce(ref);
  });
});

test('between order and resend it is asked along the channel’s ladder, however short, and when its silence counts', async () => {
  const seconds = [2, 4, 8, 16, 32, 300, 1_800].map((count) => count * 1_000);
  const channel = bench.useChannel({ limits: { pollLadderMs: seconds, absenceGraceMs: 300_000 } });
  const ref = await confirmed();
  channel.script('submitRefund', lostBefore);

  const { waitsMs } = await toTheEnd(bench, submitRefund(bench.deps), ref);

  expect(waitsMs).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 238_000]);
  expect(channel.orders).toHaveLength(2);
});

describe('at a channel that has no word for a failed refund', () => {
  const LIMIT = 3;
  const lostOrders = (count: number) => Array.from({ length: count }, () => lostBefore);

  test('I3: an order that stays silent as often as the channel allows waits for a person, its amount reserved', async () => {
    const channel = bench.useChannel({ limits: { silentAttemptsMax: LIMIT } });
    const ref = await confirmed();
    channel.script('submitRefund', ...lostOrders(9));

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason: 'channel_silent' });
    expect(channel.orders).toHaveLength(LIMIT);
    const row = await rowOf(bench, ref);
    expect(row).toMatchObject({ state: 'needs_action', stateReason: 'channel_silent' });
    expect((await sumsOf(bench.db, row.payment.id)).reserved).toBe(2345n);
  });

  test('I1 I6: a person’s retry sends it once more, with the same number and content', async () => {
    const channel = bench.useChannel({ limits: { silentAttemptsMax: LIMIT } });
    const ref = await confirmed();
    channel.script('submitRefund', ...lostOrders(LIMIT + 1));
    await toTheEnd(bench, submitRefund(bench.deps), ref);

    const again = await toTheEnd(bench, submitRefund(bench.deps), ref);
    const taken = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(again.result).toMatchObject({ state: 'needs_action', reason: 'channel_silent' });
    expect(taken.result.state).toBe('processing');
    expect(new Set(channel.orders.map((order) => JSON.stringify(order, textOfBigint))).size).toBe(1);
    expect(channel.orders).toHaveLength(LIMIT + 2);
    paidOnce(ref);
  });

  test('F30: a callback ends the silence', async () => {
    const channel = bench.useChannel({ limits: { silentAttemptsMax: LIMIT } });
    const ref = await confirmed();
    channel.script('submitRefund', ...lostOrders(LIMIT));
    await toTheEnd(bench, submitRefund(bench.deps), ref);

    const after = await observe(bench.db.pool, ref.refundId, [said('success', 3, { source: 'callback' })]);

    expect(after.state).toBe('succeeded');
  });
});

describe('F7: a refund that a query does not show yet', () => {
  test('I7: asked for inside the grace period stays unknown and is not sent again', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostBefore);
    await attemptOf(submitRefund(bench.deps), [ref]);
    bench.clock.pass(GRACE_MS - 1_000);

    const ended = await attemptOf(submitRefund(bench.deps), [ref]);

    expect(ended).toMatchObject({ code: 'channel_unreachable', againAfterMs: 1_000, benign: true });
    expect((await rowOf(bench, ref)).state).toBe('unknown');
    expect(bench.channel.orders).toHaveLength(1);
  });

  test('asked for when the grace period is over counts as not there', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostBefore);
    await attemptOf(submitRefund(bench.deps), [ref]);
    bench.clock.pass(GRACE_MS);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(2);
  });

  test('I1: and shows up inside the grace period is found, not sent again', async () => {
    const channel = bench.useChannel({ lagMs: GRACE_MS - 1_000 });
    const ref = await confirmed();
    channel.script('submitRefund', lostAfter);
    await attemptOf(submitRefund(bench.deps), [ref]);
    bench.clock.pass(GRACE_MS / 2);
    const early = await attemptOf(submitRefund(bench.deps), [ref]);
    bench.clock.pass(GRACE_MS);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(early).toMatchObject({ how: 'failure', code: 'channel_unreachable' });
    expect(result.state).toBe('processing');
    expect(channel.orders).toHaveLength(1);
    paidOnce(ref);
  });

  test('I1: and shows up even later than promised is still paid once: the resend has the same number', async () => {
    const channel = bench.useChannel({ lagMs: 10 * GRACE_MS });
    const ref = await confirmed();
    channel.script('submitRefund', lostAfter);

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    expect(channel.orders).toHaveLength(2);
    paidOnce(ref);
  });
});

describe('while the question itself has no answer', () => {
  test('because the channel cannot be reached, nothing is sent', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);
    bench.channel.script('queryRefund', unknown(), unknown('badly signed'));
    await attemptOf(submitRefund(bench.deps), [ref]);

    const ended = await attemptOf(submitRefund(bench.deps), [ref]);
    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(ended).toMatchObject({ code: 'channel_unreachable', forGood: false });
    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(1);
  });

  test('because it is asked too often, it is asked again when it says', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);
    bench.channel.script('queryRefund', held('rate_limited', { retryAfterMs: 33_000 }), held('rate_limited'));

    const { result, waitsMs } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(waitsMs).toEqual([FIRST_WAIT_MS, 33_000, GRACE_MS]);
    expect(result.state).toBe('processing');
    expect(bench.channel.orders).toHaveLength(1);
  });

  test('I17: because our account is refused, it waits for the account and not for ever', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);
    bench.channel.script('queryRefund', held('account_config', { code: 'SIGN_ERROR' }));
    await attemptOf(submitRefund(bench.deps), [ref]);

    const ended = await attemptOf(submitRefund(bench.deps), [ref]);
    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(ended).toMatchObject({ code: 'channel_config', forGood: false });
    expect(result.state).toBe('processing');
  });

  test('F30: a callback answers it: nothing is asked and nothing is sent', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);
    await attemptOf(submitRefund(bench.deps), [ref]);
    await observe(bench.db.pool, ref.refundId, [said('success', 3, { source: 'callback' })]);
    const asked = bench.channel.calls.length;

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('succeeded');
    expect(bench.channel.calls).toHaveLength(asked);
  });
});

describe('F26: an attempt that was committed by a worker that died', () => {
  test('before it sent anything is asked about, found absent, and sent', async () => {
    const ref = await confirmed();
    await nextAttempt(bench.db.pool, ref.refundId, bench.clock.now());
    expect((await rowOf(bench, ref)).state).toBe('unknown');

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result.state).toBe('processing');
    const calls = bench.channel.calls.filter((call) => call !== 'queryPayment');
    expect(calls[0]).toBe('queryRefund');
    expect(calls.at(-1)).toBe('submitRefund');
    paidOnce(ref);
  });

  test('and whose refund the channel has closed since is not sent again', async () => {
    const ref = await confirmed();
    bench.channel.script('submitRefund', lostAfter);
    await attemptOf(submitRefund(bench.deps), [ref]);
    bench.channel.ledger.conclude(ref.refundNo, 'closed', bench.clock.now());

    const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

    expect(result).toMatchObject({ state: 'failed', reason: 'closed' });
    expect(bench.channel.orders).toHaveLength(1);
  });
});

test('I7: a refusal of the resend fails the refund, because the first attempt is known to be void', async () => {
  const ref = await confirmed();
  bench.channel.script('submitRefund', lostBefore, refused('USER_ACCOUNT_ABNORMAL'));

  const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

  expect(result).toMatchObject({ state: 'failed', reason: 'refused' });
  expect(await kindsOf(bench, ref)).toEqual([
    'payment_confirmed',
    'attempt_started',
    'attempt_unknown',
    'channel_absent',
    'channel_absent',
    'attempt_started',
    'attempt_refused',
  ]);
  expect(bench.channel.ledger.movements).toEqual([]);
});

test('I1 I6: whatever happens to five orders and their questions, one number is paid at most once', async () => {
  const orderFate = fc.constantFrom(
    lostBefore,
    lostAfter,
    unknown(),
    held('rate_limited'),
    held('short_balance'),
  );
  const questionFate = fc.constantFrom(unknown(), held('rate_limited', { retryAfterMs: 1_000 }), truthfully);
  await fc.assert(
    fc.asyncProperty(
      fc.array(orderFate, { maxLength: 5 }),
      fc.array(questionFate, { maxLength: 5 }),
      fc.integer({ min: 0, max: 3 * GRACE_MS }),
      async (orders, questions, lagMs) => {
        const channel = bench.useChannel({ lagMs });
        const ref = await confirmed();
        channel.script('submitRefund', ...orders);
        channel.script('queryRefund', ...questions);

        const { result } = await toTheEnd(bench, submitRefund(bench.deps), ref);

        expect(result.state).toBe('processing');
        expect(new Set(channel.orders.map((order) => JSON.stringify(order, textOfBigint))).size).toBe(1);
        paidOnce(ref);
      },
    ),
    { numRuns: 20 },
  );
});

function truthfully(truth: () => QueryAnswer): QueryAnswer {
  return truth();
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
