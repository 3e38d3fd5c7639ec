/** Alice asks, Bob approves: an act of two people in the books, the whole way that it goes over the API. */
import type { Act, Approval, ApprovalContent } from '../../domain/approval.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { carryOutAct, contentOfAct } from '../../store/acts/carry-out.ts';
import { askForApproval, decideApproval } from '../../store/approvals.ts';
import type { Pool } from '../../store/pool.ts';

export interface ActOfTwo {
  readonly act: Act;
  readonly refunds: readonly Pick<Refund, 'merchantId' | 'refundNo'>[];
  readonly told?: ApprovalContent;
  readonly at: Date;
}

export async function askedByAlice(pool: Pool, { act, refunds, told, at }: ActOfTwo): Promise<Approval> {
  const merchantId = refunds[0]?.merchantId ?? '';
  const subject = { of: 'refunds', refundNos: refunds.map(({ refundNo }) => refundNo) } as const;
  const about = { merchantId, act, subject };
  const content = await contentOfAct(pool, { ...about, told: told ?? {} });
  return askForApproval(pool, { ...about, content, askedBy: 'alice', reason: 'why', now: at });
}

/** The same for an act on breaks. */
export async function askedAboutBreaks(
  pool: Pool,
  o: {
    readonly merchantId: string;
    readonly act: Act;
    readonly breakIds: readonly string[];
    readonly told?: ApprovalContent;
    readonly at: Date;
  },
): Promise<Approval> {
  const about = {
    merchantId: o.merchantId,
    act: o.act,
    subject: { of: 'breaks', breakIds: o.breakIds },
  } as const;
  const content = await contentOfAct(pool, { ...about, told: o.told ?? {} });
  return askForApproval(pool, { ...about, content, askedBy: 'alice', reason: 'why', now: o.at });
}

export function approvedByBob(
  pool: Pool,
  { id, merchantId, fingerprint }: Approval,
  at: Date,
): Promise<Approval> {
  const decision = { id, merchantId, fingerprint, by: 'bob', reason: 'seen', now: at };
  return decideApproval(pool, { ...decision, verdict: 'approved' }, (tx, one) => carryOutAct(tx, one, at));
}

export async function doneByTwo(pool: Pool, of: ActOfTwo): Promise<Approval> {
  return approvedByBob(pool, await askedByAlice(pool, of), of.at);
}
