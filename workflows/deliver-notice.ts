/**
 * One event on its way to one endpoint of a merchant.
 *
 *   post     signs and sends it until the endpoint takes it (the activity's own retries, for days)
 *   give up  what nobody took in that time is kept as dead: listed, and sent again when somebody asks
 *
 * Events know no order: each has a run of its own. Sending one again is the next round, under an id of its own.
 */
import { ActivityFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities, NoticeEnd, NoticeRef } from '../activities/index.ts';
import { DATABASE, NOTICE } from './activity-options.ts';
import { NOTICE_QUEUE } from './task-queues.ts';

const { postNotice } = proxyActivities<Activities>({ ...NOTICE, taskQueue: NOTICE_QUEUE });
const { giveUpNotice } = proxyActivities<Activities>(DATABASE);

export async function deliverNotice(notice: NoticeRef): Promise<NoticeEnd> {
  try {
    return await postNotice(notice);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return giveUpNotice(notice);
  }
}
