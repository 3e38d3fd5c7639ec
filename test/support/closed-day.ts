/** Alice asks, Bob approves: a day closed and reopened in the books, and its leaves as they were closed. */
import { daySealing } from '../../api/day-sealing.ts';
import type { Channel } from '../../channels/channel.ts';
import { statementIdsOf } from '../../closing/record.ts';
import type { Act, Approval, ApprovalContent } from '../../domain/approval.ts';
import { toldOfAccepted } from '../../domain/close/accepted.ts';
import { NOTHING_ACCEPTED } from '../../domain/close/checklist.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';
import type { DaySealing } from '../../store/acts/close-day.ts';
import { carryOutAct, contentOfAct } from '../../store/acts/carry-out.ts';
import { askForApproval, decideApproval } from '../../store/approvals.ts';
import type { Closing } from '../../store/close/closed-days.ts';
import { newestClosing } from '../../store/close/closed-days.ts';
import { dayLeaves } from '../../store/close/day-leaves.ts';
import type { Pool } from '../../store/pool.ts';
import { inTransaction } from '../../store/pool.ts';

export const DAY_KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');

const HOUR_MS = 3_600_000;

export interface Day {
  readonly merchantId: string;
  readonly accountId: string;
  readonly billDate: string;
}

/** What the channel makes, ten hours after midnight: a trade statement, unless a test says otherwise. */
function sealingAt(now: Date, statementKinds: readonly StatementKind[] = ['trade']): DaySealing {
  const limits = { statementKinds, statementReadyAfterMs: 10 * HOUR_MS };
  const sealing = daySealing({
    channels: { get: () => ({ limits }) as unknown as Channel },
    clock: { now: () => now, wallNow: () => now, toWallMs: (ms) => ms },
    receipts: { keys: DAY_KEYS },
  });
  if (sealing === null) throw new Error('no keys');
  return sealing;
}

export async function askedAboutDay(
  pool: Pool,
  act: Extract<Act, 'close_day' | 'reopen_day'>,
  { merchantId, accountId, billDate }: Day,
  o: {
    readonly now: Date;
    readonly breaks?: readonly string[];
    readonly told?: ApprovalContent;
    readonly kinds?: readonly StatementKind[];
  },
): Promise<Approval> {
  const subject = { of: 'day', accountId, billDate } as const;
  const breaks = new Map((o.breaks ?? []).map((id) => [id, 'seen by both']));
  const told = o.told ?? toldOfAccepted({ ...NOTHING_ACCEPTED, breaks });
  const content = await contentOfAct(pool, { merchantId, act, subject, told }, sealingAt(o.now, o.kinds));
  return askForApproval(pool, {
    ...{ merchantId, act, subject, content, askedBy: 'alice', reason: 'all agrees', now: o.now },
  });
}

export function approvedDay(
  pool: Pool,
  { id, merchantId, fingerprint }: Approval,
  now: Date,
): Promise<Approval> {
  const decision = { id, merchantId, fingerprint, by: 'bob', reason: 'seen', now };
  return decideApproval(pool, { ...decision, verdict: 'approved' }, (tx, approval) =>
    carryOutAct(tx, approval, now, sealingAt(now)),
  );
}

/** @returns the closing as it is now */
export async function closedByTwo(
  pool: Pool,
  day: Day,
  o: { readonly now: Date; readonly breaks?: readonly string[] },
): Promise<Closing> {
  await approvedDay(pool, await askedAboutDay(pool, 'close_day', day, o), o.now);
  return closingOfDay(pool, day);
}

export async function reopenedByTwo(pool: Pool, day: Day, now: Date): Promise<void> {
  await approvedDay(pool, await askedAboutDay(pool, 'reopen_day', day, { now, told: {} }), now);
}

export async function closingOfDay(pool: Pool, day: Day): Promise<Closing> {
  const closing = await newestClosing(pool, day);
  if (closing === null) throw new Error(`${day.billDate} is not closed`);
  return closing;
}

/** The leaves of a closing, as the books give them now. */
export function leavesAsClosed(pool: Pool, closing: Closing): Promise<string[]> {
  return inTransaction(pool, async (tx) => {
    const found: string[] = [];
    const of = { ...closing, fileIds: statementIdsOf(closing.record), closing };
    for await (const { leaves } of dayLeaves(tx, of)) found.push(...leaves.map(({ leaf }) => leaf));
    return found;
  });
}
