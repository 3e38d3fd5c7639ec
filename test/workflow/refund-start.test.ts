/** Starting a refund, whoever does it and however often; faults that end it and faults that do not; being called off. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../domain/errors.ts';
import { refundEngine } from '../../workers/refund-engine.ts';
import { CHANNEL, NEEDS_REVIEW, REFUND_STATE } from '../../workers/search-attributes.ts';
import type { refund } from '../../workflows/refund.ts';
import { systemClock } from '../../workers/clock.ts';
import { keepHistory } from '../support/histories.ts';
import type { FakeActivities, Script } from './fake-activities.ts';
import type { RefundRun, RefundWorld } from './refund-world.ts';
import { refundWorld, startOptions } from './refund-world.ts';
import { until } from './temporal.ts';

const COMMITTED_PATH = ['confirmPayment', 'submitRefund', 'awaitVerdict'];
const WHOLE_PATH = ['recordRefund', ...COMMITTED_PATH];

let world: RefundWorld;

beforeAll(async () => {
  world = await refundWorld();
});

afterAll(async () => {
  await world.close();
});

function engine() {
  return refundEngine(world.client, systemClock());
}

/** A refund of which the channel reports before it is asked again. */
async function heard(script: Script, arrange?: (fake: FakeActivities) => void): Promise<RefundRun> {
  const run = await world.begin({ ...script, awaitVerdict: ['later'] }, arrange);
  await run.untilCalled('awaitVerdict');
  await run.handle.signal('channelReported', '3');
  return run;
}

function handleOf(refundNo: string) {
  return world.client.workflow.getHandle<typeof refund>(startOptions(refundNo).workflowId);
}

describe.concurrent('F81 I16: a refund that is started more than once', () => {
  test('at the same moment, by twenty callers, is one run', async () => {
    const { refundNo, fake } = world.prepare();
    const name = { merchantId: 'shop', refundNo, channel: 'wechat' } as const;

    await Promise.all(Array.from({ length: 20 }, () => engine().start(name)));
    await handleOf(refundNo).result();

    expect(fake.calls).toEqual(WHOLE_PATH);
  });

  test('by the API, which has committed it, is not recorded once more', async () => {
    const { refundNo, fake } = world.prepare();

    await engine().start({ merchantId: 'shop', refundNo, channel: 'wechat', committedId: '1' });

    expect(await handleOf(refundNo).result()).toMatchObject({ state: 'succeeded' });
    expect(fake.calls).toEqual(COMMITTED_PATH);
  });

  test('while it runs is the run that there is', async () => {
    const { refundNo, fake } = world.prepare({ awaitVerdict: ['not yet'] });
    const name = { merchantId: 'shop', refundNo, channel: 'wechat' } as const;
    await engine().start(name);
    await until(() => fake.calls.includes('awaitVerdict'));
    const before = await handleOf(refundNo).describe();

    await engine().start(name);

    expect((await handleOf(refundNo).describe()).runId).toBe(before.runId);
    await engine().channelReported(name, '1');
    expect(await handleOf(refundNo).result()).toMatchObject({ state: 'succeeded' });
    expect(fake.calls.filter((call) => call === 'recordRefund')).toHaveLength(1);
  });

  test('after it has ended does nothing, and news for it is no error', async () => {
    const { refundNo, fake } = world.prepare();
    const name = { merchantId: 'shop', refundNo, channel: 'wechat' } as const;
    await engine().start(name);
    await handleOf(refundNo).result();

    await engine().start(name);
    await engine().channelReported(name, '2');
    await engine().statementMatched(name, 'f00d:1');

    expect(fake.calls).toEqual(WHOLE_PATH);
  });

  test('after it has ended is refused to a client that starts it by hand with the same policy', async () => {
    const run = await world.begin();
    await run.handle.result();

    const again = world.client.workflow.start<typeof refund>('refund', {
      ...startOptions(run.refundNo),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });

    await expect(again).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
  });

  test('can be found by what it is, from the start', async () => {
    const { refundNo, fake } = world.prepare({ awaitVerdict: ['not yet'] });
    await engine().start({ merchantId: 'shop', refundNo, channel: 'wechat' } as const);
    await until(() => fake.calls.includes('awaitVerdict'));

    const { typedSearchAttributes } = await handleOf(refundNo).describe();

    expect(typedSearchAttributes.get(CHANNEL)).toBe('wechat');
    expect(typedSearchAttributes.get(REFUND_STATE)).toBe('requested');
    expect(typedSearchAttributes.get(NEEDS_REVIEW)).toBe(false);
    await handleOf(refundNo).terminate('test is over');
  });
});

describe.concurrent('a refund that cannot be recorded', () => {
  test.each<ErrorCode>([
    'refund_conflict',
    'refund_exceeds_payment',
    'payment_unknown',
    'account_unknown',
    'currency_mismatch',
    'refund_too_late',
    'refund_parts_exhausted',
    'refund_unknown',
  ])('because of %s ends with that code, and nothing is sent', async (code) => {
    // As the activities give it: retryable by itself, so that it is the workflow that knows better.
    const run = await world.begin({ recordRefund: [`fault/${code}`] });

    await expect(run.handle.result()).rejects.toMatchObject({ cause: { cause: { type: code } } });
    expect(run.fake.calls).toEqual(['recordRefund']);
    if (code === 'refund_conflict') await keepHistory(run.handle, 'refund/conflict');
  });
});

describe.concurrent('I3 I17: a fault that passes, or that somebody mends, ends no refund', () => {
  test.each<[keyof Script, ErrorCode, string]>([
    ['recordRefund', 'database_unavailable', 'requested'],
    ['confirmPayment', 'channel_config', 'requested'],
    ['confirmPayment', 'account_unknown', 'requested'],
    ['submitRefund', 'channel_unreachable', 'processing'],
    ['submitRefund', 'channel_config', 'processing'],
    ['awaitVerdict', 'channel_config', 'succeeded'],
  ])('%s goes on after %s', async (verb, code, then) => {
    const run = await world.begin({ [verb]: [`fault/${code}`, then] });

    expect(await run.handle.result()).toMatchObject({ step: 'ended', state: 'succeeded' });
    expect(run.fake.calls.filter((call) => call === verb)).toHaveLength(2);
  });

  test('recordVerdict goes on after database_unavailable', async () => {
    const run = await heard({ recordVerdict: ['fault/database_unavailable', 'succeeded'] });

    expect(await run.handle.result()).toMatchObject({ step: 'ended', state: 'succeeded' });
    expect(run.fake.calls.filter((call) => call === 'recordVerdict')).toHaveLength(2);
  });
});

describe.concurrent('I1: a refund that is called off from outside', () => {
  /** Calls it off where it stands, and makes sure that it was told before it goes on. */
  async function callOff(run: RefundRun): Promise<void> {
    await run.handle.cancel();
    await until(
      async () =>
        (await run.handle.fetchHistory()).events?.some(
          (event) =>
            event.workflowExecutionCancelRequestedEventAttributes !== null &&
            event.workflowExecutionCancelRequestedEventAttributes !== undefined,
        ) === true,
    );
  }

  test.each(['recordRefund', 'confirmPayment', 'submitRefund', 'awaitVerdict'] as const)(
    'while %s is under way goes on to its end: money may have moved',
    async (verb) => {
      let release = (): void => undefined;
      const run = await world.begin({ recordRefund: ['requested'] }, (fake) => {
        release = fake.hold(verb);
      });
      await run.untilCalled(verb);

      await callOff(run);
      release();

      expect(await run.handle.result()).toMatchObject({ step: 'ended', state: 'succeeded' });
      expect(run.fake.calls).toEqual(WHOLE_PATH);
    },
  );

  test('while recordVerdict is under way goes on to its end: money may have moved', async () => {
    let release = (): void => undefined;
    const run = await heard({}, (fake) => {
      release = fake.hold('recordVerdict');
    });
    await run.untilCalled('recordVerdict');

    await callOff(run);
    release();

    expect(await run.handle.result()).toMatchObject({ step: 'ended', state: 'succeeded' });
    expect(run.fake.calls).toContain('recordVerdict');
  });

  test('while it waits for a person goes on waiting', async () => {
    const run = await world.begin({ submitRefund: ['needs_action/blocked'] });
    await run.untilStep('held');

    await callOff(run);

    expect((await run.progress()).step).toBe('held');
    await run.handle.signal('statementMatched', 'f00d:7');
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    await keepHistory(run.handle, 'refund/called-off');
  });
});
