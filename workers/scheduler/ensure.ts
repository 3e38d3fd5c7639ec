/**
 * The scheduler only ensures: each tick works out what should have been started by now and starts what was not. Ids
 * come from business dates and slots, so any number of replicas, missed ticks and restarts come to the same.
 */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Clock } from '../../domain/clock.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { statementWorkflowId, sweepWorkflowId } from '../../domain/ids.ts';
import { addDays, beijingDateOf, beijingInstant } from '../../domain/time/plain-date.ts';
import type { overdueSweep } from '../../workflows/overdue-sweep.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import type { ChannelRegistry } from '../channels.ts';

/** A re-issued statement is looked for this many days after its day, besides the first look. */
export const RECHECK_AFTER_DAYS = [3] as const;

/** Overdue refunds are looked for at the start of each hour. */
const SLOT_MS = 3_600_000;

/** How many starts are under way at once. */
const STARTS_IN_FLIGHT = 8;

export interface EnsureDeps {
  readonly client: Client;
  readonly channels: ChannelRegistry;
  readonly clock: Clock;
  readonly lookBackDays: number;
  /** What this process has seen started already; spares questions, never decides. */
  readonly seen: Set<string>;
}

interface StatementRun {
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly billDate: string;
  readonly recheck: number;
}

/** Every statement that should exist by now, for the last N days, including second looks. */
export function dueStatements(o: {
  readonly now: Date;
  readonly lookBackDays: number;
  readonly accounts: readonly { id: string; kinds: readonly StatementKind[]; readyAfterMs: number }[];
}): readonly StatementRun[] {
  const runs: StatementRun[] = [];
  const today = beijingDateOf(o.now);
  for (let back = o.lookBackDays; back >= 1; back -= 1) {
    const billDate = addDays(today, -back);
    for (const account of o.accounts) {
      const readyAt = beijingInstant(addDays(billDate, 1), '00:00:00').getTime() + account.readyAfterMs;
      if (readyAt > o.now.getTime()) continue;
      const rechecks = RECHECK_AFTER_DAYS.filter((days) => addDays(billDate, days + 1) <= today);
      for (const kind of account.kinds) {
        for (const recheck of [0, ...rechecks]) runs.push({ accountId: account.id, kind, billDate, recheck });
      }
    }
  }
  return runs;
}

/** The start of the slot in which `now` falls. */
export function sweepSlot(now: Date): string {
  return new Date(Math.floor(now.getTime() / SLOT_MS) * SLOT_MS).toISOString();
}

/** Starts every due statement run that was not started before. Returns how many starts were new. */
export async function ensureStatements(deps: EnsureDeps): Promise<number> {
  const accounts = deps.channels.accountIds.map((id) => {
    const { limits } = deps.channels.get(id);
    return { id, kinds: limits.statementKinds, readyAfterMs: limits.statementReadyAfterMs };
  });
  const due = dueStatements({ now: deps.clock.now(), lookBackDays: deps.lookBackDays, accounts });
  return countStarted(due, (run) => startStatement(deps, run));
}

async function startStatement(deps: EnsureDeps, run: StatementRun): Promise<boolean> {
  const base = statementWorkflowId(run.accountId, run.kind, run.billDate);
  const workflowId = run.recheck === 0 ? base : `${base}/recheck-${String(run.recheck)}`;
  return startOnce(deps, workflowId, () =>
    deps.client.workflow.start<typeof statementDay>('statementDay', { ...POLICY, workflowId, args: [run] }),
  );
}

/** Starts the sweep of the present slot. An older slot is not made up for: the newest sweep sees all that is due. */
export async function ensureOverdueSweep(deps: EnsureDeps): Promise<boolean> {
  const slot = sweepSlot(deps.clock.now());
  const workflowId = sweepWorkflowId('overdue', slot);
  return startOnce(deps, workflowId, () =>
    deps.client.workflow.start<typeof overdueSweep>('overdueSweep', { ...POLICY, workflowId, args: [slot] }),
  );
}

const POLICY = {
  taskQueue: REFUND_QUEUE,
  workflowIdReusePolicy: 'REJECT_DUPLICATE',
  workflowIdConflictPolicy: 'USE_EXISTING',
} as const;

async function startOnce(
  deps: EnsureDeps,
  workflowId: string,
  start: () => Promise<unknown>,
): Promise<boolean> {
  if (deps.seen.has(workflowId)) return false;
  try {
    await start();
    deps.seen.add(workflowId);
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    deps.seen.add(workflowId);
    return false;
  }
}

/** Runs a few starts at a time, in order. */
export async function countStarted<T>(
  items: readonly T[],
  start: (item: T) => Promise<boolean>,
): Promise<number> {
  const waiting = [...items];
  let started = 0;
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      if (await start(item)) started += 1;
    }
  };
  await Promise.all(Array.from({ length: STARTS_IN_FLIGHT }, lane));
  return started;
}
