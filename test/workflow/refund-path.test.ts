/**
 * The path of a refund on a real Temporal server, with scripted activities: which step follows which, and what cuts the
 * waiting short.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { refund } from '../../workflows/refund.ts';
import { keepHistory } from '../support/histories.ts';
import type { RefundRun, RefundWorld } from './refund-world.ts';
import { refundWorld, startOptions } from './refund-world.ts';
import { callOffsIn, completedIn, scheduledIn, signalsIn, until, workflowTasks } from './temporal.ts';

const COMMITTED_PATH = ['confirmPayment', 'submitRefund', 'awaitVerdict'];
const WHOLE_PATH = ['recordRefund', ...COMMITTED_PATH];

let world: RefundWorld;

beforeAll(async () => {
  world = await refundWorld();
});

afterAll(async () => {
  await world.close();
});

describe.concurrent('the path of a refund', () => {
  test('that the API has committed goes confirm, submit, await and ends with the state of the evidence', async () => {
    const { handle, fake } = await world.begin();

    const end = await handle.result();

    expect(end).toEqual({ step: 'ended', state: 'succeeded', reason: null });
    expect(fake.calls).toEqual(COMMITTED_PATH);
    await keepHistory(handle, 'refund/succeeded');
  });

  test('that nobody has committed begins with the recording', async () => {
    const { handle, fake, events } = await world.begin({ recordRefund: ['requested'] });

    expect(await handle.result()).toEqual({ step: 'ended', state: 'succeeded', reason: null });
    expect(fake.calls).toEqual(WHOLE_PATH);
    expect(workflowTasks(await events())).toBeLessThanOrEqual(5);
    await keepHistory(handle, 'refund/recorded');
  });

  test('P12: takes at most four workflow tasks, also when the channel is asked several times', async () => {
    const { handle, fake, events } = await world.begin({ awaitVerdict: ['not yet', 'not yet', 'succeeded'] });

    await handle.result();

    expect(fake.calls.filter((call) => call === 'awaitVerdict')).toHaveLength(3);
    const history = await events();
    expect(scheduledIn(history)).toEqual(COMMITTED_PATH);
    expect(workflowTasks(history)).toBeLessThanOrEqual(4);
    await keepHistory(handle, 'refund/polled-often');
  });

  test.each([
    ['closed', 'failed', 'refund/closed'],
    ['settled before anybody asked', 'settled', null],
    ['returned', 'returned', null],
  ] as const)('ends with a refund that is %s', async (_what, state, history) => {
    const { handle } = await world.begin({ awaitVerdict: [state] });

    expect(await handle.result()).toEqual({ step: 'ended', state, reason: null });
    if (history !== null) await keepHistory(handle, history);
  });

  test.each(['succeeded', 'settled', 'failed', 'returned'] as const)(
    'sends nothing for a refund that is known as %s when it is recorded',
    async (state) => {
      const { handle, fake } = await world.begin({ recordRefund: [state] });

      expect(await handle.result()).toMatchObject({ step: 'ended', state });
      expect(fake.calls).toEqual(['recordRefund']);
      if (state === 'settled') await keepHistory(handle, 'refund/known-before');
    },
  );

  test('F79: only asks about a refund that the channel has already, when its workflow begins anew', async () => {
    const { handle, fake } = await world.begin({ recordRefund: ['processing'] });

    await handle.result();

    expect(fake.calls).toEqual(['recordRefund', 'awaitVerdict']);
    await keepHistory(handle, 'refund/taken-before');
  });

  test('F79: takes up a refund whose outcome is unknown where it was: confirm, find out, await', async () => {
    const { handle, fake } = await world.begin({ recordRefund: ['unknown'], confirmPayment: ['unknown'] });

    await handle.result();

    expect(fake.calls).toEqual(WHOLE_PATH);
  });

  test('does not submit what the channel turns out to have, by the time its payment is confirmed', async () => {
    const { handle, fake } = await world.begin({ confirmPayment: ['processing'] });

    await handle.result();

    expect(fake.calls).toEqual(['confirmPayment', 'awaitVerdict']);
  });

  test('ends with a refusal by the channel', async () => {
    const { handle, fake } = await world.begin({ submitRefund: ['failed'] });

    expect(await handle.result()).toMatchObject({ step: 'ended', state: 'failed' });
    expect(fake.calls).toEqual(['confirmPayment', 'submitRefund']);
    await keepHistory(handle, 'refund/refused');
  });

  test('I7: tries again what is still unknown after a submission; nothing ends as failed over it', async () => {
    const { handle, fake } = await world.begin({ submitRefund: ['unknown', 'unknown', 'processing'] });

    expect(await handle.result()).toMatchObject({ state: 'succeeded' });
    expect(fake.calls.filter((call) => call === 'submitRefund')).toHaveLength(3);
  });

  test('F9: keeps asking about an abnormal refund, which may still succeed', async () => {
    const { handle } = await world.begin({
      awaitVerdict: ['not yet', 'not yet', 'succeeded'],
      submitRefund: ['needs_action/abnormal'],
    });

    expect(await handle.result()).toMatchObject({ state: 'succeeded' });
    await keepHistory(handle, 'refund/abnormal-then-succeeded');
  });

  test('follows the money to the bank where the channel tells of it, after its success', async () => {
    const { handle, fake, untilCalled, progress } = await world.begin({
      awaitVerdict: ['not yet'],
      recordVerdict: ['on its way to the bank', 'succeeded'],
    });
    await untilCalled('awaitVerdict');
    await handle.signal('channelReported', '31');
    await until(async () => (await progress()).bankLeg !== undefined);
    const meanwhile = await progress();

    await handle.signal('channelReported', '32');

    expect(meanwhile).toEqual({ step: 'awaiting', state: 'succeeded', reason: null, bankLeg: 'pending' });
    expect(await handle.result()).toEqual({ step: 'ended', state: 'succeeded', reason: null });
    expect(fake.calls.filter((call) => call === 'recordVerdict')).toHaveLength(2);
    await keepHistory(handle, 'refund/followed-to-the-bank');
  });
});

/** By a contradiction, until a line of a statement comes; that ends it. */
async function waitsForAPerson(run: RefundRun): Promise<void> {
  await run.untilStep('held');
  expect(await run.progress()).toMatchObject({ state: 'needs_action', reason: 'amount_mismatch' });
  await run.handle.signal('statementMatched', 'f00d:5');
  expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
}

describe.concurrent('news from outside', () => {
  test('P12 F29: ends the waiting within five workflow tasks, however often it comes', async () => {
    const { handle, untilCalled, events } = await world.begin({ awaitVerdict: ['not yet'] });
    await untilCalled('awaitVerdict');

    await handle.signal('channelReported', '17');
    const end = await handle.result();

    expect(end.state).toBe('succeeded');
    expect(workflowTasks(await events())).toBeLessThanOrEqual(5);
    await keepHistory(handle, 'refund/callback');
  });

  test('F30: that comes before anything else is not lost', async () => {
    const { refundNo, fake } = world.prepare({ awaitVerdict: ['not yet'] });

    const handle = await world.client.workflow.signalWithStart<typeof refund, [string]>('refund', {
      ...startOptions(refundNo),
      signal: 'channelReported',
      signalArgs: ['1'],
    });
    const end = await handle.result();

    expect(end.state).toBe('succeeded');
    expect(fake.calls).toEqual(['confirmPayment', 'submitRefund', 'recordVerdict']);
    await keepHistory(handle, 'refund/callback-first');
  });

  test('F30: that comes before the submission answered is not lost', async () => {
    const { handle, fake, untilCalled } = await world.begin({
      submitRefund: ['not yet', 'not yet', 'processing'],
      awaitVerdict: ['not yet'],
    });
    await untilCalled('submitRefund');

    await handle.signal('channelReported', '18');
    const end = await handle.result();

    expect(end.state).toBe('succeeded');
    expect(fake.calls).toContain('recordVerdict');
    await keepHistory(handle, 'refund/callback-before-answer');
  });

  test('during an order that is on the wire does not break it off: its answer is waited for', async () => {
    let answer = (): void => undefined;
    const run = await world.begin({ awaitVerdict: ['not yet'] }, (fake) => {
      answer = fake.hold('submitRefund');
    });
    await run.untilCalled('submitRefund');

    await run.handle.signal('channelReported', '19');
    await until(async () => signalsIn(await run.events()) === 1);
    const meanwhile = await run.progress();
    answer();

    expect(meanwhile.step).toBe('submitting');
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(run.fake.calls.filter((call) => call === 'submitRefund')).toHaveLength(1);
  });

  test('F32: that says nothing final is looked at, and the asking goes on', async () => {
    const run = await world.begin({ awaitVerdict: ['not yet'], recordVerdict: ['processing', 'succeeded'] });
    await run.untilCalled('awaitVerdict');
    await run.handle.signal('channelReported', '20');
    await run.untilCalled('awaitVerdict', 2);
    run.fake.set('awaitVerdict', ['succeeded']);
    run.fake.set('recordVerdict', ['succeeded']);

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(scheduledIn(await run.events()).filter((verb) => verb === 'awaitVerdict')).toHaveLength(1);
    await keepHistory(run.handle, 'refund/callback-then-polled');
  });

  test('F33: that contradicts what is known makes the refund wait for a person', async () => {
    const run = await world.begin({
      awaitVerdict: ['needs_action/amount_mismatch'],
    });

    await run.untilStep('held');
    const meanwhile = await run.progress();
    await run.handle.signal('statementMatched', 'f00d:3');

    expect(meanwhile).toMatchObject({ state: 'needs_action', reason: 'amount_mismatch' });
    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    await keepHistory(run.handle, 'refund/contradicted');
  });

  test('F33: that contradicts what is known while the channel is asked ends the asking: nothing polls while a person is waited for', async () => {
    const run = await world.begin({
      awaitVerdict: ['later'],
      recordVerdict: ['needs_action/amount_mismatch', 'succeeded'],
    });
    await run.untilCalled('awaitVerdict');

    await run.handle.signal('channelReported', '21');
    await run.untilStep('held');
    await run.handle.signal('statementMatched', 'f00d:4');

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(callOffsIn(await run.events())).toBe(1);
    await keepHistory(run.handle, 'refund/called-to-a-person');
  });

  test('about an abnormal refund has the channel asked at once: people may have redirected it', async () => {
    const run = await world.begin({
      submitRefund: ['needs_action/abnormal'],
      awaitVerdict: ['later', 'succeeded'],
      recordVerdict: ['needs_action/abnormal'],
    });
    await run.untilCalled('awaitVerdict');

    await run.handle.signal('channelReported', 'approval/1');

    expect(await run.handle.result()).toMatchObject({ state: 'succeeded' });
    expect(scheduledIn(await run.events()).filter((verb) => verb === 'awaitVerdict')).toHaveLength(2);
    await keepHistory(run.handle, 'refund/redirected');
  });

  test('F33 I17: that contradicts an answer which comes after it makes the refund wait for a person', async () => {
    let answer = (): void => undefined;
    const run = await world.begin(
      { awaitVerdict: ['succeeded'], recordVerdict: ['needs_action/amount_mismatch', 'succeeded'] },
      (fake) => {
        answer = fake.hold('awaitVerdict');
      },
    );
    await run.untilCalled('awaitVerdict');
    await run.handle.signal('channelReported', '23');
    await run.untilStep('held');
    answer();

    await waitsForAPerson(run);
  });

  test('F33 I17: whose verdict is drawn after an older answer, and told before it, has the last word', async () => {
    let [answer, verdict] = [(): void => undefined, (): void => undefined];
    const run = await world.begin(
      { awaitVerdict: ['succeeded'], recordVerdict: ['needs_action/amount_mismatch', 'succeeded'] },
      (fake) => {
        answer = fake.hold('awaitVerdict');
        verdict = fake.hold('recordVerdict');
      },
    );
    await run.untilCalled('awaitVerdict');
    await run.handle.signal('channelReported', '24');
    await run.untilCalled('recordVerdict');
    verdict();
    answer();

    await waitsForAPerson(run);
  });

  test('F30: that comes while the answer is on its way is looked at, whichever is first', async () => {
    let answer = (): void => undefined;
    let verdict = (): void => undefined;
    const run = await world.begin({}, (fake) => {
      answer = fake.hold('awaitVerdict');
      verdict = fake.hold('recordVerdict');
    });
    await run.untilCalled('awaitVerdict');
    await run.handle.signal('channelReported', '22');
    await run.untilCalled('recordVerdict');

    answer();
    await until(async () => completedIn(await run.events()) === 3);
    verdict();

    expect(await run.handle.result()).toEqual({ step: 'ended', state: 'succeeded', reason: null });
    expect(run.fake.calls).toEqual([...COMMITTED_PATH, 'recordVerdict']);
    await keepHistory(run.handle, 'refund/callback-beside-answer');
  });
});
