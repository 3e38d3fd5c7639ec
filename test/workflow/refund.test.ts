/**
 * The refund's workflow on a real Temporal server, with scripted activities: which step follows which, what cuts the
 * waiting short, and how long the histories get.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { Client, Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refundWorkflowId } from '../../domain/ids.ts';
import type { refund } from '../../workflows/refund.ts';
import { NEEDS_REVIEW } from '../../workers/search-attributes.ts';
import { CHANNEL_QUEUE, REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { keepHistory } from '../support/histories.ts';
import { required } from '../support/required.ts';
import { fakeActivities } from './fake-activities.ts';
import type { FakeActivities, Script } from './fake-activities.ts';

let connection: Connection;
let native: NativeConnection;
let bundle: string;

beforeAll(async () => {
  const address = required('YUANLU_TEST_TEMPORAL_ADDRESS');
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  bundle = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');
});

afterAll(async () => {
  await connection.close();
  await native.close();
});

interface Run {
  readonly handle: WorkflowHandleWithFirstExecutionRunId<typeof refund>;
  readonly fake: FakeActivities;
}

/** Runs one refund in a namespace of its own, with workers on both of its queues. */
async function withRefund(script: Script, work: (run: Run) => Promise<void>): Promise<void> {
  const namespace = `refund-${randomUUID().slice(0, 8)}`;
  await makeNamespace(namespace);
  const fake = fakeActivities(script);
  const options = { connection: native, namespace, activities: fake.activities };
  const workers = await Promise.all([
    Worker.create({ ...options, taskQueue: REFUND_QUEUE, workflowBundle: { code: bundle } }),
    Worker.create({ ...options, taskQueue: CHANNEL_QUEUE }),
  ]);
  const runs = workers.map((worker) => worker.run());
  try {
    const client = new Client({ connection, namespace });
    const handle = await client.workflow.start<typeof refund>('refund', {
      workflowId: refundWorkflowId('shop', 'RF1'),
      taskQueue: REFUND_QUEUE,
      args: [{ merchantId: 'shop', refundNo: 'RF1' }],
    });
    await work({ handle, fake });
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  }
}

async function makeNamespace(namespace: string): Promise<void> {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as unknown as Long },
  });
  const searchAttributes = { Channel: 2, RefundState: 2, BusinessDate: 2, NeedsReview: 5 };
  await until(async () => {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  });
}
type Long = never;

async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  for (let round = 0; ; round += 1) {
    try {
      if (await check()) return;
    } catch (error) {
      if (round > 100) throw error;
    }
    if (round > 300) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function workflowTasks(handle: Run['handle']): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter(
    (event) =>
      event.workflowTaskCompletedEventAttributes !== null &&
      event.workflowTaskCompletedEventAttributes !== undefined,
  ).length;
}

describe('the path of a refund', () => {
  test('goes record, confirm, submit, await, verdict and ends with the state of the evidence', async () => {
    await withRefund({}, async ({ handle, fake }) => {
      const end = await handle.result();

      expect(end).toEqual({ step: 'ended', state: 'succeeded', reason: null });
      expect(fake.calls).toEqual([
        'recordRefund',
        'confirmPayment',
        'submitRefund',
        'awaitVerdict',
        'recordVerdict',
      ]);
      await keepHistory(handle, 'refund/succeeded');
    });
  });

  test('P12: takes at most six workflow tasks, whatever the number of polls', async () => {
    const polls = [...Array.from({ length: 6 }, () => 'not yet' as const), 'succeeded' as const];
    await withRefund({ awaitVerdict: polls }, async ({ handle, fake }) => {
      await handle.result();

      expect(fake.calls.filter((call) => call === 'awaitVerdict')).toHaveLength(7);
      expect(await workflowTasks(handle)).toBeLessThanOrEqual(6);
      await keepHistory(handle, 'refund/polled-often');
    });
  });

  test('P12: takes at most seven workflow tasks when a callback ends the waiting', async () => {
    await withRefund({ awaitVerdict: ['not yet'] }, async ({ handle, fake }) => {
      await until(() => fake.calls.includes('awaitVerdict'));
      await handle.signal('channelReported', '17');
      const end = await handle.result();

      expect(end.state).toBe('succeeded');
      expect(await workflowTasks(handle)).toBeLessThanOrEqual(7);
      await keepHistory(handle, 'refund/callback');
    });
  });

  test('F30: a callback that comes before the submission answered is not lost', async () => {
    await withRefund(
      { submitRefund: ['not yet', 'not yet', 'not yet', 'processing'], awaitVerdict: ['not yet'] },
      async ({ handle, fake }) => {
        await until(() => fake.calls.includes('submitRefund'));
        await handle.signal('channelReported', '18');
        const end = await handle.result();

        expect(end.state).toBe('succeeded');
        expect(fake.calls).toContain('recordVerdict');
        await keepHistory(handle, 'refund/callback-before-answer');
      },
    );
  });

  test('a refund that the channel closes ends as failed', async () => {
    await withRefund({ awaitVerdict: ['failed'], recordVerdict: ['failed'] }, async ({ handle }) => {
      expect(await handle.result()).toMatchObject({ step: 'ended', state: 'failed' });
      await keepHistory(handle, 'refund/closed');
    });
  });

  test('a refund that is known as final when it is recorded sends nothing', async () => {
    await withRefund({ recordRefund: ['settled'] }, async ({ handle, fake }) => {
      expect(await handle.result()).toMatchObject({ state: 'settled' });
      expect(fake.calls).toEqual(['recordRefund']);
      await keepHistory(handle, 'refund/known-before');
    });
  });
});

describe('a refund that needs a person', () => {
  test('F14: a payment that differs from the channel is not sent, and is tried again when a person asks', async () => {
    await withRefund(
      { confirmPayment: ['needs_action/payment_mismatch', 'requested'] },
      async ({ handle, fake }) => {
        await until(async () => (await handle.query<{ step: string }>('progress')).step === 'held');
        expect(fake.calls).not.toContain('submitRefund');

        await handle.executeUpdate('retrySubmission', {
          args: [{ operator: 'li.wei', why: 'order number corrected' }],
        });
        expect(await handle.result()).toMatchObject({ state: 'succeeded' });
        await keepHistory(handle, 'refund/payment-mismatch-mended');
      },
    );
  });

  test('a refund held by the channel waits visibly and is sent again under the same workflow', async () => {
    await withRefund(
      { submitRefund: ['needs_action/payer_account_closed', 'processing'] },
      async ({ handle, fake }) => {
        await until(async () => (await handle.query<{ step: string }>('progress')).step === 'held');
        const { typedSearchAttributes } = await handle.describe();
        expect(typedSearchAttributes.get(NEEDS_REVIEW)).toBe(true);

        fake.set('confirmPayment', ['needs_action/payer_account_closed']);
        fake.set('submitRefund', ['processing']);
        await handle.executeUpdate('retrySubmission', {
          args: [{ operator: 'li.wei', why: 'account open again' }],
        });
        expect(await handle.result()).toMatchObject({ state: 'succeeded' });
        await keepHistory(handle, 'refund/held-then-retried');
      },
    );
  });

  test('F27: a retry while an attempt is under way waits for its end, and goes on also when that end is "later"', async () => {
    const script: Script = { confirmPayment: ['unknown'], submitRefund: ['not yet', 'processing'] };
    await withRefund(script, async ({ handle, fake }) => {
      await until(() => fake.calls.includes('submitRefund'));
      const release = fake.hold('submitRefund');
      fake.set('submitRefund', ['not yet', 'processing']);
      const before = fake.calls.length;
      await until(() => fake.calls.length > before);

      await handle.executeUpdate('retrySubmission', {
        args: [{ operator: 'li.wei', why: 'account mended' }],
      });
      release();

      expect(await handle.result()).toMatchObject({ state: 'succeeded' });
      expect(fake.calls.filter((call) => call === 'confirmPayment')).toHaveLength(2);
      await keepHistory(handle, 'refund/retried-under-way');
    });
  });

  test('evidence from a statement moves a held refund on without a person', async () => {
    await withRefund(
      { submitRefund: ['needs_action/blocked'], recordVerdict: ['processing', 'succeeded'] },
      async ({ handle }) => {
        await until(async () => (await handle.query<{ step: string }>('progress')).step === 'held');

        await handle.signal('statementMatched', 'abc:7');
        expect(await handle.result()).toMatchObject({ state: 'succeeded' });
        await keepHistory(handle, 'refund/held-then-statement');
      },
    );
  });

  test('an abnormal refund keeps being asked about and may still succeed', async () => {
    await withRefund(
      { awaitVerdict: ['not yet', 'not yet', 'succeeded'], submitRefund: ['needs_action/abnormal'] },
      async ({ handle }) => {
        expect(await handle.result()).toMatchObject({ state: 'succeeded' });
        await keepHistory(handle, 'refund/abnormal-then-succeeded');
      },
    );
  });

  test('F27 I20: a retry without a name or a reason is refused before it enters the history', async () => {
    await withRefund({ submitRefund: ['needs_action/blocked'] }, async ({ handle, fake }) => {
      await until(async () => (await handle.query<{ step: string }>('progress')).step === 'held');

      const nameless = handle.executeUpdate('retrySubmission', { args: [{ operator: ' ', why: 'because' }] });
      await expect(nameless).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
      const { events } = await handle.fetchHistory();
      expect(events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
      expect(fake.calls.filter((call) => call === 'submitRefund')).toHaveLength(1);
      await handle.terminate('test is over');
    });
  });

  test('a retry is refused while the channel has the refund', async () => {
    await withRefund({ awaitVerdict: ['not yet'] }, async ({ handle, fake }) => {
      await until(() => fake.calls.includes('awaitVerdict'));
      const retry = handle.executeUpdate('retrySubmission', {
        args: [{ operator: 'li.wei', why: 'impatient' }],
      });
      await expect(retry).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
      await handle.terminate('test is over');
    });
  });

  test('cancelling the workflow from outside does not stop a refund that may have moved money', async () => {
    await withRefund({ awaitVerdict: ['not yet', 'not yet', 'succeeded'] }, async ({ handle, fake }) => {
      await until(() => fake.calls.includes('awaitVerdict'));
      await handle.cancel();
      expect(await handle.result()).toMatchObject({ state: 'succeeded' });
    });
  });
});
