/** Acts on breaks: one, or several of which all are done or none. */
import { createHash } from 'node:crypto';
import type { Act } from '../../domain/approval.ts';
import { BULK_REFUNDS_MAX, breakIdsOf } from '../../domain/approval.ts';
import { AppError } from '../../domain/errors.ts';
import type { Break } from '../breaks.ts';
import { lockBreaks, readBreaks } from '../breaks.ts';
import { lockAccount } from '../match-lock.ts';
import type { Db, Tx } from '../pool.ts';
import type { ActOfTwo, ActOn, ApprovedBy } from './act.ts';

/** One break as an act finds it. */
export interface BreakSeen {
  /** What whoever approves has before them beside the break itself. */
  readonly evidence: string;
  /** Facts that say why the act cannot be done to it; null when it can. */
  readonly refused: Readonly<Record<string, string>> | null;
}

/** An act on breaks, each by itself. */
export interface BreakAct {
  readonly act: Act;
  /** Whether one request may be about several breaks. */
  readonly bulk: boolean;
  look(db: Db, one: Break, on: ActOn): Promise<BreakSeen>;
  carryOut(tx: Tx, one: Break, by: ApprovedBy): Promise<void>;
}

export function onBreaks(act: BreakAct): ActOfTwo {
  return {
    look: async (db, on, { lock }) => {
      const ids = breakIdsOf(on.subject);
      if (ids.length < 1 || ids.length > (act.bulk ? BULK_REFUNDS_MAX : 1))
        throw new AppError('request_invalid', { break_nos: ids.length });
      const breaks = lock
        ? await lockBreaksInOrder(db, on.merchantId, ids)
        : await readBreaks(db, on.merchantId, ids);
      const seen: (readonly [Break, BreakSeen])[] = [];
      for (const one of breaks) seen.push([one, await act.look(db, one, on)]);
      return {
        evidence: breaksSeen(seen),
        assertApplies: () => {
          for (const [one, { refused }] of seen) if (refused !== null) throw notApplicable(act, one, refused);
        },
        carryOut: async (tx, by) => {
          for (const one of breaks) await act.carryOut(tx, one, by);
        },
      };
    },
  };
}

/** Accounts before breaks, as matching takes them: what it judges does not change meanwhile. */
export async function lockBreaksInOrder(
  db: Db,
  merchantId: string,
  ids: readonly string[],
): Promise<readonly Break[]> {
  const accounts = new Set((await readBreaks(db, merchantId, ids)).map(({ accountId }) => accountId));
  for (const account of [...accounts].toSorted()) await lockAccount(db, account);
  return lockBreaks(db, merchantId, ids);
}

/** Comments and names leave it as it is: they change nothing of what is decided. */
export function breaksSeen(seen: readonly (readonly [Break, BreakSeen])[]): string {
  const facts = seen.map(([one, { evidence }]) => [
    ...[one.id, one.kind, one.status, one.closedReason, one.refundId],
    ...[one.amountMinor?.toString(), one.expectedMinor?.toString(), one.detail, evidence],
  ]);
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function notApplicable(act: BreakAct, one: Break, why: Readonly<Record<string, string>>): AppError {
  const { id, kind, status } = one;
  return new AppError('approval_not_applicable', { break_no: id, act: act.act, kind, status, ...why });
}
