/** Asking until the channel's final word: when it is asked, what ends the asking, and what never does. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askAboutRefund } from '../../activities/refund/ask-about-refund.ts';
import { awaitVerdict } from '../../activities/refund/await-verdict.ts';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import type { Channel, QueryAnswer } from '../../channels/channel.ts';
import { observe } from '../../store/observations.ts';
import { DAY_MS, minute, said } from '../store/books.ts';
import { held, unknown } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { POLL_FLOOR_MS, aRefund, attemptOf, evidenceOf, rowOf, toTheEnd, workbench } from './workbench.ts';

const MINUTE_MS = 60_000;

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(minute(0));
  bench.clock.rate = 1;
  bench.useChannel();
});

afterAll(async () => {
  await bench.close();
});

/** A refund that the channel took at minute 0. */
async function taken(): Promise<RefundRef> {
  const ref = await aRefund(bench);
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  await toTheEnd(bench, submitRefund(bench.deps), ref);
  return ref;
}

function minutesNow(): number {
  return (bench.clock.now().getTime() - minute(0).getTime()) / MINUTE_MS;
}

/** The minutes at which the channel was asked how a refund stands, until `polls` questions were asked. */
async function minutesOfPolls(ref: RefundRef, polls: number): Promise<number[]> {
  const asked: number[] = [];
  for (let attempt = 1; asked.length < polls; attempt += 1) {
    const before = bench.channel.calls.length;
    const ended = await attemptOf(awaitVerdict(bench.deps), [ref], attempt);
    if (bench.channel.calls.length > before) asked.push(minutesNow());
    if (ended.how === 'result') break;
    bench.clock.pass(ended.againAfterMs ?? Number.NaN);
  }
  return asked;
}

test('a success with a flaw is success, and kept as flawed, also where success was said before', async () => {
  const flaw = 'A6 flawed';
  const ref = await taken();
  const done =
    (more: object) =>
    (truth: () => QueryAnswer): QueryAnswer => {
      const answer = truth();
      if (answer.outcome !== 'reported') throw new Error(`unexpected ${answer.outcome}`);
      return { ...answer, report: { ...answer.report, status: 'success', ...more } };
    };
  bench.channel.script('queryRefund', done({}), done({ flaw }));

  const plain = await askAboutRefund(bench.deps, bench.channel, await rowOf(bench, ref));
  const flawed = await askAboutRefund(bench.deps, bench.channel, plain);

  expect(plain).toMatchObject({ state: 'succeeded', flaw: null, lastAnswer: 'success' });
  expect(flawed).toMatchObject({ state: 'succeeded', flaw, lastAnswer: `success (${flaw})` });
});

test('the same word is new evidence once a refund that can be sent elsewhere lands elsewhere', async () => {
  const ref = await taken();
  const landing =
    (landsIn: string) =>
    (truth: () => QueryAnswer): QueryAnswer => {
      const answer = truth();
      if (answer.outcome !== 'reported') throw new Error(`unexpected ${answer.outcome}`);
      return { ...answer, report: { ...answer.report, status: 'processing', landsIn } };
    };
  const places = ['邮储银行储蓄卡0081', '邮储银行储蓄卡0081', '商户结算银行账户'];
  bench.channel.script('queryRefund', ...places.map(landing));
  const channel: Channel = {
    ...bench.channel,
    redirect: { banks: [], mark: () => 'a card', send: () => Promise.reject(new Error('not here')) },
  };

  for (const place of places) {
    bench.clock.pass(MINUTE_MS);
    const after = await askAboutRefund(bench.deps, channel, await rowOf(bench, ref));
    expect(after.landsIn).toBe(place);
  }

  const asked = (await evidenceOf(bench, ref)).filter(({ source }) => source === 'query');
  expect(asked).toHaveLength(2);
});

describe('the times at which the channel is asked', () => {
  test('are those that the channel advises: each minute up to the fifth, then after 5, 10, 20 and 30', async () => {
    const ref = await taken();

    const asked = await minutesOfPolls(ref, 11);

    expect(asked).toEqual([1, 2, 3, 4, 5, 10, 20, 40, 70, 100, 130]);
  });

  test('begin a minute after the channel took it: asked earlier it has nothing to tell', async () => {
    const ref = await taken();
    const calls = bench.channel.calls.length;

    const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);

    expect(ended).toMatchObject({ code: 'channel_waiting', againAfterMs: MINUTE_MS, benign: true });
    expect(bench.channel.calls).toHaveLength(calls);
  });

  test('begin at once for a refund that was taken a while ago', async () => {
    const ref = await taken();
    bench.clock.set(minute(30));

    const asked = await minutesOfPolls(ref, 3);

    expect(asked).toEqual([30, 31, 32]);
  });

  test('are never closer on the wall than the floor, however fast business time runs', async () => {
    const ref = await taken();
    bench.clock.rate = 1_000_000;

    const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);

    expect(ended).toMatchObject({ againAfterMs: POLL_FLOOR_MS });
  });

  test('are business time: at a thousand times the speed a minute is 60 ms on the wall', async () => {
    const ref = await taken();
    bench.clock.rate = 1_000;

    const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);

    expect(ended).toMatchObject({ againAfterMs: 60 });
  });
});

describe('the asking ends', () => {
  test.each([
    ['success', 'succeeded', null],
    ['closed', 'failed', 'closed'],
  ] as const)('with the word %s', async (word, state, reason) => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, word, minute(3));
    bench.clock.set(minute(3));

    const { result, attempts } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(result).toEqual({ ...ref, state, reason });
    expect(attempts).toBe(1);
    const row = await rowOf(bench, ref);
    expect(row).toMatchObject({ lastAskedAt: minute(3), lastAnswer: word });
    expect(row.succeededAt).toEqual(word === 'success' ? minute(3) : null);
  });

  test('F30: without a question when a callback has told the end already', async () => {
    const ref = await taken();
    await observe(bench.db.pool, ref.refundId, [said('success', 1, { source: 'callback' })]);
    const calls = bench.channel.calls.length;

    const { result } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(result.state).toBe('succeeded');
    expect(bench.channel.calls).toHaveLength(calls);
  });

  test('F34: by itself when no callback ever comes', async () => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(4));

    const { result } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(result.state).toBe('succeeded');
    expect(minutesNow()).toBe(1);
  });

  test.each([
    ['F33: another amount than asked for', { amountMinor: 2344n }, 'amount_mismatch'],
    ['a success after it was closed', {}, 'conflict_of_evidence'],
  ] as const)('for a person with %s: asking again would not change it', async (_what, difference, reason) => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(2));
    const report = bench.channel.ledger.look(ref.refundNo, minute(5), 0);
    if (report === null) throw new Error('the channel took it');
    if (reason === 'conflict_of_evidence') {
      bench.channel.script('queryRefund', async () => {
        await observe(bench.db.pool, ref.refundId, [said('closed', 1, { source: 'callback' })]);
        return { outcome: 'reported', report, responseId: null };
      });
    } else {
      bench.channel.script('queryRefund', {
        outcome: 'reported',
        report: { ...report, ...difference },
        responseId: null,
      });
    }
    bench.clock.set(minute(5));

    const { result, attempts } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(result).toMatchObject({ state: 'needs_action', reason });
    expect(attempts).toBe(1);
  });
});

describe('the asking goes on', () => {
  test('F6 I3: for days, with one piece of evidence however often the channel says the same', async () => {
    const ref = await taken();

    await minutesOfPolls(ref, 25);

    expect(minutesNow()).toBeGreaterThan(480);
    const row = await rowOf(bench, ref);
    expect(row).toMatchObject({ state: 'processing', lastAnswer: 'processing' });
    const queries = (await evidenceOf(bench, ref)).filter((one) => one.source === 'query');
    expect(queries).toHaveLength(1);
  });

  test('F9: while the refund is abnormal, because it may still succeed', async () => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'abnormal', minute(1));
    bench.clock.set(minute(2));
    const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);
    const meanwhile = await rowOf(bench, ref);
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(9));

    const { result } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(ended).toMatchObject({ code: 'channel_waiting', benign: true });
    expect(meanwhile).toMatchObject({ state: 'needs_action', stateReason: 'abnormal' });
    expect(result.state).toBe('succeeded');
  });

  test('I7: when the channel suddenly does not know a refund that it took', async () => {
    const ref = await taken();
    bench.channel.script('queryRefund', { outcome: 'absent', responseId: null });
    bench.clock.set(minute(600));

    const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);

    expect(ended).toMatchObject({ code: 'channel_waiting' });
    expect((await rowOf(bench, ref)).state).toBe('processing');
  });

  test.each([
    ['cannot be reached', unknown(), 'channel_unreachable', null],
    ['is asked too often', held('rate_limited', { retryAfterMs: 5_000 }), 'channel_busy', 5_000],
    ['refuses our account for a while', held('account_config'), 'channel_config', null],
  ] as const)(
    'when the channel %s; nothing is recorded of that',
    async (_why, answer, code, againAfterMs) => {
      const ref = await taken();
      const before = await evidenceOf(bench, ref);
      bench.channel.script('queryRefund', answer);
      bench.clock.set(minute(5));

      const ended = await attemptOf(awaitVerdict(bench.deps), [ref]);

      expect(ended).toMatchObject({ code, againAfterMs, forGood: false });
      expect(await evidenceOf(bench, ref)).toEqual(before);
      expect((await rowOf(bench, ref)).state).toBe('processing');
    },
  );

  test('I10: long after every deadline: lateness is no evidence', async () => {
    const ref = await taken();
    bench.clock.pass(400 * DAY_MS);

    const ended = await attemptOf(awaitVerdict(bench.deps), [ref], 900);

    expect(ended).toMatchObject({ code: 'channel_waiting', againAfterMs: 30 * MINUTE_MS });
    expect(await rowOf(bench, ref)).toMatchObject({ state: 'processing', stateReason: null });
  });
});

describe('a channel that tells of the way to the bank', () => {
  test('is asked once a day after its success, until the bank has it', async () => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(1));
    const report = bench.channel.ledger.look(ref.refundNo, minute(5), 0);
    if (report === null) throw new Error('the channel took it');
    const pending = { ...report, bankLeg: { status: 'pending', estimateAt: null } } as const;
    const arrived = { ...report, bankLeg: { status: 'arrived', estimateAt: null } } as const;
    bench.channel.script(
      'queryRefund',
      { outcome: 'reported', report: pending, responseId: null },
      { outcome: 'reported', report: pending, responseId: null },
      { outcome: 'reported', report: arrived, responseId: null },
    );
    bench.clock.set(minute(5));

    const { result, waitsMs } = await toTheEnd(bench, awaitVerdict(bench.deps), ref);

    expect(waitsMs).toEqual([DAY_MS, DAY_MS]);
    expect(result).toEqual({ ...ref, state: 'succeeded', reason: null });
    expect(await rowOf(bench, ref)).toMatchObject({ bankLeg: 'arrived' });
  });

  test('and puts off the day of the bank moves the window with it, and only then', async () => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(1));
    const report = bench.channel.ledger.look(ref.refundNo, minute(5), 0);
    if (report === null) throw new Error('the channel took it');
    const pendingUntil = (estimateAt: Date) =>
      ({
        outcome: 'reported',
        report: { ...report, bankLeg: { status: 'pending', estimateAt } },
        responseId: null,
      }) as const;
    // The same estimate twice, then a later one, then an earlier one again: the latest word counts.
    const estimates = [minute(3_000), minute(3_000), minute(9_000), minute(6_000)];
    bench.channel.script('queryRefund', ...estimates.map(pendingUntil));

    const promises: (Date | null)[] = [];
    for (const [poll] of estimates.entries()) {
      bench.clock.set(minute(5 + poll));
      await attemptOf(awaitVerdict(bench.deps), [ref], poll + 2);
      promises.push((await rowOf(bench, ref)).promiseAt);
    }

    const aDayAfter = (estimate: number): Date => minute(estimate + 24 * 60);
    expect(promises).toEqual([3_000, 3_000, 9_000, 6_000].map(aDayAfter));
    expect((await evidenceOf(bench, ref)).filter(({ kind }) => kind === 'channel_report')).toHaveLength(4);
  });
});
