import type { ApprovalSubject } from '../../domain/approval.ts';
import { acceptedOf } from '../../domain/close/accepted.ts';
import type { Accepted, DayFacts } from '../../domain/close/checklist.ts';
import { checklistOf, obstacles } from '../../domain/close/checklist.ts';
import type { DayTree, LeafBatch } from '../../domain/close/leaves.ts';
import { AppError, invariant } from '../../domain/errors.ts';
import { ownAccount } from '../accounts.ts';
import { holdDayAlone, insertClosing, lastRecord, newestClosing } from '../close/closed-days.ts';
import type { AccountDay } from '../close/day-facts.ts';
import { dayFacts } from '../close/day-facts.ts';
import { dayLeaves } from '../close/day-leaves.ts';
import type { Db, Pool, Tx } from '../pool.ts';
import { inTransaction } from '../pool.ts';
import type { ActOfTwo, ApprovedBy } from './act.ts';

/** What is put under a signature. */
export interface DayToSign {
  readonly merchantId: string;
  readonly channel: string;
  readonly facts: DayFacts;
  readonly accepted: Accepted;
  readonly tree: DayTree;
  readonly closing: number;
  readonly closedAt: Date;
  readonly approvalId: string;
  readonly asked: Person;
  readonly approved: Person;
  /** The record of the account's closing before this one. */
  readonly previous: string | null;
}

interface Person {
  readonly by: string;
  readonly at: Date;
  readonly reason: string;
}

/** Hashing and signing, which the store does not do itself. */
export interface DaySealing {
  now(): Date;
  /** What the channel of an account makes of each day. @throws AppError `account_unknown` */
  expected(accountId: string): DayFacts['expected'];
  tree(leaves: AsyncIterable<LeafBatch>): Promise<DayTree>;
  /** The signed record, to the byte. */
  sign(day: DayToSign): string;
}

/** Obstacles that an error names; the checklist has them all. */
const OBSTACLES_NAMED_MAX = 20;

/**
 * Two people close a day. What is approved is the root of the day's tree: both see the same lines, matches and breaks, or it is
 * asked for again. The checklist is worked out anew under the day's lock.
 */
export function closeDay(sealing: DaySealing): ActOfTwo {
  return {
    look: (db, on, { lock }) =>
      atOneMoment(db, lock, async (tx) => {
        const day = dayOf(on.subject);
        const { channel } = await ownAccount(tx, on.merchantId, day.accountId);
        if (lock) await holdDayAlone(tx, day);
        const closing = await nextClosing(tx, day);
        const accepted = acceptedOf(on.content);
        const expected = sealing.expected(day.accountId);
        const facts = await dayFacts(tx, day, { expected, now: sealing.now() });
        assertClosable(facts, accepted);
        const fileIds = facts.statements.map(({ id }) => id);
        const tree = await sealing.tree(dayLeaves(tx, { ...day, fileIds, closing: null }));
        const { merchantId } = on;
        return {
          evidence: tree.root,
          // It was looked at before its leaves were.
          assertApplies: () => undefined,
          carryOut: (inside, by) =>
            close(inside, sealing, { merchantId, channel, facts, accepted, tree, closing }, by),
        };
      }),
  };
}

/** @throws AppError `day_closed` */
async function nextClosing(tx: Tx, day: AccountDay): Promise<number> {
  const before = await newestClosing(tx, day);
  if (before === null) return 1;
  if (before.reopened === null)
    throw new AppError('day_closed', { account_id: day.accountId, bill_date: day.billDate });
  return before.closing + 1;
}

/** @throws AppError `request_invalid`: the act is about something else */
export function dayOf(subject: ApprovalSubject): AccountDay {
  if (subject.of !== 'day') throw new AppError('request_invalid', { about: subject.of });
  return { accountId: subject.accountId, billDate: subject.billDate };
}

/** Where nothing is locked, all that is read is of one moment. */
function atOneMoment<T>(db: Db, lock: boolean, look: (tx: Tx) => Promise<T>): Promise<T> {
  if (lock) return look(db as Tx);
  return inTransaction(db as Pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return look(tx);
  });
}

/** @throws AppError `day_not_closable` saying what stands in the way */
function assertClosable(facts: DayFacts, accepted: Accepted): void {
  const checklist = checklistOf(facts, accepted);
  if (checklist.closable) return;
  const all = obstacles(checklist);
  const more = all.length - OBSTACLES_NAMED_MAX;
  const shown = [...all.slice(0, OBSTACLES_NAMED_MAX), ...(more > 0 ? [`and ${String(more)} more`] : [])];
  throw new AppError('day_not_closable', { sentence: shown.join('; ') });
}

async function close(
  tx: Tx,
  sealing: DaySealing,
  of: Pick<DayToSign, 'merchantId' | 'channel' | 'facts' | 'accepted' | 'tree' | 'closing'>,
  { approval, approvalId, now: closedAt }: ApprovedBy,
): Promise<void> {
  const { facts, tree, closing } = of;
  const { decision, askedBy, askedAt, reason } = approval;
  invariant(decision !== null, 'a day is closed by a decision');
  const { accountId, billDate } = facts;
  const record = sealing.sign({
    ...{ ...of, closedAt, approvalId },
    ...{ asked: { by: askedBy, at: askedAt, reason }, approved: decision },
    previous: await lastRecord(tx, accountId),
  });
  const { root, size: treeSize } = tree;
  const made = { accountId, billDate, closing, approvalId, closedAt, root, treeSize, record };
  await insertClosing(tx, made);
}
