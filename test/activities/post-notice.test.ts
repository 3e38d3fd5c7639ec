/** One try of one webhook: what ends it, what is tried again, and what is kept of it. The receiver follows a script. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NoticeAnswer } from '../../activities/deps.ts';
import { giveUpNotice } from '../../activities/notice/give-up-notice.ts';
import { postNotice } from '../../activities/notice/post-notice.ts';
import { AppError } from '../../domain/errors.ts';
import type { PendingDelivery } from '../../store/webhook-outbox.ts';
import { deliveriesToStart, markDeliveriesStarted } from '../../store/webhook-outbox.ts';
import type { DeliveryRound } from '../../store/webhook-outbox.ts';
import { getDelivery, replayDelivery, tellTest } from '../../store/webhook-deliveries.ts';
import { createEndpoint, disableEndpoint, getEndpoint } from '../../store/webhook-endpoints.ts';
import { MERCHANT, minute } from '../store/books.ts';
import type { Workbench } from './workbench.ts';
import { attemptOf, workbench } from './workbench.ts';

let bench: Workbench;
let endpointId: string;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.clock.set(minute(0));
  await bench.db.owner.query(
    `update webhook_endpoints set disabled_at = now(), disabled_why = 'asked' where disabled_at is null`,
  );
  const made = await createEndpoint(bench.db.pool, {
    ...{ merchantId: MERCHANT, url: 'https://shop.example.cn/hook', types: null, by: 'k1' },
    ...{ secret: randomBytes(40), now: minute(0) },
  });
  endpointId = made.id;
});

async function pending(): Promise<DeliveryRound> {
  const { id } = await tellTest(bench.db.pool, { endpointId, merchantId: MERCHANT, now: minute(1) });
  const waiting = await deliveriesToStart(bench.db.pool, { staleSince: null, limit: 500 });
  const round = waiting.find((one) => one.deliveryId === id);
  if (round === undefined) throw new Error('it does not wait');
  return round;
}

type Receiver = (delivery: PendingDelivery) => Promise<NoticeAnswer>;

const answering =
  (status: number | null, text = '', retryAfterMs: number | null = null): Receiver =>
  () =>
    Promise.resolve({ status, text, retryAfterMs });

const post = (round: DeliveryRound, receiver: Receiver, attempt = 1) =>
  attemptOf(postNotice({ ...bench.deps, courier: { deliver: receiver } }), [round], attempt);

const rowOf = ({ deliveryId }: DeliveryRound) => getDelivery(bench.db.pool, MERCHANT, deliveryId);

describe('a try', () => {
  test.each([200, 201, 204, 299])('that is answered %i has delivered it', async (status) => {
    const round = await pending();

    expect(await post(round, answering(status))).toEqual({ how: 'result', result: 'delivered' });
    expect(await rowOf(round)).toMatchObject({ status: 'delivered', attempts: 1, lastStatus: status });
  });

  test.each([100, 301, 302, 400, 401, 404, 409, 422, 429, 500, 503, null])(
    'that is answered %s is made again',
    async (status) => {
      const round = await pending();

      const ended = await post(round, answering(status, 'why'));

      expect(ended).toMatchObject({
        how: 'failure',
        code: 'webhook_undelivered',
        forGood: false,
        benign: true,
      });
      expect(await rowOf(round)).toMatchObject({
        status: 'pending',
        attempts: 1,
        lastStatus: status,
        lastAnswer: 'why',
      });
    },
  );

  test('waits as long as the endpoint asks, and never less than a second', async () => {
    const round = await pending();

    expect(await post(round, answering(503, '', 90_000))).toMatchObject({ againAfterMs: 90_000 });
    expect(await post(round, answering(503, '', 0))).toMatchObject({ againAfterMs: 1_000 });
    expect(await post(round, answering(503))).toMatchObject({ againAfterMs: null });
  });

  test('keeps text that no database takes, and says nothing of it to Temporal', async () => {
    const round = await pending();

    const ended = await post(round, answering(500, 'a\u0000b\ud800'));

    expect(ended).toMatchObject({ message: 'the endpoint answered 500' });
    expect((await rowOf(round)).lastAnswer).toBe('a\u2400b\ufffd');
  });

  test('that is answered 410 is the last one, for what else is on its way there as well', async () => {
    const [round, other] = [await pending(), await pending()];

    expect(await post(round, answering(410))).toEqual({ how: 'result', result: 'gone' });
    expect(await post(other, answering(200))).toEqual({ how: 'result', result: 'disabled' });

    expect(await rowOf(round)).toMatchObject({ status: 'dead', deadWhy: 'gone', lastStatus: 410 });
    expect(await rowOf(other)).toMatchObject({ status: 'dead', deadWhy: 'disabled', attempts: 0 });
    expect(await getEndpoint(bench.db.pool, MERCHANT, endpointId)).toMatchObject({ disabledWhy: 'gone' });
  });

  test('without the key that secrets are kept under is made again when there is one', async () => {
    const round = await pending();

    const ended = await post(round, () => Promise.reject(new AppError('webhooks_not_set_up')));

    expect(ended).toMatchObject({ how: 'failure', code: 'webhooks_not_set_up', forGood: false });
    expect(await rowOf(round)).toMatchObject({ status: 'pending' });
  });

  test('of a round that is over sends nothing', async () => {
    const round = await pending();
    await attemptOf(giveUpNotice(bench.deps), [round]);
    await replayDelivery(bench.db.pool, MERCHANT, round.deliveryId);
    let sent = 0;
    const counting: Receiver = (delivery) => {
      sent += 1;
      return answering(200)(delivery);
    };

    expect(await post(round, counting)).toEqual({ how: 'result', result: 'ended' });
    expect(await post({ ...round, round: 2 }, counting)).toEqual({ how: 'result', result: 'delivered' });
    expect(await post({ ...round, round: 2 }, counting)).toEqual({ how: 'result', result: 'ended' });
    expect(sent).toBe(1);
  });
});

test('a slow endpoint has eight places of a worker; what comes on top waits, longer each time, and that is no try', async () => {
  const rounds: DeliveryRound[] = [];
  for (let n = 0; n < 10; n += 1) rounds.push(await pending());
  let release = (): void => undefined;
  const silence = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived = 0;
  const activity = postNotice({
    ...bench.deps,
    courier: {
      deliver: async (delivery) => {
        arrived += 1;
        await silence;
        return answering(200)(delivery);
      },
    },
  });

  const running = rounds.slice(0, 8).map((round) => attemptOf(activity, [round]));
  await expect.poll(() => arrived).toBe(8);
  const [ninth, tenth] = [rounds[8], rounds[9]];
  if (ninth === undefined || tenth === undefined) throw new Error('ten were made');

  expect(await attemptOf(activity, [ninth], 1)).toMatchObject({ how: 'failure', againAfterMs: 1_000 });
  expect(await attemptOf(activity, [ninth], 4)).toMatchObject({ how: 'failure', againAfterMs: 8_000 });
  expect(await attemptOf(activity, [ninth], 40)).toMatchObject({ how: 'failure', againAfterMs: 60_000 });
  expect(await rowOf(ninth)).toMatchObject({ attempts: 0 });
  running.push(attemptOf(activity, [{ ...tenth, endpointId: 'another' }]));
  await expect.poll(() => arrived).toBe(9);

  release();
  for (const ended of await Promise.all(running)) expect(ended).toMatchObject({ result: 'delivered' });
  expect(await attemptOf(activity, [ninth])).toMatchObject({ how: 'result', result: 'delivered' });
});

describe('what waits to be started', () => {
  test('is what was never started, and what has not been tried for long', async () => {
    const [fresh, started, stale] = [await pending(), await pending(), await pending()];
    await markDeliveriesStarted(bench.db.pool, [started], minute(100));
    await markDeliveriesStarted(bench.db.pool, [stale], minute(10));
    const found = async (staleSince: Date | null): Promise<string[]> => {
      const waiting = await deliveriesToStart(bench.db.pool, { staleSince, limit: 500 });
      return waiting.filter((one) => one.endpointId === endpointId).map((one) => one.deliveryId);
    };

    expect(await found(null)).toEqual([fresh.deliveryId]);
    expect(await found(minute(50))).toEqual([fresh.deliveryId, stale.deliveryId]);
  });

  test('is noted as started in the round that was started only', async () => {
    const round = await pending();
    await attemptOf(giveUpNotice(bench.deps), [round]);
    await replayDelivery(bench.db.pool, MERCHANT, round.deliveryId);

    await markDeliveriesStarted(bench.db.pool, [round], minute(10));

    expect(await deliveriesToStart(bench.db.pool, { staleSince: null, limit: 500 })).toContainEqual({
      ...round,
      round: 2,
    });
  });

  test('was disabled meanwhile and is given up without a try', async () => {
    const round = await pending();
    await disableEndpoint(bench.db.pool, {
      ...{ id: endpointId, merchantId: MERCHANT, by: 'k1', now: minute(1), why: 'asked' },
    });

    expect(await post(round, answering(200))).toEqual({ how: 'result', result: 'disabled' });
    expect(await rowOf(round)).toMatchObject({ status: 'dead', deadWhy: 'disabled' });
  });
});
