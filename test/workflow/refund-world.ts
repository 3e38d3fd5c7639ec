/** Many refunds, each with a script of its own, in one namespace with one set of workers. */
import type { Client, WorkflowHandleWithFirstExecutionRunId, WorkflowStartOptions } from '@temporalio/client';
import type { Activities } from '../../activities/index.ts';
import { refundWorkflowId } from '../../domain/ids.ts';
import type { RefundProgress, RefundStart } from '../../workflows/refund-messages.ts';
import type { refund } from '../../workflows/refund.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { fakeActivities } from './fake-activities.ts';
import type { FakeActivities, Script } from './fake-activities.ts';
import type { HistoryEvent, RunningWorkers } from './temporal.ts';
import { connectServer, openNamespace, runWorkers, until } from './temporal.ts';

export interface RefundRun {
  readonly handle: WorkflowHandleWithFirstExecutionRunId<typeof refund>;
  readonly fake: FakeActivities;
  readonly refundNo: string;
  /** Where the workflow says it stands. */
  readonly progress: () => Promise<RefundProgress>;
  readonly untilStep: (step: RefundProgress['step']) => Promise<void>;
  /** Waits until an activity has begun so many times. */
  readonly untilCalled: (verb: keyof Script, times?: number) => Promise<void>;
  readonly events: () => Promise<readonly HistoryEvent[]>;
}

export interface RefundWorld {
  readonly client: Client;
  /** A refund's number and script, without a workflow yet. */
  prepare(script?: Script): { readonly refundNo: string; readonly fake: FakeActivities };
  /** Starts a refund's workflow. `arrange` comes first: what is held there is held from the first call on. */
  begin(script?: Script, arrange?: (fake: FakeActivities) => void): Promise<RefundRun>;
  /** Stops the workers and starts others, with nothing in their caches. */
  restartWorkers(): Promise<void>;
  stopWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** As the API starts a refund that it has committed. */
export function startOptions(refundNo: string): WorkflowStartOptions<typeof refund> {
  return startedWith({ merchantId: 'shop', refundNo, committedId: '1' });
}

/** As the scheduler starts a refund again, wherever it stands. */
function startAgainOptions(refundNo: string): WorkflowStartOptions<typeof refund> {
  return startedWith({ merchantId: 'shop', refundNo });
}

function startedWith(start: RefundStart): WorkflowStartOptions<typeof refund> {
  return {
    workflowId: refundWorkflowId(start.merchantId, start.refundNo),
    taskQueue: REFUND_QUEUE,
    args: [start],
  };
}

export async function refundWorld(): Promise<RefundWorld> {
  const server = await connectServer();
  const client = await openNamespace(server, 'refund');
  const { activities, scripts } = scriptedByNumber();
  let workers: RunningWorkers | null = await runWorkers(server, client, activities);
  let numbers = 0;
  const stopWorkers = async (): Promise<void> => {
    await workers?.stop();
    workers = null;
  };
  const prepare: RefundWorld['prepare'] = (script = {}) => {
    numbers += 1;
    const refundNo = `RF${String(numbers)}`;
    const fake = fakeActivities(script, refundNo);
    scripts.set(refundNo, fake);
    return { refundNo, fake };
  };
  return {
    client,
    prepare,
    stopWorkers,
    begin: async (script, arrange) => {
      const { refundNo, fake } = prepare(script);
      arrange?.(fake);
      // What recording finds is the script's only where the workflow records.
      const options = script?.recordRefund === undefined ? startOptions : startAgainOptions;
      const handle = await client.workflow.start<typeof refund>('refund', options(refundNo));
      return refundRun(handle, fake, refundNo);
    },
    restartWorkers: async () => {
      await stopWorkers();
      workers = await runWorkers(server, client, activities);
    },
    close: async () => {
      // Workers wait for their activities: what a failed test still holds must not hold them up as well.
      for (const fake of scripts.values()) fake.releaseAll();
      await stopWorkers();
      await server.close();
    },
  };
}

function refundRun(handle: RefundRun['handle'], fake: FakeActivities, refundNo: string): RefundRun {
  const progress = (): Promise<RefundProgress> => handle.query<RefundProgress>('progress');
  return {
    handle,
    fake,
    refundNo,
    progress,
    untilStep: (step) => until(async () => (await progress()).step === step),
    untilCalled: (verb, times = 1) => until(() => fake.calls.filter((call) => call === verb).length >= times),
    events: async () => (await handle.fetchHistory()).events ?? [],
  };
}

/** Activities that ask the script of the refund that they are called for. */
function scriptedByNumber(): { activities: Activities; scripts: Map<string, FakeActivities> } {
  const scripts = new Map<string, FakeActivities>();
  const of = (name: Pick<RefundStart, 'refundNo'>): Activities => {
    const fake = scripts.get(name.refundNo);
    if (fake === undefined) throw new Error(`no script for ${name.refundNo}`);
    return fake.activities;
  };
  return {
    scripts,
    activities: {
      ...fakeActivities().activities,
      recordRefund: (start) => of(start).recordRefund(start),
      confirmPayment: (ref) => of(ref).confirmPayment(ref),
      submitRefund: (ref) => of(ref).submitRefund(ref),
      awaitVerdict: (ref) => of(ref).awaitVerdict(ref),
      recordVerdict: (ref) => of(ref).recordVerdict(ref),
    },
  };
}
