/** Refunds that wait for a person: visibly, without a deadline, and with retries that can never send twice. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEEDS_REVIEW, REFUND_STATE } from '../../workers/search-attributes.ts';
import type { RetryCommand } from '../../workflows/refund-messages.ts';
import { keepHistory } from '../support/histories.ts';
import type { RefundRun, RefundWorld } from './refund-world.ts';
import { refundWorld } from './refund-world.ts';
import { updatesIn } from './temporal.ts';

const COMMAND: RetryCommand = { operator: 'li.wei', why: 'account open again' };

let world: RefundWorld;

beforeAll(async () => {
  world = await refundWorld();
});

afterAll(async () => {
  await world.close();
});

function retry(run: RefundRun, command: RetryCommand = COMMAND): Promise<unknown> {
  return run.handle.executeUpdate('retrySubmission', { args: [command] });
}

function submissions(run: RefundRun): number {
  return run.fake.calls.filter((call) => call === 'submitRefund').length;
}

/** A refund that the channel does not take, waiting. */
async function heldRefund(): Promise<RefundRun> {
  const run = await world.begin({ submitRefund: ['needs_action/payer_account_closed', 'processing'] });
  await run.untilStep('held');
  run.fake.set('confirmPayment', ['needs_action/payer_account_closed']);
  run.fake.set('submitRefund', ['processing']);
  return run;
}

describe.concurrent('a refund that needs a person', () => {
  test('F14: because its payment differs is not sent, and is tried again when a person asks', async () => {
    const run = await world.begin({ confirmPayment: ['needs_action/payment_mismatch', 'requested'] });
    await run.untilStep('held');
    const sentBefore = submissions(run);

    await retry(run, { operator: 'li.wei', why: 'order number corrected' });

    expect(sentBefore).toBe(0);
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(1);
    await keepHistory(run.handle, 'refund/payment-mismatch-mended');
  });

  test('F14: whose payment still differs after a retry waits again, with nothing sent', async () => {
    const run = await world.begin({ confirmPayment: ['needs_action/payment_mismatch'] });
    await run.untilStep('held');

    await retry(run);
    await run.untilCalled('confirmPayment', 2);
    await run.untilStep('held');

    expect(submissions(run)).toBe(0);
    await run.handle.terminate('test is over');
  });

  test('can be found by its search attributes, and no more once it has ended', async () => {
    const run = await heldRefund();
    const { typedSearchAttributes: waiting } = await run.handle.describe();

    await retry(run);
    await run.handle.result();

    expect(waiting.get(NEEDS_REVIEW)).toBe(true);
    expect(waiting.get(REFUND_STATE)).toBe('needs_action');
    const { typedSearchAttributes: ended } = await run.handle.describe();
    expect(ended.get(NEEDS_REVIEW)).toBe(false);
    expect(ended.get(REFUND_STATE)).toBe('succeeded');
  });

  test('is sent again under the same workflow', async () => {
    const run = await heldRefund();

    await retry(run);

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(2);
    await keepHistory(run.handle, 'refund/held-then-retried');
  });

  test('F67: moves on by evidence from a statement, without a person', async () => {
    const run = await world.begin({
      submitRefund: ['needs_action/blocked'],
      recordVerdict: ['processing', 'succeeded'],
    });
    await run.untilStep('held');

    await run.handle.signal('statementMatched', 'abc:7');

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(1);
    await keepHistory(run.handle, 'refund/held-then-statement');
  });

  test('and hears news that changes nothing goes on waiting', async () => {
    const run = await heldRefund();
    run.fake.set('recordVerdict', ['needs_action/payer_account_closed', 'succeeded']);
    await run.handle.signal('channelReported', '1');
    await run.untilCalled('recordVerdict');
    await run.untilStep('held');

    await run.handle.signal('channelReported', '2');

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(1);
  });
});

describe.concurrent('F27 I20: a retry', () => {
  test.each([
    ['without a name', { operator: ' ', why: 'because' }],
    ['without a reason', { operator: 'li.wei', why: '\t\n' }],
    ['with nothing said at all', { operator: '', why: '' }],
  ])('%s is refused before it enters the history', async (_what, command) => {
    const run = await world.begin({ submitRefund: ['needs_action/blocked'] });
    await run.untilStep('held');

    await expect(retry(run, command)).rejects.toBeInstanceOf(WorkflowUpdateFailedError);

    expect(updatesIn(await run.events())).toBe(0);
    expect(submissions(run)).toBe(1);
    await run.handle.terminate('test is over');
  });

  test('is refused while the channel has the refund, in words that say so', async () => {
    const run = await world.begin({ awaitVerdict: ['not yet'] });
    await run.untilCalled('awaitVerdict');

    await expect(retry(run)).rejects.toMatchObject({
      cause: { message: 'nothing to retry: the refund is processing' },
    });
    await run.handle.terminate('test is over');
  });

  test('is refused while the payment is being confirmed: the retry before it is under way', async () => {
    const run = await heldRefund();
    const confirm = run.fake.hold('confirmPayment');
    await retry(run);
    await run.untilCalled('confirmPayment', 2);

    const second = retry(run, { operator: 'wang.fang', why: 'saw it, too' });

    await expect(second).rejects.toMatchObject({ cause: { message: 'another try is under way already' } });
    confirm();
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(2);
  });

  test('by two people at the same moment is one more submission', async () => {
    const run = await heldRefund();

    await Promise.allSettled([retry(run), retry(run, { operator: 'wang.fang', why: 'saw it, too' })]);

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(2);
  });

  test('ends the wait between two attempts: the channel is tried at once', async () => {
    const run = await world.begin({
      confirmPayment: ['needs_action/short_balance'],
      submitRefund: ['later'],
    });
    await run.untilCalled('submitRefund');
    run.fake.set('submitRefund', ['processing']);

    await retry(run, { operator: 'li.wei', why: 'topped up' });

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    await keepHistory(run.handle, 'refund/retried-between-attempts');
  });

  test('while an attempt is under way waits for its end, and goes on also when that end is "later"', async () => {
    const script = { confirmPayment: ['unknown'], submitRefund: ['not yet', 'processing'] } as const;
    let answer = (): void => undefined;
    const run = await world.begin(script, (fake) => {
      answer = fake.hold('submitRefund');
    });
    await run.untilCalled('submitRefund');

    await retry(run, { operator: 'li.wei', why: 'account mended' });
    answer();

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(run.fake.calls.filter((call) => call === 'confirmPayment')).toHaveLength(2);
    await keepHistory(run.handle, 'refund/retried-under-way');
  });

  test('while an attempt is under way that the channel then takes sends nothing more', async () => {
    let answer = (): void => undefined;
    const run = await world.begin({}, (fake) => {
      answer = fake.hold('submitRefund');
    });
    await run.untilCalled('submitRefund');

    await retry(run);
    answer();

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(submissions(run)).toBe(1);
  });

  test('that came when the attempt under way turned out to fail for good ends with that failure', async () => {
    let answer = (): void => undefined;
    const run = await world.begin({ submitRefund: ['failed'] }, (fake) => {
      answer = fake.hold('submitRefund');
    });
    await run.untilCalled('submitRefund');

    await retry(run);
    answer();

    expect(await run.handle.result()).toMatchObject({ state: 'failed' });
  });
});
