/** F75 F26: the worker is stopped and another one started in the middle of a refund; nothing that was done is done again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefundWorld } from './refund-world.ts';
import { refundWorld, startOptions } from './refund-world.ts';
import { scheduledIn } from './temporal.ts';

let world: RefundWorld;

beforeAll(async () => {
  world = await refundWorld();
});

afterAll(async () => {
  await world.close();
});

describe('a worker that is replaced', () => {
  test('while the channel decides: the next one goes on asking, and nothing is submitted again', async () => {
    const run = await world.begin({ awaitVerdict: ['not yet'] });
    await run.untilCalled('awaitVerdict');

    await world.restartWorkers();
    run.fake.set('awaitVerdict', ['succeeded']);

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(run.fake.calls.filter((call) => call === 'submitRefund')).toHaveLength(1);
    expect(run.fake.calls.filter((call) => call === 'confirmPayment')).toHaveLength(1);
  });

  test('while a refund waits for a person: it still waits, says so, and can be retried', async () => {
    const run = await world.begin({ submitRefund: ['needs_action/blocked', 'processing'] });
    await run.untilStep('held');

    await world.restartWorkers();

    expect(await run.progress()).toMatchObject({ step: 'held', state: 'needs_action', reason: 'blocked' });
    run.fake.set('submitRefund', ['processing']);
    await run.handle.executeUpdate('retrySubmission', { args: [{ operator: 'li.wei', why: 'unblocked' }] });
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
  });

  test('between two attempts of a submission: the attempts go on, in the same activity', async () => {
    const run = await world.begin({ submitRefund: ['not yet'] });
    await run.untilCalled('submitRefund');

    await world.restartWorkers();
    run.fake.set('submitRefund', ['processing']);

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    const submissions = scheduledIn(await run.events()).filter((name) => name === 'submitRefund');
    expect(submissions).toHaveLength(1);
  });
});

describe('F78: while no worker is there', () => {
  test('a refund can be started and told news, and both are acted upon when one is back', async () => {
    const { refundNo, fake } = world.prepare({ awaitVerdict: ['not yet'] });
    await world.stopWorkers();
    const handle = await world.client.workflow.start('refund', startOptions(refundNo));
    await handle.signal('channelReported', '4');
    const callsMeanwhile = fake.calls.length;

    await world.restartWorkers();

    expect(callsMeanwhile).toBe(0);
    expect(await handle.result()).toMatchObject({ step: 'ended', state: 'succeeded' });
  });
});
