/**
 * The scheduler only ensures: each look works out what should have been started by now and starts what was not. Ids come
 * from business dates and slots, so any number of replicas, missed ticks and restarts come to the same.
 */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Clock } from '../../domain/clock.ts';
import { statementWorkflowId, sweepWorkflowId } from '../../domain/ids.ts';
import { lookedAfterSince } from '../../store/accounts.ts';
import type { Pool } from '../../store/pool.ts';
import type { overdueSweep } from '../../workflows/overdue-sweep.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import type { ChannelRegistry } from '../channels.ts';
import { within } from '../refund-engine.ts';
import type { DueQuestion, StatementRun } from './due.ts';
import { dueStatements, sweepSlot } from './due.ts';
import { startEach } from './start-each.ts';

/** Ids that one process remembers at most; forgetting all costs one question for each that is still due. */
const SEEN_MAX = 10_000;

export interface EnsureDeps {
  readonly client: Client;
  readonly pool: Pool;
  readonly channels: Pick<ChannelRegistry, 'accountIds' | 'get'>;
  readonly clock: Clock;
  readonly lookBackDays: number;
  /** What this process has seen started already; spares questions, never decides. */
  readonly seen: Set<string>;
  /** Hears of what could not be started while the rest went on. */
  readonly failed: (what: string, error: unknown) => void;
}

/**
 * Starts every due statement run that was not started before. Returns how many starts were new.
 * @throws AppError `temporal_unavailable`, `database_unavailable`
 */
export async function ensureStatements(deps: EnsureDeps): Promise<number> {
  const { clock, lookBackDays, pool } = deps;
  const accounts = accountsOf(deps);
  const ids = accounts.map(({ id }) => id);
  const since = await lookedAfterSince(pool, ids);
  const due = dueStatements({
    now: clock.now(),
    lookBackDays,
    accounts: accounts.map((one) => ({ ...one, since: since.get(one.id) })),
  });
  return startEach(due, {
    start: (run) => startStatement(deps, run),
    failed: (run, error) => {
      deps.failed(statementRunId(run), error);
    },
  });
}

/** An account that cannot be had keeps nobody else from being looked after. */
export function accountsOf({
  channels,
  failed,
}: Pick<EnsureDeps, 'channels' | 'failed'>): DueQuestion['accounts'] {
  return channels.accountIds.flatMap((id) => {
    try {
      const { limits } = channels.get(id);
      return [{ id, kinds: limits.statementKinds, readyAfterMs: limits.statementReadyAfterMs }];
    } catch (error) {
      failed(`account ${id}`, error);
      return [];
    }
  });
}

function statementRunId(run: StatementRun): string {
  const base = statementWorkflowId(run.accountId, run.kind, run.billDate);
  return run.recheck === 0 ? base : `${base}/recheck-${String(run.recheck)}`;
}

async function startStatement(deps: EnsureDeps, run: StatementRun): Promise<boolean> {
  const workflowId = statementRunId(run);
  return startOnce(deps, workflowId, () =>
    deps.client.workflow.start<typeof statementDay>('statementDay', { ...POLICY, workflowId, args: [run] }),
  );
}

/**
 * Starts the sweep of the present slot. An older slot is not made up for: the newest sweep sees all that is due.
 * @throws AppError `temporal_unavailable`
 */
export async function ensureOverdueSweep(deps: EnsureDeps): Promise<boolean> {
  const slot = sweepSlot(deps.clock.now());
  const workflowId = sweepWorkflowId('overdue', slot);
  return startOnce(deps, workflowId, () =>
    deps.client.workflow.start<typeof overdueSweep>('overdueSweep', { ...POLICY, workflowId, args: [slot] }),
  );
}

/** Whoever comes second hears that the run is there, whether it still goes on or has ended. */
const POLICY = {
  taskQueue: REFUND_QUEUE,
  workflowIdReusePolicy: 'REJECT_DUPLICATE',
  workflowIdConflictPolicy: 'FAIL',
} as const;

async function startOnce(
  { client, seen }: EnsureDeps,
  workflowId: string,
  start: () => Promise<unknown>,
): Promise<boolean> {
  if (seen.has(workflowId)) return false;
  if (seen.size >= SEEN_MAX) seen.clear();
  const isNew = await within(client, start).then(
    () => true,
    (error: unknown) => {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    },
  );
  seen.add(workflowId);
  return isNew;
}
