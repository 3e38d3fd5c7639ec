/**
 * Looks for refunds whose window has passed without evidence. The channel is asked before anybody is alarmed: what it
 * says is recorded first, and only what is still unproven then gets a flag. Flags never change a money state.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities, SweepResult } from '../activities/index.ts';
import { STATEMENT, SWEEP } from './activity-options.ts';
import { CHANNEL_QUEUE } from './task-queues.ts';

const { findDue, flagOverdue } = proxyActivities<Activities>(SWEEP);
const { askChannel } = proxyActivities<Activities>({ ...STATEMENT, taskQueue: CHANNEL_QUEUE });

/**
 * Pages of due refunds asked in one sweep (a hundred each). What lies beyond them waits for the sweeps after this one, for a
 * day at most (`UNASKED_AT_MOST_MS`), unless its own workflow has asked since it became due.
 */
const PAGES_MAX = 50;

export async function overdueSweep(slot: string): Promise<SweepResult> {
  let asked = 0;
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const due: Awaited<ReturnType<Activities['findDue']>> = await findDue({ slot, after });
    if (due.refunds.length > 0) asked += await askChannel(due.refunds);
    after = due.next;
    if (after === null) break;
  }
  const flags = await flagOverdue(slot);
  return { asked, ...flags };
}
